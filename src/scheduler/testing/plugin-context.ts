import { featureGates } from '../../api/feature-gates.ts'
import { silentLogger } from '../../base/logger.ts'
import { PrometheusMetrics } from '../../base/prometheus.ts'
import { createClient } from '../../client/create-client.ts'
import { FakeApi } from '../../client/testing/fake-api.ts'
import { testHost } from '../../client/testing/test-host.ts'
import type { PluginContext } from '../framework.ts'
import { NodeTable } from '../node-table.ts'
import { FixedInformers } from './fixed-informers.ts'

export interface PluginContextParts {
  readonly table?: NodeTable
  readonly informers?: FixedInformers
  readonly gates?: Readonly<Record<string, boolean>>
}

/** What a plugin is made with, for a test that has only some of it. */
export function pluginContext({ table, informers, gates = {} }: PluginContextParts = {}): PluginContext {
  const host = testHost()
  return {
    client: createClient(new FakeApi(host), { fieldManager: 'test' }),
    informers: informers ?? new FixedInformers(),
    features: featureGates(new Map(Object.entries(gates))),
    nodes: table ?? new NodeTable(),
    host,
    logger: silentLogger,
    nominated: { on: () => [] },
    waiting: { get: () => undefined, list: () => [], preempt: () => false },
    extenders: [],
    metrics: new PrometheusMetrics(),
    report: () => {},
    denominate: () => {},
    schedulerName: 'default-scheduler',
    activate: () => {},
    requeue: () => {},
  }
}
