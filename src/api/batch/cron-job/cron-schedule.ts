import { goDurationError, parseGoDuration } from '../../../apimachinery/go-duration.ts'
import { goInt, goQuote } from '../../../apimachinery/go-text.ts'
import { type TimeZone, timeZoneOf, utc } from '../../../apimachinery/time-zone.ts'

/** Times by the calendar of a zone. */
export interface CalendarSchedule {
  readonly minutes: ReadonlySet<number>
  readonly hours: ReadonlySet<number>
  readonly daysOfMonth: ReadonlySet<number>
  /** January is 1. */
  readonly months: ReadonlySet<number>
  /** Sunday is 0. */
  readonly daysOfWeek: ReadonlySet<number>
  /** Only days that both say; otherwise any that one of them says. */
  readonly wantsBothDays: boolean
  readonly zone: TimeZone
}

/** Every so many seconds. */
export interface IntervalSchedule {
  readonly everySeconds: number
}

export type CronSchedule = CalendarSchedule | IntervalSchedule

export interface Wrong {
  readonly error: string
}

/** What a field of a schedule may hold. */
interface Bounds {
  readonly min: number
  readonly max: number
  readonly names?: readonly string[]
}

const minutes: Bounds = { min: 0, max: 59 }
const hours: Bounds = { min: 0, max: 23 }
const daysOfMonth: Bounds = { min: 1, max: 31 }
const months: Bounds = {
  min: 1,
  max: 12,
  names: ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'],
}
const daysOfWeek: Bounds = { min: 0, max: 6, names: ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'] }

const descriptors: ReadonlyMap<string, string> = new Map([
  ['@yearly', '0 0 1 1 *'],
  ['@annually', '0 0 1 1 *'],
  ['@monthly', '0 0 1 * *'],
  ['@weekly', '0 0 * * 0'],
  ['@daily', '0 0 * * *'],
  ['@midnight', '0 0 * * *'],
  ['@hourly', '0 * * * *'],
])

function parseNumber(text: string): number | Wrong {
  const value = goInt(text)
  if (value === undefined)
    return {
      error: `failed to parse int from ${text}: strconv.Atoi: parsing ${goQuote(text)}: invalid syntax`,
    }
  return value < 0 ? { error: `negative number (${value}) not allowed: ${text}` } : value
}

function parseValue(text: string, { min, names = [] }: Bounds): number | Wrong {
  const named = names.indexOf(text.toLowerCase())
  return named < 0 ? parseNumber(text) : named + min
}

interface Range {
  readonly first: number
  readonly last: number
  readonly isSingle: boolean
  readonly isStar: boolean
}

function parseRange(text: string, expression: string, bounds: Bounds): Range | Wrong {
  const [low = '', high, ...more] = text.split('-')
  const isSingle = high === undefined
  if (low === '*' || low === '?') return { first: bounds.min, last: bounds.max, isSingle, isStar: true }
  const first = parseValue(low, bounds)
  if (typeof first !== 'number') return first
  if (more.length > 0) return { error: `too many hyphens: ${expression}` }
  const last = isSingle ? first : parseValue(high, bounds)
  return typeof last === 'number' ? { first, last, isSingle, isStar: false } : last
}

interface Field {
  readonly values: ReadonlySet<number>
  /** It has a star, so that it does not narrow down what another field says. */
  readonly isStar: boolean
}

/** One expression between commas: `*`, `5`, `mon-fri`, each with `/step`. */
function parseExpression(expression: string, bounds: Bounds): Field | Wrong {
  const [text = '', stepText, ...more] = expression.split('/')
  const range = parseRange(text, expression, bounds)
  if ('error' in range) return range
  if (more.length > 0) return { error: `too many slashes: ${expression}` }
  const step = stepText === undefined ? 1 : parseNumber(stepText)
  if (typeof step !== 'number') return step
  const { first } = range
  const last = stepText !== undefined && range.isSingle ? bounds.max : range.last
  if (first < bounds.min)
    return { error: `beginning of range (${first}) below minimum (${bounds.min}): ${expression}` }
  if (last > bounds.max)
    return { error: `end of range (${last}) above maximum (${bounds.max}): ${expression}` }
  if (first > last)
    return { error: `beginning of range (${first}) beyond end of range (${last}): ${expression}` }
  if (step === 0) return { error: `step of range should be a positive number: ${expression}` }
  const values = new Set<number>()
  for (let value = first; value <= last; value += step) values.add(value)
  return { values, isStar: range.isStar && step === 1 }
}

function parseField(text: string, bounds: Bounds): Field | Wrong {
  const values = new Set<number>()
  let isStar = false
  for (const expression of text.split(',')) {
    const part =
      expression === '' ? { values: new Set<number>(), isStar: false } : parseExpression(expression, bounds)
    if ('error' in part) return part
    for (const value of part.values) values.add(value)
    isStar ||= part.isStar
  }
  return { values, isStar }
}

const allBounds = [minutes, hours, daysOfMonth, months, daysOfWeek]

function parseCalendar(text: string, zone: TimeZone): CalendarSchedule | Wrong {
  const texts = text.split(/\s+/).filter((each) => each !== '')
  if (texts.length !== allBounds.length)
    return {
      error: `expected exactly ${allBounds.length} fields, found ${texts.length}: [${texts.join(' ')}]`,
    }
  const fields: Field[] = []
  for (const [index, bounds] of allBounds.entries()) {
    const field = parseField(texts[index] ?? '', bounds)
    if ('error' in field) return field
    fields.push(field)
  }
  const none: Field = { values: new Set(), isStar: false }
  const [minute = none, hour = none, day = none, month = none, weekday = none] = fields
  return {
    minutes: minute.values,
    hours: hour.values,
    daysOfMonth: day.values,
    months: month.values,
    daysOfWeek: weekday.values,
    wantsBothDays: day.isStar || weekday.isStar,
    zone,
  }
}

const nanosPerSecond = 1_000_000_000n
const everyPrefix = '@every '

/** Whole seconds, at least one. */
function parseEvery(text: string): IntervalSchedule | Wrong {
  const duration = text.slice(everyPrefix.length)
  const error = goDurationError(duration)
  if (error !== undefined) return { error: `failed to parse duration ${text}: ${error}` }
  const seconds = Number((parseGoDuration(duration) ?? 0n) / nanosPerSecond)
  return { everySeconds: Math.max(1, seconds) }
}

/**
 * A CronJob's schedule: five fields, a macro (`@daily`, `@every 1h`), and before it `TZ=zone` or `CRON_TZ=zone`
 * (otherwise times are those of `zone`). What is wrong is told in the words of the library that upstream uses
 * (robfig/cron).
 */
export function parseCronSchedule(schedule: string, zone: TimeZone = utc): CronSchedule | Wrong {
  let rest = schedule
  let own: TimeZone | undefined = zone
  if (/^(?:CRON_)?TZ=/.test(schedule)) {
    const end = schedule.indexOf(' ')
    if (end < 0) return { error: 'invalid schedule format: runtime error: slice bounds out of range [:-1]' }
    const name = schedule.slice(schedule.indexOf('=') + 1, end)
    own = timeZoneOf(name)
    if (own === undefined) return { error: `provided bad location ${name}: unknown time zone ${name}` }
    rest = schedule.slice(end).trim()
  }
  if (!rest.startsWith('@')) return parseCalendar(rest, own)
  if (rest.startsWith(everyPrefix)) return parseEvery(rest)
  const calendar = descriptors.get(rest)
  return calendar === undefined ? { error: `unrecognized descriptor: ${rest}` } : parseCalendar(calendar, own)
}
