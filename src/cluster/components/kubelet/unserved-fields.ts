/** Upstream's fields that change nothing here; kubeadm and others write them with their zero values. */
export const unservedFields: ReadonlySet<string> = new Set([
  ...['syncFrequency', 'volumeStatsAggPeriod', 'kubeletCgroups', 'systemCgroups', 'qosReserved'],
  ...['runtimeRequestTimeout', 'hairpinMode', 'maxOpenFiles', 'contentType', 'eventRecordQPS'],
  ...['eventBurst', 'registryPullQPS', 'registryBurst', 'oomScoreAdj', 'streamingConnectionIdleTimeout'],
  ...['protectKernelDefaults', 'containerLogMaxWorkers', 'configMapAndSecretChangeDetectionStrategy'],
  ...['volumePluginDir', 'providerID', 'kernelMemcgNotification', 'logging'],
  ...['showHiddenMetricsForVersion', 'enableProfilingHandler', 'enableDebugFlagsHandler'],
  ...['tracing', 'localStorageCapacityIsolation', 'podLogsDir', 'imageServiceEndpoint', 'failCgroupV1'],
  ...['userNamespaces', 'mergeDefaultEvictionSettings'],
])
