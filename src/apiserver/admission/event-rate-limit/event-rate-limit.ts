import type { core } from '../../../api/generated/types/index.ts'
import { statusError } from '../../../apimachinery/status-error.ts'
import type { Host } from '../../../base/host.ts'
import { LruMap } from '../../../base/lru-map.ts'
import { TokenBucket } from '../../../base/token-bucket.ts'
import type { AdmissionAttributes, AdmissionPlugin } from '../../admission.ts'

export type EventLimitType = 'Server' | 'Namespace' | 'User' | 'SourceAndObject'

export interface EventLimit {
  readonly type: EventLimitType
  readonly qps: number
  readonly burst: number
  /** How many namespaces, users or sources are remembered. */
  readonly cacheSize: number
}

export const defaultEventCacheSize = 4096

function sourceAndObject({ object }: AdmissionAttributes): string {
  const event = object as core.v1.Event | undefined
  const { component = '', host = '' } = event?.source ?? {}
  const { kind = '', namespace = '', name = '', uid = '', apiVersion = '' } = event?.involvedObject ?? {}
  return [component, host, kind, namespace, name, uid, apiVersion].join('')
}

const keys: Readonly<Record<EventLimitType, (attributes: AdmissionAttributes) => string>> = {
  Server: () => '',
  Namespace: ({ namespace }) => namespace,
  User: ({ user }) => user.name,
  SourceAndObject: sourceAndObject,
}

/** Gives what is wrong; undefined: nothing. */
function makeLimit(host: Host, { type, qps, burst, cacheSize }: EventLimit) {
  const buckets = new LruMap<string, TokenBucket>(cacheSize)
  return (attributes: AdmissionAttributes): string | undefined => {
    const key = keys[type](attributes)
    const bucket = buckets.get(key) ?? new TokenBucket(host, qps, burst)
    buckets.set(key, bucket)
    return bucket.tryTake() ? undefined : `limit reached on type ${type} for key ${key}`
  }
}

/** Events come no faster than the configuration lets them. */
export function eventRateLimit(host: Host, limits: readonly EventLimit[]): AdmissionPlugin {
  const checks = limits.map((limit) => makeLimit(host, limit))
  return {
    name: 'EventRateLimit',
    handles: (operation, { kind, group }) =>
      (operation === 'CREATE' || operation === 'UPDATE') &&
      kind === 'Event' &&
      (group === '' || group === 'events.k8s.io'),
    validate: (attributes) => {
      if (attributes.dryRun) return
      const complaints = checks.flatMap((check) => check(attributes) ?? [])
      if (complaints.length === 0) return
      const unique = [...new Set(complaints)]
      const message = unique.length === 1 ? (unique[0] ?? '') : `[${unique.join(', ')}]`
      throw statusError('TooManyRequests', `Too many requests: ${message}`)
    },
  }
}
