import { dirname, resolve } from 'node:path'
import { parse } from 'yaml'
import { defined } from '../../base/defined.ts'
import type { ComponentFlags } from './component-base.ts'
import { booleanOf, configObject, durationOf, listOf, numberOf, only, textOf } from './config-fields.ts'
import { FlagError } from './flags/parse-flags.ts'

/** What a KubeSchedulerConfiguration can say here. */
export interface SchedulerConfig {
  readonly flags: Partial<ComponentFlags>
  readonly percentageOfNodesToScore?: number
}

const leaderFields = [
  ...['leaderElect', 'leaseDuration', 'renewDeadline', 'retryPeriod'],
  ...['resourceLock', 'resourceName', 'resourceNamespace'],
]

function leaderFlags(value: unknown): Partial<ComponentFlags> {
  const fields = only(value, 'leaderElection', leaderFields)
  const lock = textOf(fields, 'resourceLock') ?? 'leases'
  if (lock !== 'leases') throw new FlagError(`leaderElection.resourceLock: ${lock} is not there, only leases`)
  return defined({
    'leader-elect': booleanOf(fields, 'leaderElect'),
    'leader-elect-lease-duration': durationOf(fields, 'leaseDuration'),
    'leader-elect-renew-deadline': durationOf(fields, 'renewDeadline'),
    'leader-elect-retry-period': durationOf(fields, 'retryPeriod'),
    'leader-elect-resource-name': textOf(fields, 'resourceName'),
    'leader-elect-resource-namespace': textOf(fields, 'resourceNamespace'),
  })
}

function checkProfiles(profiles: readonly unknown[]): void {
  if (profiles.length > 1) throw new FlagError('profiles: more than one is not there')
  const profile = only(profiles[0], 'profiles[0]', ['schedulerName'])
  const name = textOf(profile, 'schedulerName') ?? 'default-scheduler'
  if (name !== 'default-scheduler')
    throw new FlagError(`profiles[0].schedulerName: ${name} is not there, only default-scheduler`)
}

/**
 * Reads a file of kind KubeSchedulerConfiguration (https://kubernetes.io/docs/reference/config-api/kube-scheduler-config.v1/)
 * into flags; relative files in it are beside it. Throws FlagError for what is wrong, or not there.
 */
export function schedulerConfig(text: string, file: string): SchedulerConfig {
  const kind = ['kubescheduler.config.k8s.io/v1', 'KubeSchedulerConfiguration'] as const
  const top = configObject(parse(text), file, kind, [
    ...['clientConnection', 'leaderElection', 'percentageOfNodesToScore', 'profiles'],
  ])
  checkProfiles(listOf(top, 'profiles') ?? [])
  const client = only(top['clientConnection'], 'clientConnection', ['kubeconfig', 'qps', 'burst'])
  const kubeconfig = textOf(client, 'kubeconfig')
  const flags = defined({
    kubeconfig: kubeconfig === undefined ? undefined : resolve(dirname(file), kubeconfig),
    'kube-api-qps': numberOf(client, 'qps'),
    'kube-api-burst': numberOf(client, 'burst'),
    ...leaderFlags(top['leaderElection']),
  })
  const percentageOfNodesToScore = numberOf(top, 'percentageOfNodesToScore')
  return defined({ flags, percentageOfNodesToScore })
}
