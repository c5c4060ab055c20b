import { readdirSync } from 'node:fs'
import type { Metrics } from '../metrics.ts'
import { PrometheusMetrics } from '../prometheus.ts'

const countOpenFiles = (): number => {
  try {
    return readdirSync('/proc/self/fd').length
  } catch {
    return 0
  }
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
  return metrics
}
