import { goQuote } from './go-text.ts'

const maxInt64 = 2n ** 63n - 1n
const nanosPerSecond = 1_000_000_000n

const unitNanos: ReadonlyMap<string, bigint> = new Map([
  ['ns', 1n],
  ['us', 1_000n],
  ['µs', 1_000n],
  ['μs', 1_000n],
  ['ms', 1_000_000n],
  ['s', nanosPerSecond],
  ['m', 60n * nanosPerSecond],
  ['h', 3600n * nanosPerSecond],
])

const durationPart = /(\d*)(?:\.(\d*))?([a-z\u00b5\u03bc]+)/y

/** As Go's `time.ParseDuration` reads it (`1h30m`, `-1.5s`); undefined if it does not. */
export function parseGoDuration(text: string): bigint | undefined {
  const body = text.replace(/^[+-]/, '')
  if (body === '0') return 0n
  if (body === '') return undefined
  let nanos = 0n
  let at = 0
  while (at < body.length) {
    durationPart.lastIndex = at
    const match = durationPart.exec(body)
    const [, whole = '', fraction = '', unit = ''] = match ?? []
    const scale = unitNanos.get(unit)
    if (match === null || scale === undefined || (whole === '' && fraction === '')) return undefined
    at += match[0].length
    nanos += BigInt(whole === '' ? 0 : whole) * scale
    if (fraction !== '') nanos += (BigInt(fraction) * scale) / 10n ** BigInt(fraction.length)
  }
  const signed = text.startsWith('-') ? -nanos : nanos
  return signed < -maxInt64 - 1n || signed > maxInt64 ? undefined : signed
}

const looseParts = /([0-9]*\.?[0-9]*)([^0-9.]*)/y

/** What `time.ParseDuration` finds wrong; undefined: nothing. */
export function goDurationError(text: string): string | undefined {
  const quoted = goQuote(text)
  const body = text.replace(/^[+-]/, '')
  if (body === '0') return undefined
  let at = 0
  do {
    looseParts.lastIndex = at
    const [part = '', number = '', unit = ''] = looseParts.exec(body) ?? []
    if (!/\d/.test(number)) return `time: invalid duration ${quoted}`
    if (unit === '') return `time: missing unit in duration ${quoted}`
    if (!unitNanos.has(unit)) return `time: unknown unit ${goQuote(unit)} in duration ${quoted}`
    at += part.length
  } while (at < body.length)
  return parseGoDuration(text) === undefined ? `time: invalid duration ${quoted}` : undefined
}

/** Go's text of so many milliseconds: `1.5s`, `15m0s`, `1h0m0s`. */
export function goDurationText(ms: number): string {
  if (ms < 0) return `-${goDurationText(-ms)}`
  if (ms < 1) return ms === 0 ? '0s' : `${Number((ms * 1_000).toFixed(3))}µs`
  if (ms < 1_000) return `${ms}ms`
  const seconds = `${Number(((ms % 60_000) / 1_000).toFixed(6))}s`
  const minutes = Math.floor(ms / 60_000)
  if (minutes === 0) return seconds
  return minutes < 60 ? `${minutes}m${seconds}` : `${Math.floor(minutes / 60)}h${minutes % 60}m${seconds}`
}
