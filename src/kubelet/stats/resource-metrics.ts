import { exposeFamilies, type Sample, type SampleFamily } from '../../base/exposition.ts'
import type { NodeSnapshot } from './snapshot.ts'
import type { GroupUsage } from './usage.ts'

const containerLabels = ['container', 'namespace', 'pod']
const podLabels = ['namespace', 'pod']
const outsideWindows = 'Reported only on non-windows systems'

/** What `/metrics/resource` answers where figures could not be had. */
export const failedResourceMetrics = (): string => exposeFamilies(scrapeErrors(1))

const scrapeErrors = (value: 0 | 1): readonly SampleFamily[] => {
  const help = '1 if there was an error while getting container metrics, 0 otherwise'
  return [
    {
      name: 'resource_scrape_error',
      help: `[STABLE] ${help}`,
      type: 'gauge',
      labels: [],
      samples: [{ labels: [], value }],
    },
    {
      name: 'scrape_error',
      help: `[ALPHA] (Deprecated since 1.29.0) ${help}`,
      type: 'gauge',
      labels: [],
      samples: [{ labels: [], value }],
    },
  ]
}

interface Measure {
  readonly labels: readonly string[]
  readonly usage: GroupUsage
}

/** Of one sort of group: processors, memory and swap. */
function usageFamilies(
  subject: 'node' | 'pod' | 'container',
  labels: readonly string[],
  measures: readonly Measure[],
): readonly SampleFamily[] {
  const samples = (value: (usage: GroupUsage) => number | undefined): readonly Sample[] =>
    measures.flatMap(({ labels: values, usage }) => {
      const found = value(usage)
      return found === undefined ? [] : [{ labels: values, value: found, timeMs: usage.timeMs }]
    })
  return [
    {
      name: `${subject}_cpu_usage_seconds_total`,
      help: `[STABLE] Cumulative cpu time consumed by the ${subject} in core-seconds`,
      type: 'counter',
      labels,
      samples: samples(({ cpuNanos }) => cpuNanos / 1e9),
    },
    {
      name: `${subject}_memory_working_set_bytes`,
      help: `[STABLE] Current working set of the ${subject} in bytes`,
      type: 'gauge',
      labels,
      samples: samples(({ memory }) => memory.workingSetBytes),
    },
    {
      name: `${subject}_swap_usage_bytes`,
      help: `[ALPHA] Current ${subject === 'node' ? '' : 'amount of the '}${subject === 'node' ? 'swap usage of the node' : `${subject} swap usage`} in bytes. ${outsideWindows}`,
      type: 'gauge',
      labels,
      samples: samples(({ swap }) => swap?.usageBytes),
    },
  ]
}

/** What `/metrics/resource` answers: what metrics-server reads. Pure. */
export function resourceMetrics(node: NodeSnapshot): string {
  const all = node.pods.flatMap(({ pod, containers }) =>
    containers.map((container) => ({
      labels: [container.name, pod.metadata?.namespace ?? '', pod.metadata?.name ?? ''],
      usage: container.usage,
      startedMs: container.startedMs,
    })),
  )
  const pods = node.pods.flatMap(({ pod, group }) =>
    group === undefined
      ? []
      : [{ labels: [pod.metadata?.namespace ?? '', pod.metadata?.name ?? ''], usage: group.usage }],
  )
  return exposeFamilies([
    ...usageFamilies('node', [], [{ labels: [], usage: node.machine.group }]),
    ...usageFamilies('pod', podLabels, pods),
    ...usageFamilies('container', containerLabels, all),
    {
      name: 'container_swap_limit_bytes',
      help: `[ALPHA] Current amount of the container swap limit in bytes. ${outsideWindows}`,
      type: 'gauge',
      labels: containerLabels,
      samples: all.flatMap(({ labels, usage }) =>
        usage.swap?.limitBytes === undefined
          ? []
          : [{ labels, value: usage.swap.limitBytes, timeMs: usage.timeMs }],
      ),
    },
    {
      name: 'container_start_time_seconds',
      help: '[STABLE] Start time of the container since unix epoch in seconds',
      type: 'gauge',
      labels: containerLabels,
      samples: all.map(({ labels, startedMs }) => ({ labels, value: startedMs / 1000 })),
    },
    ...scrapeErrors(0),
  ])
}
