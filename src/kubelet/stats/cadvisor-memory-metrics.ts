import type { Metric } from './cadvisor-metrics.ts'
import type { MemoryFigures } from './usage.ts'

const gauge = (name: string, help: string, value: (memory: MemoryFigures) => number | undefined): Metric => ({
  name: `container_memory_${name}`,
  help,
  type: 'gauge',
  values: ({ usage }) => [[value(usage.memory)]],
})

export const memoryMetrics: readonly Metric[] = [
  gauge('cache', 'Number of bytes of page cache memory.', ({ cacheBytes }) => cacheBytes),
  gauge('rss', 'Size of RSS in bytes.', ({ rssBytes }) => rssBytes),
  gauge('kernel_usage', 'Size of kernel memory allocated in bytes.', ({ kernelBytes }) => kernelBytes),
  gauge('mapped_file', 'Size of memory mapped files in bytes.', ({ mappedFileBytes }) => mappedFileBytes),
  gauge(
    'usage_bytes',
    'Current memory usage in bytes, including all memory regardless of when it was accessed',
    ({ usageBytes }) => usageBytes,
  ),
  gauge('max_usage_bytes', 'Maximum memory usage recorded in bytes', ({ maxUsageBytes }) => maxUsageBytes),
  gauge('working_set_bytes', 'Current working set in bytes.', ({ workingSetBytes }) => workingSetBytes),
  gauge(
    'total_active_file_bytes',
    'Current total active file in bytes.',
    ({ activeFileBytes }) => activeFileBytes,
  ),
  gauge(
    'total_inactive_file_bytes',
    'Current total inactive file in bytes.',
    ({ inactiveFileBytes }) => inactiveFileBytes,
  ),
  {
    name: 'container_memory_swap',
    help: 'Container swap usage in bytes.',
    type: 'gauge',
    values: ({ usage }) => [[usage.swap?.usageBytes]],
  },
  {
    name: 'container_memory_failcnt',
    help: 'Number of memory usage hits limits',
    type: 'counter',
    values: ({ usage }) => [[usage.memory.limitHits]],
  },
  {
    name: 'container_memory_failures_total',
    help: 'Cumulative count of memory allocation failures.',
    type: 'counter',
    more: ['failure_type', 'scope'],
    // Groups are told with all that is below them.
    values: ({ usage: { memory } }) => [
      [memory.pageFaults, 'pgfault', 'hierarchy'],
      [memory.majorPageFaults, 'pgmajfault', 'hierarchy'],
    ],
  },
  {
    name: 'container_spec_memory_limit_bytes',
    help: 'Memory limit for the container.',
    type: 'gauge',
    values: ({ usage }) => [[usage.memory.limitBytes ?? 0]],
  },
]
