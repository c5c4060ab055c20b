import { Node } from '../../../api/core/node/kind.ts'
import { Pod } from '../../../api/core/pod/kind.ts'
import { type Amounts, amountsOf, podRequests } from '../../../api/core/pod/pod-requests.ts'
import { isExtendedResource } from '../../../api/core/resource-names.ts'
import type { core, resource } from '../../../api/generated/types/index.ts'
import { DeviceClass } from '../../../api/resource/device-class/kind.ts'
import { actions, type EventRegistration, onEvent } from '../../cluster-event.ts'
import { deviceClassPrefix, extendedResourceClasses } from '../../extended-resource-classes.ts'
import type { Filter, Plugin, PluginContext, Rejection } from '../../framework.ts'
import { inColumns, type NodeTable } from '../../node-table.ts'
import { hadNode, type PodInfo } from '../../pod-info.ts'
import { resourceReaders } from '../../resource-readers.ts'
import { placementFullness } from './placement-fullness.ts'
import { defaultStrategy, type ScoringStrategy, strategyScore } from './scoring-strategy.ts'

/** Whether device classes back a resource: where a node has none of it, DynamicResources looks for devices. */
type IsBacked = (name: string) => boolean

function makeFilter(
  pod: PodInfo,
  table: NodeTable,
  isIgnored: (name: string) => boolean,
  isBacked: IsBacked,
): Filter {
  const cpu = pod.requests.get('cpu') ?? 0
  const memory = pod.requests.get('memory') ?? 0
  const ephemeral = pod.requests.get('ephemeral-storage') ?? 0
  const extended = [...pod.requests].flatMap(([name, amount]) =>
    amount > 0 && !inColumns.has(name) && !isIgnored(name) ? [{ name, amount, backed: isBacked(name) }] : [],
  )
  return ({ index, extended: offered }) => {
    const columns = table.columns
    const at = (column: Float64Array): number => column[index] ?? 0
    const short: string[] = []
    // Which requests no eviction could satisfy: those that exceed what the node has when empty.
    let resolvable = true
    const need = (amount: number, requested: number, allocatable: number, reason: string): void => {
      if (amount === 0 || amount <= allocatable - requested) return
      short.push(reason)
      if (amount > allocatable) resolvable = false
    }
    if (at(columns.podCount) + 1 > at(columns.allocatablePods)) short.push('Too many pods')
    need(cpu, at(columns.requestedCpuMilli), at(columns.allocatableCpuMilli), 'Insufficient cpu')
    need(memory, at(columns.requestedMemoryBytes), at(columns.allocatableMemoryBytes), 'Insufficient memory')
    need(
      ephemeral,
      at(columns.requestedEphemeralBytes),
      at(columns.allocatableEphemeralBytes),
      'Insufficient ephemeral-storage',
    )
    for (const { name, amount, backed } of extended) {
      const there = offered.get(name)
      if (backed && (there?.allocatable ?? 0) === 0) continue
      need(amount, there?.requested ?? 0, there?.allocatable ?? 0, `Insufficient ${name}`)
    }
    return short.length === 0 ? undefined : ({ resolvable, reasons: short } satisfies Rejection)
  }
}

const fitsEmpty = (wanted: Amounts, node: core.v1.Node, isBacked: IsBacked): boolean => {
  const allocatable = amountsOf(node.status?.allocatable)
  return (
    (allocatable.get('pods') ?? 0) > 0 &&
    [...wanted].every(([name, amount]) => {
      const there = allocatable.get(name) ?? 0
      return amount <= there || (there === 0 && isBacked(name))
    })
  )
}

/** Whether the node offers more than before of what the pod asks for, or devices may. */
function hasGrown(wanted: Amounts, node: core.v1.Node, old: core.v1.Node, isBacked: IsBacked): boolean {
  const [before, after] = [amountsOf(old.status?.allocatable), amountsOf(node.status?.allocatable)]
  const more = (name: string): boolean => (after.get(name) ?? 0) > (before.get(name) ?? 0)
  const byDevices = (name: string): boolean => (after.get(name) ?? 0) === 0 && isBacked(name)
  return more('pods') || [...wanted].some(([name, amount]) => amount > 0 && (more(name) || byDevices(name)))
}

function freesRoom(
  { uid, requests }: PodInfo,
  pod: core.v1.Pod | undefined,
  old: core.v1.Pod | undefined,
): boolean {
  if (pod === undefined) return old !== undefined && hadNode(old)
  if (pod.metadata?.uid === uid) return true
  if (!pod.spec?.nodeName || old === undefined) return false
  const [before, after] = [podRequests(old, { held: true }), podRequests(pod, { held: true })]
  return [...requests].some(
    ([name, amount]) => amount > 0 && (before.get(name) ?? 0) > (after.get(name) ?? 0),
  )
}

/** A class that comes, or gets another resource's name. */
function maybeBacks(
  { requests }: PodInfo,
  now: resource.v1.DeviceClass | undefined,
  old: resource.v1.DeviceClass | undefined,
): boolean {
  if (now === undefined) return false
  const { extendedResourceName: name } = now.spec
  if (old === undefined && requests.has(deviceClassPrefix + (now.metadata?.name ?? ''))) return true
  return name !== undefined && old?.spec.extendedResourceName !== name && requests.has(name)
}

const eventsFor = (isBacked: IsBacked, byDevices: boolean): readonly EventRegistration[] => [
  onEvent(Pod, actions.delete | actions.updatePodScaleDown, freesRoom),
  onEvent(
    Node,
    actions.add | actions.updateNodeAllocatable,
    ({ requests }, node, old) =>
      node !== undefined &&
      fitsEmpty(requests, node, isBacked) &&
      (old === undefined || hasGrown(requests, node, old, isBacked)),
  ),
  ...(byDevices ? [onEvent(DeviceClass, actions.add | actions.update, maybeBacks)] : []),
]

export interface NodeResourcesFitArgs {
  /** Extended resources that are not looked at. */
  readonly ignoredResources?: readonly string[]
  /** What comes before the `/` of extended resources that are not looked at. */
  readonly ignoredResourceGroups?: readonly string[]
  readonly scoringStrategy?: ScoringStrategy
}

/** Room for the pod's requests; by score, by default, nodes with the most left. */
export function nodeResourcesFit(
  context: PluginContext,
  {
    ignoredResources = [],
    ignoredResourceGroups = [],
    scoringStrategy = defaultStrategy,
  }: NodeResourcesFitArgs = {},
): Plugin {
  const { nodes, features } = context
  const classOf = extendedResourceClasses(context)
  const isBacked: IsBacked = (name) => classOf(name) !== undefined
  const names = scoringStrategy.resources.map(({ name }) => name)
  const isIgnored = (name: string): boolean =>
    isExtendedResource(name) &&
    (ignoredResources.includes(name) || ignoredResourceGroups.includes(name.split('/')[0] ?? ''))
  return {
    name: 'NodeResourcesFit',
    // What classes back is not the node's own affair.
    sign: ({ requests, nonZeroCpuMilli, nonZeroMemoryBytes }) =>
      [...requests.keys()].some(isBacked) ? undefined : [[...requests], nonZeroCpuMilli, nonZeroMemoryBytes],
    preFilter: (pod) => ({ type: 'filter', filter: makeFilter(pod, nodes, isIgnored, isBacked) }),
    preScore: (pod) => ({
      type: 'score',
      score: strategyScore(scoringStrategy, resourceReaders(nodes, pod, names, true)),
    }),
    ...(features.enabled('TopologyAwareWorkloadScheduling')
      ? { placementScore: { score: placementFullness(nodes, scoringStrategy.resources) } }
      : {}),
    events: eventsFor(isBacked, features.enabled('DRAExtendedResource')),
  }
}
