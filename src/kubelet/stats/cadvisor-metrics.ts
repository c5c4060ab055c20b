import { exposeFamilies, type Sample, type SampleFamily } from '../../base/exposition.ts'
import type { FileSystemState } from '../node/machine.ts'
import { memoryMetrics } from './cadvisor-memory-metrics.ts'
import { machineMetrics } from './machine-metrics.ts'
import type { NodeSnapshot } from './snapshot.ts'
import type { GroupUsage, InterfaceUsage, Stall } from './usage.ts'

/** A group as cAdvisor calls it: by its id, and what stands behind it. */
interface Subject {
  /** container, id, image, name, namespace, pod */
  readonly labels: readonly string[]
  readonly usage: GroupUsage
  readonly startedMs?: number
  readonly interfaces?: readonly InterfaceUsage[]
  readonly disk?: FileSystemState
  readonly diskUsed?: number
}

/** One family of a group's: what it has of it, with values of further labels. */
export interface Metric {
  readonly name: string
  readonly help: string
  readonly type: 'counter' | 'gauge'
  readonly more?: readonly string[]
  readonly values: (subject: Subject) => readonly (readonly [value: number | undefined, ...more: string[]])[]
}

const groupLabels = ['container', 'id', 'image', 'name', 'namespace', 'pod']

const seconds = (nanos: number | undefined): number | undefined =>
  nanos === undefined ? undefined : nanos / 1e9

const processorMetrics: readonly Metric[] = [
  {
    name: 'container_cpu_usage_seconds_total',
    help: 'Cumulative cpu time consumed in seconds.',
    type: 'counter',
    more: ['cpu'],
    values: ({ usage }) => [[usage.cpuNanos / 1e9, 'total']],
  },
  {
    name: 'container_cpu_user_seconds_total',
    help: 'Cumulative user cpu time consumed in seconds.',
    type: 'counter',
    values: ({ usage }) => [[seconds(usage.cpuUserNanos)]],
  },
  {
    name: 'container_cpu_system_seconds_total',
    help: 'Cumulative system cpu time consumed in seconds.',
    type: 'counter',
    values: ({ usage }) => [[seconds(usage.cpuSystemNanos)]],
  },
  {
    name: 'container_cpu_cfs_periods_total',
    help: 'Number of elapsed enforcement period intervals.',
    type: 'counter',
    values: ({ usage }) => [[usage.throttling?.periods]],
  },
  {
    name: 'container_cpu_cfs_throttled_periods_total',
    help: 'Number of throttled period intervals.',
    type: 'counter',
    values: ({ usage }) => [[usage.throttling?.throttledPeriods]],
  },
  {
    name: 'container_cpu_cfs_throttled_seconds_total',
    help: 'Total time duration the container has been throttled.',
    type: 'counter',
    values: ({ usage }) => [[seconds(usage.throttling?.throttledNanos)]],
  },
]

const otherMetrics: readonly Metric[] = [
  {
    name: 'container_last_seen',
    help: 'Last time a container was seen by the exporter',
    type: 'gauge',
    values: ({ usage }) => [[Math.trunc(usage.timeMs / 1000)]],
  },
  {
    name: 'container_start_time_seconds',
    help: 'Start time of the container since unix epoch in seconds.',
    type: 'gauge',
    values: ({ startedMs }) => [[startedMs === undefined ? undefined : Math.trunc(startedMs / 1000)]],
  },
  {
    name: 'container_processes',
    help: 'Number of processes running inside the container.',
    type: 'gauge',
    values: ({ usage }) => [[usage.processes]],
  },
  {
    name: 'container_oom_events_total',
    help: 'Count of out of memory events observed for the container',
    type: 'counter',
    values: ({ usage }) => [[usage.oomKills]],
  },
  {
    name: 'container_fs_limit_bytes',
    help: 'Number of bytes that can be consumed by the container on this filesystem.',
    type: 'gauge',
    more: ['device'],
    values: ({ disk }) => [[disk?.bytes, '']],
  },
  {
    name: 'container_fs_usage_bytes',
    help: 'Number of bytes that are consumed by the container on this filesystem.',
    type: 'gauge',
    more: ['device'],
    values: ({ diskUsed }) => [[diskUsed, '']],
  },
  {
    name: 'container_fs_inodes_total',
    help: 'Number of Inodes',
    type: 'gauge',
    more: ['device'],
    values: ({ disk }) => [[disk?.inodes, '']],
  },
  {
    name: 'container_fs_inodes_free',
    help: 'Number of available Inodes',
    type: 'gauge',
    more: ['device'],
    values: ({ disk }) => [[disk?.freeInodes, '']],
  },
]

const pressureMetrics: readonly Metric[] = (['cpu', 'memory', 'io'] as const).flatMap((resource) => {
  const metric = (which: keyof Stall, verb: 'waiting' | 'stalled', help: string): Metric => ({
    name: `container_pressure_${resource}_${verb}_seconds_total`,
    help,
    type: 'counter',
    values: ({ usage }) => {
      const us = usage.stalls?.[resource]?.[which].totalUs
      return [[us === undefined ? undefined : us / 1e6]]
    },
  })
  const title = resource === 'io' ? 'IO' : resource === 'cpu' ? 'CPU' : 'memory'
  return [
    metric(
      'some',
      'waiting',
      `Total time duration tasks in the container have waited due to ${title} congestion.`,
    ),
    metric(
      'full',
      'stalled',
      `Total time duration no tasks in the container could make progress due to ${title} congestion.`,
    ),
  ]
})

const traffic = (['received', 'sent'] as const).flatMap((way): readonly Metric[] => {
  const [verb, doing, done] =
    way === 'received' ? ['receive', 'receiving', 'received'] : ['transmit', 'transmitting', 'transmitted']
  const metric = (kind: keyof InterfaceUsage['sent'], name: string, help: string): Metric => ({
    name: `container_network_${verb}_${name}_total`,
    help,
    type: 'counter',
    more: ['interface'],
    values: ({ interfaces = [] }) => interfaces.map((each) => [each[way][kind], each.name]),
  })
  return [
    metric('bytes', 'bytes', `Cumulative count of bytes ${done}`),
    metric('packets', 'packets', `Cumulative count of packets ${done}`),
    metric('errors', 'errors', `Cumulative count of errors encountered while ${doing}`),
    metric('dropped', 'packets_dropped', `Cumulative count of packets dropped while ${doing}`),
  ]
})

const metrics: readonly Metric[] = [
  ...processorMetrics,
  ...memoryMetrics,
  ...otherMetrics,
  ...pressureMetrics,
  ...traffic,
]

function subjectsOf(node: NodeSnapshot): readonly Subject[] {
  const { machine, state } = node
  const disk = state.imageFs ?? state.nodeFs
  const subjects: Subject[] = [
    {
      labels: ['', '/', '', '', '', ''],
      usage: machine.group,
      startedMs: machine.bootMs,
      interfaces: machine.interfaces,
      disk: state.nodeFs,
      diskUsed: state.nodeFs.bytes - state.nodeFs.availableBytes,
    },
  ]
  for (const { pod, group, groupName, containers, interfaces, startedMs } of node.pods) {
    const { name = '', namespace = '' } = pod.metadata ?? {}
    if (group !== undefined) {
      const labels = ['', groupName, '', '', namespace, name]
      subjects.push({ labels, usage: group.usage, startedMs, interfaces })
    }
    for (const container of containers) {
      const { id, image, usage, rootfs } = container
      subjects.push({
        labels: [container.name, container.groupName, image, id, namespace, name],
        usage,
        startedMs: container.startedMs,
        ...(rootfs === undefined ? {} : { disk, diskUsed: rootfs.bytes }),
      })
    }
  }
  return subjects
}

function familyOf(
  { name, help, type, more = [], values }: Metric,
  subjects: readonly Subject[],
): SampleFamily {
  const samples = subjects.flatMap((subject): readonly Sample[] =>
    values(subject).flatMap(([value, ...others]) =>
      value === undefined
        ? []
        : [{ labels: [...subject.labels, ...others], value, timeMs: subject.usage.timeMs }],
    ),
  )
  return { name, help, type, labels: [...groupLabels, ...more], samples }
}

/** What `/metrics/cadvisor` answers, under cAdvisor's names: the families that a group has figures for. Pure. */
export function cadvisorMetrics(node: NodeSnapshot): string {
  const subjects = subjectsOf(node)
  return exposeFamilies([...metrics.map((metric) => familyOf(metric, subjects)), ...machineMetrics(node)])
}
