import { dirname, resolve } from 'node:path'
import { parse } from 'yaml'
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

function take<T>(
  fields: Fields,
  name: string,
  type: 'string' | 'number' | 'boolean',
  make: (value: never) => T,
): T | undefined {
  const value = fields[name]
  if (value === undefined || value === null) return undefined
  if (typeof value !== type) throw new FlagError(`${name} must be a ${type}`)
  return make(value as never)
}

const same = <T>(value: T): T => value

const leaderFields = [
  ...['leaderElect', 'leaseDuration', 'renewDeadline', 'retryPeriod'],
  ...['resourceLock', 'resourceName', 'resourceNamespace'],
]

function leaderFlags(value: unknown): Readonly<Record<string, unknown>> {
  const fields = only(value, 'leaderElection', leaderFields)
  const time = duration('', 0)
  const ms = (text: string): number => time.parse(text, undefined)
  return {
    'leader-elect': take(fields, 'leaderElect', 'boolean', same<boolean>),
    'leader-elect-lease-duration': take(fields, 'leaseDuration', 'string', ms),
    'leader-elect-renew-deadline': take(fields, 'renewDeadline', 'string', ms),
    'leader-elect-retry-period': take(fields, 'retryPeriod', 'string', ms),
    'leader-elect-resource-name': take(fields, 'resourceName', 'string', same<string>),
    'leader-elect-resource-namespace': take(fields, 'resourceNamespace', 'string', same<string>),
  }
}

function checkProfiles(value: unknown): void {
  if (value === undefined) return
  if (!Array.isArray(value)) throw new FlagError('profiles must be a list')
  if (value.length > 1) throw new FlagError('profiles: more than one is not there')
  const profile = only(value[0], 'profiles[0]', ['schedulerName'])
  const name = take(profile, 'schedulerName', 'string', same<string>) ?? 'default-scheduler'
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
  const said = {
    kubeconfig: take(client, 'kubeconfig', 'string', (path: string) => resolve(dirname(file), path)),
    'kube-api-qps': take(client, 'qps', 'number', same<number>),
    'kube-api-burst': take(client, 'burst', 'number', same<number>),
    ...leaderFlags(top['leaderElection']),
  }
  const flags = Object.fromEntries(Object.entries(said).filter(([, value]) => value !== undefined))
  const percentage = take(top, 'percentageOfNodesToScore', 'number', same<number>)
  return { flags, ...(percentage === undefined ? {} : { percentageOfNodesToScore: percentage }) }
}
