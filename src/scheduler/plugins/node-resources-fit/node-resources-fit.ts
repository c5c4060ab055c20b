import { type Amounts, amountsOf, podRequests } from '../../../api/core/pod/pod-requests.ts'
import type { core } from '../../../api/generated/types/index.ts'
import type { Filter, Plugin, PluginContext, QueueingHint, Rejection } from '../../framework.ts'
import { maxNodeScore } from '../../framework.ts'
import type { NodeTable } from '../../node-table.ts'
import type { PodInfo } from '../../pod-info.ts'

function makeFilter(pod: PodInfo, table: NodeTable): Filter {
  const cpu = pod.requests.get('cpu') ?? 0
  const memory = pod.requests.get('memory') ?? 0
  const ephemeral = pod.requests.get('ephemeral-storage') ?? 0
  const extended = [...pod.requests].filter(
    ([name, amount]) =>
      amount > 0 && name !== 'cpu' && name !== 'memory' && name !== 'ephemeral-storage' && name !== 'pods',
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
    for (const [name, amount] of extended) {
      const there = offered.get(name)
      need(amount, there?.requested ?? 0, there?.allocatable ?? 0, `Insufficient ${name}`)
    }
    return short.length === 0 ? undefined : ({ resolvable, reasons: short } satisfies Rejection)
  }
}

/** The share that is left, in whole percent. */
const leastRequested = (requested: number, allocatable: number): number =>
  requested > allocatable ? 0 : Math.trunc(((allocatable - requested) * maxNodeScore) / allocatable)

const overlaps = (wanted: Amounts, freed: Amounts): boolean =>
  [...freed].some(([name, amount]) => amount > 0 && (wanted.get(name) ?? 0) > 0)

const fitsEmpty = (wanted: Amounts, node: core.v1.Node): boolean => {
  const allocatable = amountsOf(node.status?.allocatable)
  return [...wanted].every(([name, amount]) => amount <= (allocatable.get(name) ?? 0))
}

const hint: QueueingHint = (pod, event) => {
  switch (event.type) {
    case 'node-add':
      return fitsEmpty(pod.requests, event.node)
    case 'node-update': {
      const [before, after] = [
        amountsOf(event.old.status?.allocatable),
        amountsOf(event.node.status?.allocatable),
      ]
      const grown = [...after].some(([name, amount]) => amount > (before.get(name) ?? 0))
      return grown && fitsEmpty(pod.requests, event.node)
    }
    case 'assigned-pod-delete':
      // A pod that asks for nothing can only have failed for the number of pods, which any leaving pod mends.
      return (
        pod.requests.size === 0 ||
        overlaps(pod.requests, podRequests(event.pod)) ||
        podRequests(event.pod).size === 0
      )
    case 'assigned-pod-update':
    case 'pod-update':
    case 'timeout':
      return true
  }
}

/** Room for the pod's requests; by score, nodes with the most left (LeastAllocated, cpu and memory alike). */
export const nodeResourcesFit = ({ nodes }: PluginContext): Plugin => ({
  name: 'NodeResourcesFit',
  preFilter: (pod) => ({ type: 'filter', filter: makeFilter(pod, nodes) }),
  preScore: (pod) => ({
    type: 'score',
    score: ({ index }) => {
      const { allocatableCpuMilli, allocatableMemoryBytes, nonZeroCpuMilli, nonZeroMemoryBytes } =
        nodes.columns
      const cpu = allocatableCpuMilli[index] ?? 0
      const memory = allocatableMemoryBytes[index] ?? 0
      let [sum, count] = [0, 0]
      if (cpu > 0) {
        sum += leastRequested((nonZeroCpuMilli[index] ?? 0) + pod.nonZeroCpuMilli, cpu)
        count++
      }
      if (memory > 0) {
        sum += leastRequested((nonZeroMemoryBytes[index] ?? 0) + pod.nonZeroMemoryBytes, memory)
        count++
      }
      return count === 0 ? 0 : Math.trunc(sum / count)
    },
  }),
  hint,
})
