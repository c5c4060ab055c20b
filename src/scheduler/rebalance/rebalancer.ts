import { Node } from '../../api/core/node/kind.ts'
import { Pod } from '../../api/core/pod/kind.ts'
import { isPodTerminal } from '../../api/core/pod/pod-state.ts'
import { defaultFeatures } from '../../api/feature-gates.ts'
import { PodDisruptionBudget } from '../../api/policy/pod-disruption-budget/kind.ts'
import type { Host } from '../../base/host.ts'
import type { Logger } from '../../base/logger.ts'
import { PrometheusMetrics } from '../../base/prometheus.ts'
import type { Client } from '../../client/client.ts'
import { ListedInformers } from '../../client/listed-informers.ts'
import { type Scheduling, schedulingOf } from '../config/scheduling-of.ts'
import type { PluginContext } from '../framework.ts'
import { NodeTable } from '../node-table.ts'
import { makePodInfo } from '../pod-info.ts'
import type { Profile } from '../profile.ts'
import { planMoves, type RebalancePlan, type RebalanceSettings } from './plan-moves.ts'

export interface RebalancerOptions {
  readonly client: Client
  readonly host: Host
  readonly logger: Logger
  /** As the cluster's scheduler has it: it is what places evicted pods anew. */
  readonly scheduling: Scheduling
  readonly settings: RebalanceSettings
  /** Uniform in [0, 1); absent: the host's. */
  readonly random?: () => number
}

/** What plugins are made with that look at nodes and pods, and never see a pod bound. */
function contextOf(
  { client, host, logger }: RebalancerOptions,
  informers: PluginContext['informers'],
  nodes: NodeTable,
): Omit<PluginContext, 'schedulerName'> {
  return {
    ...{ client, host, logger, informers, nodes },
    features: defaultFeatures,
    nominated: { on: () => [] },
    waiting: { get: () => undefined, list: () => [], preempt: () => false },
    extenders: [],
    metrics: new PrometheusMetrics(),
    report: () => {},
    denominate: () => {},
    activate: () => {},
    requeue: () => {},
  }
}

/** Reads the cluster once, and plans. Throws SchedulingError, ProfileError and what the API server refuses. */
export async function planRebalance(options: RebalancerOptions): Promise<RebalancePlan> {
  const { client, logger, settings, random = () => options.host.random() } = options
  const { profiles } = schedulingOf(options.scheduling)
  const informers = new ListedInformers(client, logger)
  const [nodes, pods] = [informers.informer(Node), informers.informer(Pod)]
  const budgets = informers.informer(PodDisruptionBudget)
  const table = new NodeTable()
  const context = contextOf(options, informers, table)
  const byName = new Map(
    profiles.map(({ schedulerName, make }): [string, Profile] => [
      schedulerName,
      make({ ...context, schedulerName }),
    ]),
  )
  await informers.whenSynced()
  for (const node of nodes.lister.list()) table.setNode(node)
  for (const pod of pods.lister.list())
    if (pod.spec?.nodeName && !isPodTerminal(pod)) table.addPod(pod.spec.nodeName, makePodInfo(pod))
  const profileOf = (pod: { readonly spec?: { readonly schedulerName?: string } }): Profile | undefined =>
    byName.get(pod.spec?.schedulerName ?? '')
  return planMoves({ table, profileOf, budgets: budgets.lister.list(), random }, settings)
}
