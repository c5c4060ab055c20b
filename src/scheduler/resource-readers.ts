import type { NodeInfo } from './node-info.ts'
import type { NodeTable } from './node-table.ts'
import type { PodInfo } from './pod-info.ts'

/** One resource as scores look at it. */
export interface ResourceReader {
  /** What the pod adds. */
  readonly request: number
  /** 0: the node does not have it, and it does not count there. */
  readonly allocatable: (node: NodeInfo) => number
  /** What is requested there without the pod. */
  readonly requested: (node: NodeInfo) => number
}

const always: ReadonlySet<string> = new Set(['cpu', 'memory', 'ephemeral-storage'])

/**
 * The named resources for one pod, in order. `missing`: containers that ask for no cpu or memory count as upstream's
 * 100m and 200 MiB. Extended resources count only for pods that ask for them: undefined for the others.
 */
export function resourceReaders(
  table: NodeTable,
  pod: PodInfo,
  names: readonly string[],
  missing: boolean,
): readonly (ResourceReader | undefined)[] {
  // Columns are read at each call: they are others after the table has grown.
  return names.map((name): ResourceReader | undefined => {
    const request = pod.requests.get(name) ?? 0
    if (request === 0 && !always.has(name)) return undefined
    switch (name) {
      case 'cpu':
        return {
          request: missing ? pod.nonZeroCpuMilli : request,
          allocatable: ({ index }) => table.columns.allocatableCpuMilli[index] ?? 0,
          requested: missing
            ? ({ index }) => table.columns.nonZeroCpuMilli[index] ?? 0
            : ({ index }) => table.columns.requestedCpuMilli[index] ?? 0,
        }
      case 'memory':
        return {
          request: missing ? pod.nonZeroMemoryBytes : request,
          allocatable: ({ index }) => table.columns.allocatableMemoryBytes[index] ?? 0,
          requested: missing
            ? ({ index }) => table.columns.nonZeroMemoryBytes[index] ?? 0
            : ({ index }) => table.columns.requestedMemoryBytes[index] ?? 0,
        }
      case 'ephemeral-storage':
        return {
          request,
          allocatable: ({ index }) => table.columns.allocatableEphemeralBytes[index] ?? 0,
          requested: ({ index }) => table.columns.requestedEphemeralBytes[index] ?? 0,
        }
      default:
        return {
          request,
          allocatable: ({ extended }) => extended.get(name)?.allocatable ?? 0,
          requested: ({ extended }) => extended.get(name)?.requested ?? 0,
        }
    }
  })
}
