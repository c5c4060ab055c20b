import { isIP } from 'node:net'
import { parseBoolean } from '../../../apimachinery/feature-gates.ts'
import { goDurationError, goDurationText, parseGoDuration } from '../../../apimachinery/go-duration.ts'
import { goQuote } from '../../../apimachinery/go-text.ts'
import { FlagError } from './parse-flags.ts'

/** One flag of a component, with upstream's name for its type. */
export interface Flag<T> {
  /** As the help shows it; '' for a boolean, which may come without a value. */
  readonly type: string
  readonly usage: string
  /** What the flag is when nobody sets it. */
  readonly fallback: T
  /**
   * `before`: what the flag's earlier mentions gave. Throws an Error with Go's words for what cannot be read, and a
   * FlagError for what is wrong otherwise, in upstream's words.
   */
  parse(text: string, before: T | undefined): T
  /** As Go's flag prints a value. */
  text(value: T): string
}

export const text = (usage: string, fallback = ''): Flag<string> => ({
  type: 'string',
  usage,
  fallback,
  parse: (value) => value,
  text: (value) => value,
})

/** A file or folder; undefined when not given. */
export const path = (usage: string): Flag<string | undefined> => ({
  type: 'string',
  usage,
  fallback: undefined,
  parse: (value) => (value === '' ? undefined : value),
  text: (value) => value ?? '',
})

function parseIp(value: string): string {
  const address = value.trim()
  if (isIP(address) === 0) throw new Error(`failed to parse IP: ${goQuote(address)}`)
  return address
}

/** An address; undefined when not given. */
export const ip = (usage: string): Flag<string | undefined> => ({
  ...path(usage),
  type: 'ip',
  parse: parseIp,
})

/** Where to listen; everywhere when neither is given. */
export const bindAddress = (usage: string, fallback = '0.0.0.0'): Flag<string> => ({
  ...text(usage, fallback),
  type: 'ip',
  parse: parseIp,
})

/** `refusal`: upstream's words for what is none of them. */
export const oneOf = <T extends string>(
  usage: string,
  choices: readonly T[],
  fallback: NoInfer<T>,
  refusal?: (value: string) => string,
): Flag<T> => ({
  type: 'string',
  usage: `${usage} One of: ${choices.join(', ')}.`,
  fallback,
  parse: (value) => {
    const choice = choices.find((each) => each === value)
    if (choice === undefined) {
      if (refusal !== undefined) throw new FlagError(refusal(value))
      throw new Error(`it must be one of ${choices.join(', ')}`)
    }
    return choice
  },
  text: (value) => value,
})

/** Of Go's function of that name in strconv, for what is no number. */
export const numberError = (what: string, value: string): Error =>
  new Error(`strconv.${what}: parsing ${goQuote(value)}: invalid syntax`)

export interface IntRange {
  readonly min?: number
  readonly max?: number
  /** Upstream's words for what is outside. */
  readonly refusal?: (value: number) => string
}

/** A whole number. */
export const int = (usage: string, fallback: number, range: IntRange = {}): Flag<number> => ({
  type: 'int',
  usage,
  fallback,
  parse: (value) => {
    if (!/^[+-]?\d+$/.test(value)) throw numberError('ParseInt', value)
    const number = Number(value)
    const { min = Number.MIN_SAFE_INTEGER, max = Number.MAX_SAFE_INTEGER, refusal } = range
    if (number >= min && number <= max) return number
    if (refusal !== undefined) throw new FlagError(refusal(number))
    throw new Error(`must be between ${min} and ${max}, inclusive`)
  },
  text: String,
})

export const float = (usage: string, fallback: number): Flag<number> => ({
  type: 'float',
  usage,
  fallback,
  parse: (value) => {
    if (value.trim() === '' || !Number.isFinite(Number(value))) throw numberError('ParseFloat', value)
    return Number(value)
  },
  text: String,
})

export const boolean = (usage: string, fallback: boolean): Flag<boolean> => ({
  type: '',
  usage,
  fallback,
  parse: (value) => {
    const parsed = parseBoolean(value)
    if (parsed === undefined) throw numberError('ParseBool', value)
    return parsed
  },
  text: String,
})

const nanosPerMs = 1e6

/** Go's `1h2m3.5s`, in milliseconds. `refusal`: upstream's words for what is negative. */
export const duration = (usage: string, fallbackMs: number, refusal?: string): Flag<number> => ({
  type: 'duration',
  usage,
  fallback: fallbackMs,
  parse: (value) => {
    const nanos = parseGoDuration(value)
    if (nanos === undefined) throw new Error(goDurationError(value))
    if (nanos >= 0n) return Number(nanos) / nanosPerMs
    throw refusal === undefined ? new Error('it can not be negative') : new FlagError(refusal)
  },
  text: goDurationText,
})

const bracketed = (items: readonly string[]): string => `[${items.join(',')}]`

/** Comma-separated, and repeated. */
export const list = (usage: string, fallback: readonly string[] = []): Flag<readonly string[]> => ({
  type: 'strings',
  usage,
  fallback,
  parse: (value, before = []) => [...before, ...value.split(',').filter((item) => item !== '')],
  text: bracketed,
})

/** Repeated, each as it is. */
export const repeated = (usage: string): Flag<readonly string[]> => ({
  type: 'stringArray',
  usage,
  fallback: [],
  parse: (value, before = []) => [...before, value],
  text: bracketed,
})

/** `a=b,c=d`, comma-separated and repeated, as whoever reads it parses it; `sign` is between a key and its value. */
export const pairs = <V>(
  usage: string,
  parse: (value: string) => ReadonlyMap<string, V>,
  sign = '=',
): Flag<ReadonlyMap<string, V>> => ({
  type: 'mapStringString',
  usage,
  fallback: new Map(),
  parse: (value, before = new Map()) => new Map([...before, ...parse(value)]),
  text: (value) =>
    [...value]
      .map(([key, each]) => `${key}${sign}${each}`)
      .sort()
      .join(','),
})
