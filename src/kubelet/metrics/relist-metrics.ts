import type { Metrics } from '../../base/metrics.ts'
import type { ListObserver } from '../runtime/runtime.ts'

/** The lists by which changes of pods are found, as upstream's pod lifecycle event generator shows them. */
export function relistMetrics(metrics: Metrics): ListObserver {
  const durations = metrics.histogram({
    name: 'kubelet_pleg_relist_duration_seconds',
    help: 'Duration in seconds for relisting pods in PLEG.',
  })
  const intervals = metrics.histogram({
    name: 'kubelet_pleg_relist_interval_seconds',
    help: 'Interval in seconds between relisting in PLEG.',
  })
  const lastSeen = metrics.gauge({
    name: 'kubelet_pleg_last_seen_seconds',
    help: 'Timestamp in seconds when PLEG was last seen active.',
  })
  let lastMs: number | undefined
  return ({ atMs, tookMs }) => {
    if (lastMs !== undefined) intervals.observe((atMs - lastMs) / 1000)
    lastMs = atMs
    durations.observe(tookMs / 1000)
    lastSeen.set(Math.floor((atMs + tookMs) / 1000))
  }
}
