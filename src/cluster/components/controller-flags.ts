import type { ControllersOptions } from '../../controllers/controllers.ts'
import type { AnyController } from '../../reconcile/controller.ts'
import { duration, float, int } from './flags/flag-types.ts'
import type { FlagValues } from './flags/parse-flags.ts'

const syncs = (what: string, fallback: number) =>
  int(`${what} that are brought into step at a time.`, fallback, { min: 1 })

const concurrencyFlags = {
  'concurrent-cron-job-syncs': syncs('CronJobs', 5),
  'concurrent-daemonset-syncs': syncs('DaemonSets', 2),
  'concurrent-deployment-syncs': syncs('Deployments', 5),
  'concurrent-device-taint-eviction-syncs': syncs('Pods on tainted devices', 10),
  'concurrent-endpoint-syncs': syncs('Endpoints', 5),
  'concurrent-ephemeralvolume-syncs': syncs('Pods with ephemeral volumes', 5),
  'concurrent-gc-syncs': syncs('Objects to be collected', 20),
  'concurrent-job-syncs': syncs('Jobs', 5),
  'concurrent-namespace-syncs': syncs('Namespaces', 10),
  'concurrent-rc-syncs': syncs('ReplicationControllers', 5),
  'concurrent-replicaset-syncs': syncs('ReplicaSets', 5),
  'concurrent-resource-quota-syncs': syncs('ResourceQuotas', 5),
  'concurrent-resourceclaim-syncs': syncs('Pods’ ResourceClaims', 50),
  'concurrent-service-endpoint-syncs': syncs('Services’ EndpointSlices', 5),
  'concurrent-serviceaccount-token-syncs': syncs('Secrets of service accounts', 5),
  'concurrent-statefulset-syncs': syncs('StatefulSets', 5),
  'concurrent-ttl-after-finished-syncs': syncs('Jobs that have ended', 5),
  'concurrent-validating-admission-policy-status-syncs': syncs('ValidatingAdmissionPolicies', 5),
  'mirroring-concurrent-service-endpoint-syncs': syncs('Endpoints to be mirrored', 5),
}

/** Which controller each of them is about, by the controller's name. */
const concurrencyOf: Readonly<Record<string, keyof typeof concurrencyFlags>> = {
  cronjob: 'concurrent-cron-job-syncs',
  daemonset: 'concurrent-daemonset-syncs',
  deployment: 'concurrent-deployment-syncs',
  'device-taint-eviction': 'concurrent-device-taint-eviction-syncs',
  endpoint: 'concurrent-endpoint-syncs',
  'ephemeral-volume': 'concurrent-ephemeralvolume-syncs',
  endpointslice: 'concurrent-service-endpoint-syncs',
  endpointslicemirroring: 'mirroring-concurrent-service-endpoint-syncs',
  'garbage-collector': 'concurrent-gc-syncs',
  job: 'concurrent-job-syncs',
  namespace: 'concurrent-namespace-syncs',
  replicaset: 'concurrent-replicaset-syncs',
  replicationcontroller: 'concurrent-rc-syncs',
  resourceclaim: 'concurrent-resourceclaim-syncs',
  resourcequota: 'concurrent-resource-quota-syncs',
  'serviceaccount-token': 'concurrent-serviceaccount-token-syncs',
  statefulset: 'concurrent-statefulset-syncs',
  'ttl-after-finished': 'concurrent-ttl-after-finished-syncs',
  'validatingadmissionpolicy-status': 'concurrent-validating-admission-policy-status-syncs',
}

/** Nodes that fall silent, and what becomes of their pods. */
const nodeFlags = {
  'node-monitor-period': duration('How often it is looked for nodes that are silent.', 5_000),
  'node-monitor-grace-period': duration('How long a node may be silent until it is Unknown.', 50_000),
  'node-startup-grace-period': duration('The same for a node that has never shown its status.', 60_000),
  'node-eviction-rate': float('Nodes a second whose pods are evicted, where most of the zone is well.', 0.1),
  'secondary-node-eviction-rate': float('The same where it is not; none in small clusters.', 0.01),
  'unhealthy-zone-threshold': float('Part of a zone’s nodes that may not be well, of three at least.', 0.55),
  'large-cluster-size-threshold': int('Nodes of a cluster that is small at most.', 50),
  'legacy-service-account-token-clean-up-period': duration(
    'How long a token in a Secret goes unused before it ends.',
    8_760 * 3_600_000,
  ),
  'resource-quota-sync-period': duration('How often a quota is counted anew.', 5 * 60_000),
  'terminated-pod-gc-threshold': int('Pods that have ended and are kept; 0 keeps all.', 12_500),
}

/** What single controllers are told, under upstream's names and with its defaults. */
export const controllerFlags = {
  ...concurrencyFlags,
  ...nodeFlags,
  'max-endpoints-per-slice': int('Endpoints that an EndpointSlice holds at most.', 100, {
    min: 1,
    max: 1_000,
  }),
  'endpointslice-updates-batch-period': duration(
    'Time in which changes of pods gather for EndpointSlices.',
    0,
  ),
  'endpoint-updates-batch-period': duration('Time in which changes of pods gather for Endpoints.', 0),
  'mirroring-max-endpoints-per-subset': int('Addresses of an Endpoints’ subset that are mirrored.', 1_000, {
    min: 1,
    max: 1_000,
  }),
  'mirroring-endpointslice-updates-batch-period': duration(
    'Time in which changes of mirrored EndpointSlices gather.',
    0,
  ),
}

export function controllerOptions(values: FlagValues<typeof controllerFlags>): Partial<ControllersOptions> {
  return {
    endpointSlice: {
      maxEndpointsPerSlice: values['max-endpoints-per-slice'],
      updatesBatchPeriodMs: values['endpointslice-updates-batch-period'],
    },
    endpoints: { updatesBatchPeriodMs: values['endpoint-updates-batch-period'] },
    nodeLifecycle: {
      monitorPeriodMs: values['node-monitor-period'],
      monitorGraceMs: values['node-monitor-grace-period'],
      startupGraceMs: values['node-startup-grace-period'],
      evictionRates: {
        evictionsPerSecond: values['node-eviction-rate'],
        secondaryEvictionsPerSecond: values['secondary-node-eviction-rate'],
        unhealthyZoneShare: values['unhealthy-zone-threshold'],
        largeClusterSize: values['large-cluster-size-threshold'],
      },
    },
    legacyTokenCleaner: { periodMs: values['legacy-service-account-token-clean-up-period'] },
    resourceQuota: { resyncMs: values['resource-quota-sync-period'] },
    podGc: { terminatedThreshold: values['terminated-pod-gc-threshold'] },
    endpointSliceMirroring: {
      maxEndpointsPerSubset: values['mirroring-max-endpoints-per-subset'],
      updatesBatchPeriodMs: values['mirroring-endpointslice-updates-batch-period'],
    },
  }
}

/** A controller with as many workers as its flag says, if it has one. */
export function withWorkers(
  controller: AnyController,
  values: FlagValues<typeof concurrencyFlags>,
): AnyController {
  const flag = concurrencyOf[controller.name]
  return flag === undefined ? controller : { ...controller, workers: values[flag] }
}
