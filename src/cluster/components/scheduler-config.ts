import { dirname, resolve } from 'node:path'
import { parse } from 'yaml'
import { defined } from '../../base/defined.ts'
import type { ComponentFlags } from './component-base.ts'
import { duration } from './flags/flag-types.ts'
import { FlagError } from './flags/parse-flags.ts'

type Fields = Readonly<Record<string, unknown>>

/** What a KubeSchedulerConfiguration can say here. */
export interface SchedulerConfig {
  readonly flags: Partial<ComponentFlags>
  readonly percentageOfNodesToScore?: number
}

const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** The fields of `value` that are named; throws FlagError for others, so that nothing is passed over in silence. */
function only(value: unknown, where: string, names: readonly string[]): Fields {
  if (value === undefined || value === null) return {}
  if (!isFields(value)) throw new FlagError(`${where} must be an object`)
  const other = Object.keys(value).find((name) => !names.includes(name))
  if (other !== undefined) throw new FlagError(`unknown field "${where === '' ? '' : `${where}.`}${other}"`)
  return value
}

const wrong = (name: string, type: string): FlagError => new FlagError(`${name} must be a ${type}`)

function textOf(fields: Fields, name: string): string | undefined {
  const value = fields[name] ?? undefined
  if (value !== undefined && typeof value !== 'string') throw wrong(name, 'string')
  return value
}

function numberOf(fields: Fields, name: string): number | undefined {
  const value = fields[name] ?? undefined
  if (value !== undefined && typeof value !== 'number') throw wrong(name, 'number')
  return value
}

function booleanOf(fields: Fields, name: string): boolean | undefined {
  const value = fields[name] ?? undefined
  if (value !== undefined && typeof value !== 'boolean') throw wrong(name, 'boolean')
  return value
}

/** Milliseconds. */
function durationOf(fields: Fields, name: string): number | undefined {
  const text = textOf(fields, name)
  return text === undefined ? undefined : duration('', 0).parse(text, undefined)
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

function checkProfiles(value: unknown): void {
  if (value === undefined) return
  if (!Array.isArray(value)) throw new FlagError('profiles must be a list')
  if (value.length > 1) throw new FlagError('profiles: more than one is not there')
  const profile = only(value[0], 'profiles[0]', ['schedulerName'])
  const name = textOf(profile, 'schedulerName') ?? 'default-scheduler'
  if (name !== 'default-scheduler')
    throw new FlagError(`profiles[0].schedulerName: ${name} is not there, only default-scheduler`)
}

/**
 * Reads a file of kind KubeSchedulerConfiguration (https://kubernetes.io/docs/reference/config-api/kube-scheduler-config.v1/)
 * into flags; relative files in it are beside it. Throws FlagError for what is wrong, or not there.
 */
export function schedulerConfig(text: string, file: string): SchedulerConfig {
  const top = only(parse(text), '', [
    ...['apiVersion', 'kind', 'clientConnection', 'leaderElection', 'percentageOfNodesToScore', 'profiles'],
  ])
  const what = `${String(top['apiVersion'])} ${String(top['kind'])}`
  if (what !== 'kubescheduler.config.k8s.io/v1 KubeSchedulerConfiguration') {
    throw new FlagError(
      `${file} is a ${what}, not a kubescheduler.config.k8s.io/v1 KubeSchedulerConfiguration`,
    )
  }
  checkProfiles(top['profiles'])
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
