import type { Metrics } from '../../../base/metrics.ts'
import type { CpuSet } from './cpu-set.ts'
import type { CpuTopology } from './cpu-topology.ts'

/** What is counted of processors, under upstream's names. */
export interface CpuMetrics {
  /** The pools as they are now. */
  pools(shared: CpuSet, exclusive: CpuSet): void
  requested(): void
  failed(wholeCores: boolean): void
  given(alignment: { readonly wholeCores: boolean; readonly oneCache: boolean }): void
}

export const noCpuMetrics: CpuMetrics = {
  pools: () => {},
  requested: () => {},
  failed: () => {},
  given: () => {},
}

const [wholeCoresOf, oneCacheOf] = [
  ['container', 'physical_cpu'],
  ['container', 'uncore_cache'],
] as const

export function cpuMetrics(metrics: Metrics, topology: CpuTopology): CpuMetrics {
  const requests = metrics.counter({
    name: 'kubelet_cpu_manager_pinning_requests_total',
    help: 'The number of cpu core allocations which required pinning.',
  })
  const errors = metrics.counter({
    name: 'kubelet_cpu_manager_pinning_errors_total',
    help: 'The number of cpu core allocations which required pinning failed.',
  })
  const sharedSize = metrics.gauge({
    name: 'kubelet_cpu_manager_shared_pool_size_millicores',
    help: 'The size of the shared CPU pool for non-guaranteed QoS pods, in millicores.',
  })
  const exclusiveCount = metrics.gauge({
    name: 'kubelet_cpu_manager_exclusive_cpu_allocation_count',
    help: 'The total number of CPUs exclusively allocated to containers running on this node',
  })
  const perNode = metrics.gauge({
    name: 'kubelet_cpu_manager_allocation_per_numa',
    help: 'Number of CPUs allocated per NUMA node',
    labels: ['numa_node'],
  })
  const aligned = metrics.counter({
    name: 'kubelet_container_aligned_compute_resources_count',
    help: 'Cumulative number of aligned compute resources allocated to containers by alignment type.',
    labels: ['scope', 'boundary'],
  })
  const unaligned = metrics.counter({
    name: 'kubelet_container_aligned_compute_resources_failure_count',
    help: 'Cumulative number of failures to allocate aligned compute resources to containers by alignment type.',
    labels: ['scope', 'boundary'],
  })
  for (const labels of [wholeCoresOf, oneCacheOf]) aligned.inc(labels, 0)
  unaligned.inc(wholeCoresOf, 0)
  return {
    pools: (shared, exclusive) => {
      sharedSize.set(shared.size * 1000)
      exclusiveCount.set(exclusive.size)
      for (const node of topology.nodes) {
        const count = [...exclusive].filter((cpu) => topology.places.get(cpu)?.node === node).length
        perNode.set(count, [String(node)])
      }
    },
    requested: () => requests.inc(),
    failed: (wholeCores) => {
      errors.inc()
      if (wholeCores) unaligned.inc(wholeCoresOf)
    },
    given: ({ wholeCores, oneCache }) => {
      if (wholeCores) aligned.inc(wholeCoresOf)
      if (oneCache) aligned.inc(oneCacheOf)
    },
  }
}
