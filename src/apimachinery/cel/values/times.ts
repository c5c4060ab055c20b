import { parseGoDuration } from '../../go-duration.ts'
import { timeZoneOf } from '../../time-zone.ts'
import { addInts, intOverflow } from './integers.ts'
import { CelError, Duration, Timestamp } from './value.ts'

const minSeconds = -62_135_596_800
const maxSeconds = 253_402_300_799
const nanosPerSecond = 1_000_000_000n
const maxInt64 = 2n ** 63n - 1n
const minInt64 = -(2n ** 63n)

const timestampOverflow = (): CelError => new CelError('timestamp overflow')

export const checkedDuration = (nanos: bigint): Duration | CelError =>
  nanos < minInt64 || nanos > maxInt64 ? intOverflow() : new Duration(nanos)

/** undefined if the seconds are outside of the years 1 to 9999. */
export const timestampOf = (seconds: number, nanos = 0, offsetSeconds = 0): Timestamp | CelError =>
  seconds < minSeconds || seconds > maxSeconds
    ? timestampOverflow()
    : new Timestamp(seconds, nanos, offsetSeconds)

const instantNanos = (time: Timestamp): bigint => BigInt(time.seconds) * nanosPerSecond + BigInt(time.nanos)

export function addDuration(time: Timestamp, duration: bigint): Timestamp | CelError {
  const total = instantNanos(time) + duration
  const nanos = ((total % nanosPerSecond) + nanosPerSecond) % nanosPerSecond
  return timestampOf(Number((total - nanos) / nanosPerSecond), Number(nanos), time.offsetSeconds)
}

export const durationBetween = (later: Timestamp, earlier: Timestamp): Duration | CelError =>
  checkedDuration(instantNanos(later) - instantNanos(earlier))

const looseUnits: readonly (readonly [bigint, readonly string[]])[] = [
  [1n, ['ns', 'nano']],
  [1_000n, ['us', 'µs', 'micro']],
  [1_000_000n, ['ms', 'milli']],
  [nanosPerSecond, ['s', 'sec']],
  [60n * nanosPerSecond, ['m', 'min']],
  [3600n * nanosPerSecond, ['h', 'hr', 'hour']],
  [86_400n * nanosPerSecond, ['d', 'day']],
  [604_800n * nanosPerSecond, ['w', 'wk', 'week']],
]

/** `format: duration` of a schema: Go's, and words such as `3 days`. */
export function parseFormatDuration(text: string): bigint | undefined {
  const strict = parseGoDuration(text)
  if (strict !== undefined) return strict
  let found = false
  let nanos = 0n
  for (const [, count = '', name = ''] of text.matchAll(/(\d+)\s*([A-Za-zµ]+)/g)) {
    const unit = name.toLowerCase()
    for (const [scale, names] of looseUnits) {
      const isMeant = names.some((each, index) =>
        index === names.length - 1 ? unit.startsWith(each) : unit === each,
      )
      if (!isMeant) continue
      found = true
      nanos += BigInt(count) * scale
    }
  }
  return found ? BigInt.asIntN(64, nanos) : undefined
}

/** A duration's text: seconds without trailing zeros (`1.5s`). */
export function formatDuration({ nanos }: Duration): string {
  const magnitude = nanos < 0n ? -nanos : nanos
  const fraction = String(magnitude % nanosPerSecond)
    .padStart(9, '0')
    .replace(/0+$/, '')
  const sign = nanos < 0n ? '-' : ''
  return `${sign}${magnitude / nanosPerSecond}${fraction === '' ? '' : `.${fraction}`}s`
}

const rfc3339 = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:[.,](\d+))?(?:Z|([+-])(\d\d):(\d\d))$/

/** Days since 1970 of a date that exists; undefined for others. */
function daysOf(year: number, month: number, day: number): number | undefined {
  const date = new Date(0)
  date.setUTCFullYear(year, month - 1, day)
  return date.getUTCMonth() === month - 1 && date.getUTCDate() === day
    ? date.getTime() / 86_400_000
    : undefined
}

/** RFC 3339 as Go reads it; undefined if it does not. */
export function parseTimestamp(text: string): Timestamp | undefined {
  const match = rfc3339.exec(text)
  if (match === null) return undefined
  const numbers = match.slice(1, 7).map(Number)
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = numbers
  const days = daysOf(year, month, day)
  const zoneHour = Number(match[9] ?? 0)
  const zoneMinute = Number(match[10] ?? 0)
  if (days === undefined || hour > 23 || minute > 59 || second > 59 || zoneHour > 24 || zoneMinute > 59) {
    return undefined
  }
  const offsetSeconds = (zoneHour * 3600 + zoneMinute * 60) * (match[8] === '-' ? -1 : 1)
  const nanos = Number((match[7] ?? '').slice(0, 9).padEnd(9, '0'))
  return new Timestamp(
    days * 86_400 + hour * 3600 + minute * 60 + second - offsetSeconds,
    nanos,
    offsetSeconds,
  )
}

const fullDate = /^(\d{4})-(\d\d)-(\d\d)$/

/** `format: date` of a schema. */
export function parseDate(text: string): Timestamp | undefined {
  const [, year, month, day] = fullDate.exec(text) ?? []
  const days = year === undefined ? undefined : daysOf(Number(year), Number(month), Number(day))
  return days === undefined ? undefined : new Timestamp(days * 86_400, 0)
}

/** `format: date-time` of a schema: RFC 3339; without a zone it is in UTC, and empty is 1970. */
export function parseDateTime(text: string): Timestamp | undefined {
  if (text === '') return new Timestamp(0, 0)
  return parseTimestamp(text) ?? parseTimestamp(`${text}Z`)
}

/** RFC 3339 with as many digits as it takes, in the zone that it was written in. */
export function formatTimestamp(time: Timestamp, offsetSeconds = time.offsetSeconds): string {
  const local = new Date((time.seconds + offsetSeconds) * 1000).toISOString().slice(0, 19)
  const digits = String(time.nanos).padStart(9, '0').replace(/0+$/, '')
  const fraction = digits === '' ? '' : `.${digits}`
  if (offsetSeconds === 0) return `${local}${fraction}Z`
  const minutes = Math.trunc(Math.abs(offsetSeconds) / 60)
  const two = (value: number): string => String(value).padStart(2, '0')
  const zone = `${two(Math.trunc(minutes / 60))}:${two(minutes % 60)}`
  return `${local}${fraction}${offsetSeconds < 0 ? '-' : '+'}${zone}`
}

/** Seconds east of UTC of a zone (`America/New_York`, `-08:00`) at an instant. */
function zoneOffset(zone: string, seconds: number): number | CelError {
  const fixed = /^([+-]?)(\d+):(\d+)$/.exec(zone)
  if (fixed !== null) {
    const total = Number(fixed[2]) * 3600 + Number(fixed[3]) * 60
    return fixed[1] === '-' ? -total : total
  }
  if (zone === '' || zone === 'UTC') return 0
  return timeZoneOf(zone)?.offsetSeconds(seconds) ?? new CelError(`unknown time zone ${zone}`)
}

/** The date and time of day in a zone, as a Date in UTC. */
export function inZone(time: Timestamp, zone: string): Date | CelError {
  const offset = zoneOffset(zone, time.seconds)
  return offset instanceof CelError ? offset : new Date((time.seconds + offset) * 1000)
}

/** Seconds since 1970 as a timestamp. */
export function timestampOfSeconds(seconds: number | bigint): Timestamp | CelError {
  const sum = addInts(seconds, 0)
  return typeof sum === 'number' ? timestampOf(sum) : timestampOverflow()
}
