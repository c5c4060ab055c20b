/**
 * Fields of a KubeletConfiguration that are not there. kubeadm writes them all, as what Go makes of nothing, by which
 * upstream takes its defaults: so they may stand there, and say nothing.
 */
const absent: ReadonlySet<string> = new Set([
  ...['cpuManagerReconcilePeriod', 'fileCheckFrequency', 'httpCheckFrequency', 'logging'],
  ...['runtimeRequestTimeout', 'shutdownGracePeriod', 'shutdownGracePeriodCriticalPods', 'staticPodPath'],
  ...['streamingConnectionIdleTimeout', 'syncFrequency', 'volumeStatsAggPeriod'],
])

/** Nothing, to Go: also of durations, and of what is made of it. */
function isNothing(value: unknown): boolean {
  if (typeof value === 'object' && value !== null) return Object.values(value).every(isNothing)
  return [null, undefined, '', 0, false, '0', '0s'].some((nothing) => nothing === value)
}

/** Without those that are not there and say nothing. */
export function withoutDefaults(file: unknown): unknown {
  if (typeof file !== 'object' || file === null || Array.isArray(file)) return file
  return Object.fromEntries(
    Object.entries(file).filter(([name, value]) => !(absent.has(name) && isNothing(value))),
  )
}
