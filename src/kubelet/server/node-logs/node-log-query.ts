import { goQuote } from '../../../apimachinery/go-text.ts'
import { parseTime } from '../../../apimachinery/time.ts'
import { defined } from '../../../base/defined.ts'

/** What of the machine's logs is wanted (KEP-2258). */
export interface NodeLogQuery {
  readonly services: readonly string[]
  readonly files: readonly string[]
  readonly sinceMs?: number
  readonly untilMs?: number
  readonly tailLines?: number
  /** 0: since the last start, -1: the one before. */
  readonly boot?: number
  readonly pattern?: string
}

const maxTailLines = 100_000
const maxServiceLength = 256
const maxServices = 4

/** One thing that is wrong with a query: `query: Invalid value: "": …`. */
const invalid = (field: string, value: string | number, why: string): string =>
  `${field}: Invalid value: ${typeof value === 'string' ? goQuote(value) : value}: ${why}`

/** Reads a query's parameters; what cannot be read is added to `errors`. */
export function parseNodeLogQuery(query: URLSearchParams, errors: string[]): NodeLogQuery {
  const asked = query.getAll('query').filter((text) => text.trim() !== '')
  const files = asked.filter((text) => /[/\\]/.test(text))
  if (query.has('query') && asked.length === 0)
    errors.push(invalid('query', query.getAll('query').join(' '), 'query cannot be empty'))
  const time = (name: string): number | undefined => {
    const text = query.get(name) ?? ''
    if (text === '') return undefined
    const parsed = parseTime(text)
    if (parsed === undefined) errors.push(invalid(name, text, 'invalid time format'))
    return parsed
  }
  const whole = (name: string): number | undefined => {
    const text = query.get(name) ?? ''
    if (text === '') return undefined
    if (/^[+-]?\d+$/.test(text)) return Number(text)
    errors.push(invalid(name, text, `strconv.Atoi: parsing ${goQuote(text)}: invalid syntax`))
    return undefined
  }
  const pattern = query.get('pattern') ?? ''
  return {
    ...{ services: asked.filter((text) => !files.includes(text)), files },
    ...defined({ sinceMs: time('sinceTime'), untilMs: time('untilTime') }),
    ...defined({ boot: whole('boot'), tailLines: whole('tailLines') }),
    ...(pattern === '' ? {} : { pattern }),
  }
}

const hasOptions = ({ services: _, files: __, ...options }: NodeLogQuery): boolean =>
  Object.keys(options).length > 0

/** What is wrong with a query whose parameters could be read. */
export function nodeLogQueryErrors(query: NodeLogQuery): readonly string[] {
  const { services, files, sinceMs, untilMs, boot, tailLines } = query
  const errors: string[] = []
  for (const name of services) {
    if (name.length > maxServiceLength)
      errors.push(invalid('query', name, `length must be less than ${maxServiceLength}`))
    else if (!/^[a-zA-Z\-_.:0-9@]*$/.test(name))
      errors.push(invalid('query', name, 'input contains unsupported characters'))
  }
  if (services.length > maxServices)
    errors.push(`query: Too many: ${services.length}: must have at most ${maxServices} items`)
  if (services.length > 0 && files.length > 0)
    errors.push(
      invalid('query', `[${files.join(' ')}], [${services.join(' ')}]`, 'cannot specify a file and service'),
    )
  else if (files.length > 1)
    errors.push(invalid('query', files.join(' '), 'cannot specify more than one file'))
  else if (files.length === 1 && hasOptions(query))
    errors.push(invalid('query', files.join(' '), 'cannot specify file with options'))
  if (sinceMs !== undefined && untilMs !== undefined && sinceMs > untilMs)
    errors.push(invalid('untilTime', new Date(untilMs).toISOString(), 'must be after `sinceTime`'))
  if (boot !== undefined && boot > 0) errors.push(invalid('boot', boot, 'must be less than 1'))
  if (tailLines !== undefined && (tailLines < 0 || tailLines > maxTailLines))
    errors.push(invalid('tailLines', tailLines, `must be between 0 and ${maxTailLines}, inclusive`))
  return errors
}

/** A moment as journalctl reads it. */
const journalTime = (ms: number): string => new Date(ms).toISOString().slice(0, 19).replace('T', ' ')

/** What journalctl is called with. */
export function journalArguments(
  { sinceMs, untilMs, tailLines, boot, pattern }: NodeLogQuery,
  services: readonly string[],
): readonly string[] {
  return [
    ...['--utc', '--no-pager', '--output=short-precise'],
    ...(sinceMs === undefined ? [] : [`--since=${journalTime(sinceMs)}`]),
    ...(untilMs === undefined ? [] : [`--until=${journalTime(untilMs)}`]),
    ...(tailLines === undefined ? [] : ['--pager-end', `--lines=${tailLines}`]),
    ...services.map((service) => `--unit=${service}`),
    ...(pattern === undefined ? [] : [`--grep=${pattern}`, '--case-sensitive=false']),
    ...(boot === undefined ? [] : ['--boot', String(boot)]),
  ]
}

export { hasOptions as hasNodeLogOptions }
