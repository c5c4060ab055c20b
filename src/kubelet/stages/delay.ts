import type { FieldsReader } from '../../apimachinery/fields-reader.ts'
import { parseGoDuration } from '../../apimachinery/go-duration.ts'
import type { KubernetesObject } from '../../apimachinery/meta.ts'
import { parseTime } from '../../apimachinery/time.ts'
import type { Host } from '../../base/host.ts'
import type { Query } from './query.ts'
import { readQuery } from './selector.ts'

/** How long a stage waits with this object, in milliseconds. */
export type Delay = (object: KubernetesObject, host: Host) => number

/** An expression of the form `{ expressionFrom }` or `{ jq: { expression } }`. */
export function readSource(fields: FieldsReader | undefined): Query | undefined {
  const jq = fields?.object('jq')
  const query = readQuery(fields, 'expressionFrom') ?? readQuery(jq, 'expression')
  jq?.end()
  fields?.end()
  return query
}

/** A point in time is so far away, a text is a duration of Go's; undefined for anything else. */
function millisecondsOf(value: unknown, nowMs: number): number | undefined {
  if (typeof value !== 'string') return undefined
  const nanos = parseGoDuration(value)
  if (nanos !== undefined) return Number(nanos) / 1e6
  const time = parseTime(value)
  return time === undefined ? undefined : time - nowMs
}

/**
 * As KWOK's: between `durationMilliseconds` and `jitterDurationMilliseconds`, each value as likely; the latter alone
 * where it is the shorter. What `durationFrom` and `jitterDurationFrom` find in the object comes before both.
 */
export function readDelay(fields: FieldsReader | undefined): Delay {
  if (fields === undefined) return () => 0
  const fixed = fields.integer('durationMilliseconds') ?? 0
  const fixedJitter = fields.integer('jitterDurationMilliseconds')
  const from = readSource(fields.object('durationFrom'))
  const jitterFrom = readSource(fields.object('jitterDurationFrom'))
  fields.end()
  return (object, host) => {
    const read = (query: Query | undefined): number | undefined =>
      millisecondsOf(query?.(object)[0], host.now())
    const least = Math.max(read(from) ?? fixed, 0)
    const most = read(jitterFrom) ?? fixedJitter
    if (most === undefined) return least
    return most <= least ? Math.max(most, 0) : least + host.random() * (most - least)
  }
}
