/** What a field of a schedule may hold. */
interface Bounds {
  readonly min: number
  readonly max: number
  readonly names?: readonly string[]
}

const weekdays = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat']
const months = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec']

const fields: readonly Bounds[] = [
  { min: 0, max: 59 },
  { min: 0, max: 23 },
  { min: 1, max: 31 },
  { min: 1, max: 12, names: months },
  { min: 0, max: 6, names: weekdays },
]

const descriptors = new Set(['@yearly', '@annually', '@monthly', '@weekly', '@daily', '@midnight', '@hourly'])

interface Wrong {
  readonly error: string
}

function parseNumber(text: string): number | Wrong {
  if (!/^[+-]?\d+$/.test(text))
    return {
      error: `failed to parse int from ${text}: strconv.Atoi: parsing ${JSON.stringify(text)}: invalid syntax`,
    }
  const value = Number(text)
  return value < 0 ? { error: `negative number (${value}) not allowed: ${text}` } : value
}

function parseValue(text: string, { min, names = [] }: Bounds): number | Wrong {
  const named = names.indexOf(text.toLowerCase())
  return named < 0 ? parseNumber(text) : named + min
}

interface Range {
  readonly first: number
  readonly last: number
  readonly single: boolean
}

function parseRange(text: string, expression: string, bounds: Bounds): Range | Wrong {
  const [low = '', high, ...more] = text.split('-')
  const single = high === undefined
  if (low === '*' || low === '?') return { first: bounds.min, last: bounds.max, single }
  const first = parseValue(low, bounds)
  if (typeof first !== 'number') return first
  if (more.length > 0) return { error: `too many hyphens: ${expression}` }
  if (single) return { first, last: first, single }
  const last = parseValue(high, bounds)
  return typeof last === 'number' ? { first, last, single } : last
}

/** Of one expression between commas: `*`, `5`, `mon-fri`, each with `/step`. */
function expressionError(expression: string, bounds: Bounds): string | undefined {
  const [text = '', stepText, ...more] = expression.split('/')
  const range = parseRange(text, expression, bounds)
  if ('error' in range) return range.error
  if (more.length > 0) return `too many slashes: ${expression}`
  const step = stepText === undefined ? 1 : parseNumber(stepText)
  if (typeof step !== 'number') return step.error
  const { first } = range
  const last = stepText !== undefined && range.single ? bounds.max : range.last
  if (first < bounds.min) return `beginning of range (${first}) below minimum (${bounds.min}): ${expression}`
  if (last > bounds.max) return `end of range (${last}) above maximum (${bounds.max}): ${expression}`
  if (first > last) return `beginning of range (${first}) beyond end of range (${last}): ${expression}`
  return step === 0 ? `step of range should be a positive number: ${expression}` : undefined
}

const durationParts = /([0-9]*\.?[0-9]*)([^0-9.]*)/y
const durationUnits = new Set(['ns', 'us', 'µs', 'μs', 'ms', 's', 'm', 'h'])

/** What Go's time.ParseDuration finds wrong. */
function durationError(text: string): string | undefined {
  const quoted = JSON.stringify(text)
  const body = text.replace(/^[+-]/, '')
  if (body === '0') return undefined
  if (body === '') return `time: invalid duration ${quoted}`
  let at = 0
  while (at < body.length) {
    durationParts.lastIndex = at
    const [whole = '', number = '', unit = ''] = durationParts.exec(body) ?? []
    if (!/\d/.test(number)) return `time: invalid duration ${quoted}`
    if (unit === '') return `time: missing unit in duration ${quoted}`
    if (!durationUnits.has(unit)) return `time: unknown unit ${JSON.stringify(unit)} in duration ${quoted}`
    at += whole.length
  }
  return undefined
}

function descriptorError(text: string): string | undefined {
  if (descriptors.has(text)) return undefined
  const every = '@every '
  if (!text.startsWith(every)) return `unrecognized descriptor: ${text}`
  const duration = text.slice(every.length)
  const error = durationError(duration)
  return error === undefined ? undefined : `failed to parse duration ${duration}: ${error}`
}

/** What is wrong with a CronJob's schedule, in the words of the library that upstream uses (robfig/cron). */
export function cronScheduleError(
  schedule: string,
  timeZoneError: (name: string) => string | undefined,
): string | undefined {
  let rest = schedule
  if (/^(?:CRON_)?TZ=/.test(schedule)) {
    const end = schedule.indexOf(' ')
    if (end < 0) return 'invalid schedule format: runtime error: slice bounds out of range [:-1]'
    const zone = schedule.slice(schedule.indexOf('=') + 1, end)
    const error = timeZoneError(zone)
    if (error !== undefined) return `provided bad location ${zone}: ${error}`
    rest = schedule.slice(end).trim()
  }
  if (rest.startsWith('@')) return descriptorError(rest)
  const texts = rest.split(/\s+/).filter((text) => text !== '')
  if (texts.length !== fields.length)
    return `expected exactly ${fields.length} fields, found ${texts.length}: [${texts.join(' ')}]`
  for (const [index, bounds] of fields.entries())
    for (const expression of (texts[index] ?? '').split(',')) {
      const error = expression === '' ? undefined : expressionError(expression, bounds)
      if (error !== undefined) return error
    }
  return undefined
}
