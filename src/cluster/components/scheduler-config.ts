import { dirname, resolve } from 'node:path'
import { parse } from 'yaml'
import type { Features } from '../../apimachinery/feature-gates.ts'
import { defined } from '../../base/defined.ts'
import type { SchedulerConfiguration } from '../../scheduler/config/read-configuration.ts'
import { type CustomPlugin, SchedulingError, schedulingOf } from '../../scheduler/config/scheduling-of.ts'
import type { ComponentFlags } from './component-base.ts'
import { booleanOf, configObject, durationOf, numberOf, only, textOf } from './config-fields.ts'
import { FlagError } from './flags/parse-flags.ts'

/** What a KubeSchedulerConfiguration says. */
export interface SchedulerConfig {
  readonly flags: Partial<ComponentFlags>
  readonly scheduling: SchedulerConfiguration
}

const leaderFields = [
  ...['leaderElect', 'leaseDuration', 'renewDeadline', 'retryPeriod'],
  ...['resourceLock', 'resourceName', 'resourceNamespace'],
]

function leaderFlags(value: unknown): Partial<ComponentFlags> {
  const fields = only(value, 'leaderElection', leaderFields)
  const lock = textOf(fields, 'resourceLock') ?? 'leases'
  if (lock !== 'leases')
    throw new FlagError(
      `leaderElection.resourceLock: Invalid value: "${lock}": resourceLock value must be "leases"`,
    )
  return defined({
    'leader-elect': booleanOf(fields, 'leaderElect'),
    'leader-elect-lease-duration': durationOf(fields, 'leaseDuration'),
    'leader-elect-renew-deadline': durationOf(fields, 'renewDeadline'),
    'leader-elect-retry-period': durationOf(fields, 'retryPeriod'),
    'leader-elect-resource-name': textOf(fields, 'resourceName'),
    'leader-elect-resource-namespace': textOf(fields, 'resourceNamespace'),
  })
}

/**
 * Reads a file of kind KubeSchedulerConfiguration (https://kubernetes.io/docs/reference/config-api/kube-scheduler-config.v1/)
 * into flags; relative files in it are beside it. Throws FlagError for what is wrong, or not there.
 */
export function schedulerConfig(
  text: string,
  file: string,
  plugins: readonly CustomPlugin[] = [],
  features?: Features,
): SchedulerConfig {
  const kind = ['kubescheduler.config.k8s.io/v1', 'KubeSchedulerConfiguration'] as const
  const top = configObject(parse(text), file, kind, [
    ...[
      'clientConnection',
      'leaderElection',
      'percentageOfNodesToScore',
      'profiles',
      'parallelism',
      'extenders',
    ],
    ...['podInitialBackoffSeconds', 'podMaxBackoffSeconds', 'enableProfiling', 'enableContentionProfiling'],
  ])
  const client = only(top['clientConnection'], 'clientConnection', ['kubeconfig', 'qps', 'burst'])
  const kubeconfig = textOf(client, 'kubeconfig')
  const flags = defined({
    kubeconfig: kubeconfig === undefined ? undefined : resolve(dirname(file), kubeconfig),
    'kube-api-qps': numberOf(client, 'qps'),
    'kube-api-burst': numberOf(client, 'burst'),
    ...leaderFlags(top['leaderElection']),
  })
  try {
    const { clientConnection: _client, leaderElection: _election, ...configuration } = top
    return { flags, scheduling: schedulingOf({ configuration, plugins }, features) }
  } catch (error) {
    throw error instanceof SchedulingError ? new FlagError(`${file}: ${error.message}`) : error
  }
}
