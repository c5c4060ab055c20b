import { readdirSync, readFileSync } from 'node:fs'
import type { Metrics } from '../metrics.ts'
import { PrometheusMetrics } from '../prometheus.ts'

const countOpenFiles = (): number => {
  try {
    return readdirSync('/proc/self/fd').length
  } catch {
    return 0
  }
}

const readText = (path: string): string => {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}

const unlimited = 2 ** 64

/** A line of /proc/self/limits: the soft limit; undefined where there is no such file. */
function softLimit(limits: string, name: string): number | undefined {
  const value = new RegExp(`^${name} +(\\S+)`, 'm').exec(limits)?.[1]
  return value === undefined ? undefined : value === 'unlimited' ? unlimited : Number(value)
}

/** What Linux alone tells. */
function registerLinuxMetrics(metrics: Metrics): void {
  const limits = readText('/proc/self/limits')
  const pairs = [
    ['process_max_fds', 'Maximum number of open file descriptors.', 'Max open files'],
    [
      'process_virtual_memory_max_bytes',
      'Maximum amount of virtual memory available in bytes.',
      'Max address space',
    ],
  ] as const
  for (const [name, help, line] of pairs) {
    const limit = softLimit(limits, line)
    if (limit !== undefined) metrics.gauge({ name, help }).set(limit)
  }
  if (limits === '') return
  const virtual = metrics.gauge({
    name: 'process_virtual_memory_bytes',
    help: 'Virtual memory size in bytes.',
  })
  metrics.onCollect(() => {
    const kilobytes = /^VmSize:\s+(\d+) kB$/m.exec(readText('/proc/self/status'))?.[1] ?? '0'
    virtual.set(Number(kilobytes) * 1024)
  })
}

/** The standard `process_*` metrics of Prometheus' client libraries, which upstream's components have too. */
function registerProcessMetrics(metrics: Metrics): void {
  const cpu = metrics.counter({
    name: 'process_cpu_seconds_total',
    help: 'Total user and system CPU time spent in seconds.',
  })
  const resident = metrics.gauge({
    name: 'process_resident_memory_bytes',
    help: 'Resident memory size in bytes.',
  })
  const start = metrics.gauge({
    name: 'process_start_time_seconds',
    help: 'Start time of the process since unix epoch in seconds.',
  })
  const openFiles = metrics.gauge({ name: 'process_open_fds', help: 'Number of open file descriptors.' })
  start.set(performance.timeOrigin / 1000)
  let countedSeconds = 0
  metrics.onCollect(() => {
    const { user, system } = process.cpuUsage()
    const seconds = (user + system) / 1e6
    cpu.inc([], Math.max(seconds - countedSeconds, 0))
    countedSeconds = seconds
    resident.set(process.memoryUsage.rss())
    openFiles.set(countOpenFiles())
  })
}

/** The registry of one process (or of one cluster in it), with the process' own figures. */
export function createMetrics(): Metrics {
  const metrics = new PrometheusMetrics()
  registerProcessMetrics(metrics)
  registerLinuxMetrics(metrics)
  return metrics
}
