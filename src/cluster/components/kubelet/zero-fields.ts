import type { Fields } from '../config-fields.ts'

/** Upstream's fields that change nothing here; kubeadm and others write them with their zero values. */
const unserved: ReadonlySet<string> = new Set([
  ...['syncFrequency', 'volumeStatsAggPeriod', 'kubeletCgroups', 'systemCgroups', 'cpuManagerPolicy'],
  ...['cpuManagerPolicyOptions', 'cpuManagerReconcilePeriod', 'memoryManagerPolicy', 'qosReserved'],
  ...['runtimeRequestTimeout', 'hairpinMode', 'maxOpenFiles', 'contentType', 'eventRecordQPS'],
  ...['eventBurst', 'registryPullQPS', 'registryBurst', 'oomScoreAdj', 'streamingConnectionIdleTimeout'],
  ...['protectKernelDefaults', 'containerLogMaxWorkers', 'configMapAndSecretChangeDetectionStrategy'],
  ...['reservedSystemCPUs', 'volumePluginDir', 'providerID', 'kernelMemcgNotification', 'logging'],
  ...['showHiddenMetricsForVersion', 'reservedMemory', 'enableProfilingHandler', 'enableDebugFlagsHandler'],
  ...['tracing', 'localStorageCapacityIsolation', 'podLogsDir', 'imageServiceEndpoint', 'failCgroupV1'],
  ...['userNamespaces', 'mergeDefaultEvictionSettings'],
])

/** What says nothing: `0s`, `0`, `''`, false, and what holds only such. */
function isZero(value: unknown): boolean {
  if (value === undefined || value === null || value === false || value === 0) return true
  if (typeof value === 'string') return /^(0[a-z]*)?$/.test(value)
  if (Array.isArray(value)) return value.length === 0
  return typeof value === 'object' && Object.values(value).every(isZero)
}

/** The fields without those that say nothing and change nothing here. */
export function withoutZeroFields(fields: Fields): Fields {
  return Object.fromEntries(
    Object.entries(fields).filter(([name, value]) => !(unserved.has(name) && isZero(value))),
  )
}
