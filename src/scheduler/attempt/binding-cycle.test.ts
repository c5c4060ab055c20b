import { expect, test } from 'vitest'
import { Node } from '../../api/core/node/kind.ts'
import { Pod } from '../../api/core/pod/kind.ts'
import { featureGates } from '../../api/feature-gates.ts'
import { silentLogger } from '../../base/logger.ts'
import { PrometheusMetrics } from '../../base/prometheus.ts'
import { createClient } from '../../client/create-client.ts'
import { createInformerFactory } from '../../client/informer-factory.ts'
import { FakeApi } from '../../client/testing/fake-api.ts'
import { testHost } from '../../client/testing/test-host.ts'
import { type CustomPlugin, schedulingOf } from '../config/scheduling-of.ts'
import type { Plugin } from '../framework.ts'
import { Scheduler } from '../scheduler.ts'

const plugin = (name: string, points: Omit<Plugin, 'name'>): CustomPlugin => ({
  name,
  make: () => ({ name, ...points }),
})

/** One pod and one node, with these plugins before the binding; `settle` lets 100 ms pass. */
async function world(plugins: readonly CustomPlugin[], gates: Readonly<Record<string, boolean>> = {}) {
  const host = testHost()
  const client = createClient(new FakeApi(host))
  const informers = createInformerFactory({ client, host, logger: silentLogger })
  const features = featureGates(new Map(Object.entries(gates)))
  let bound = false
  const binds = plugin('Binds', {
    bind: async () => {
      bound = true
      return true
    },
  })
  const configuration = {
    profiles: [
      {
        plugins: {
          multiPoint: { enabled: [...plugins, binds].map(({ name }) => ({ name })) },
          bind: { disabled: [{ name: 'DefaultBinder' }] },
        },
      },
    ],
  }
  const scheduler = new Scheduler({
    ...schedulingOf({ configuration, plugins: [...plugins, binds] }, features),
    ...{ client, features, host, informers, logger: silentLogger },
    events: { report: () => {} },
    metrics: new PrometheusMetrics(),
  })
  const status = { allocatable: { cpu: '4', pods: '10' } }
  await client.resource(Node).create({ apiVersion: 'v1', kind: 'Node', metadata: { name: 'n1' }, status })
  const spec = { schedulerName: 'default-scheduler', containers: [{ name: 'c' }] }
  const metadata = { namespace: 'd', name: 'p', uid: 'p' }
  await client.resource(Pod).create({ apiVersion: 'v1', kind: 'Pod', metadata, spec })
  const starting = scheduler.start()
  await host.advance(100)
  await starting
  await host.advance(100)
  const stop = async (): Promise<void> => {
    scheduler.stop()
    const stopping = informers.stop()
    await host.advance(1_000)
    await stopping
  }
  const nominated = async () => (await client.resource(Pod).get('d', 'p')).status?.nominatedNodeName
  return { isBound: () => bound, nominated, stop }
}

/** Plugins whose PreBinds end when both have begun. */
function eachOther(points: Omit<Plugin, 'name'>): readonly CustomPlugin[] {
  const [one, other] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  const meets = (mine: typeof one, theirs: typeof one) => () => {
    mine.resolve()
    return theirs.promise
  }
  return [
    plugin('One', { ...points, preBind: meets(one, other) }),
    plugin('Other', { ...points, preBind: meets(other, one) }),
  ]
}

test('PreBind runs one plugin after another, or side by side where both say so', async () => {
  const inTurn = await world(eachOther({}))
  expect(inTurn.isBound()).toBe(false)
  await inTurn.stop()
  const beside = await world(eachOther({ preBindsBeside: true }))
  expect(beside.isBound()).toBe(true)
  await beside.stop()
})

test('the first of them to fail stops the others, and no pod is bound', async () => {
  let reason: unknown
  const fails = plugin('Fails', {
    preBindsBeside: true,
    preBind: () => Promise.reject(new Error('no claim')),
  })
  const waits = plugin('Waits', {
    preBindsBeside: true,
    preBind: (_pod, _node, signal) =>
      new Promise((_, reject) => {
        signal.addEventListener('abort', () => {
          reason = signal.reason
          reject(signal.reason)
        })
      }),
  })
  const { isBound, stop } = await world([fails, waits])
  expect(reason).toMatchObject({ message: 'running PreBind plugin "Fails": no claim' })
  expect(isBound()).toBe(false)
  await stop()
})

test('a pod that waits for PreBind names its node, if the gate says so', async () => {
  const waits = plugin('Waits', { preBind: () => new Promise(() => {}) })
  for (const [on, name] of [
    [true, 'n1'],
    [false, undefined],
  ] as const) {
    const { nominated, stop } = await world([waits], { NominatedNodeNameForExpectation: on })
    expect(await nominated()).toBe(name)
    await stop()
  }
})
