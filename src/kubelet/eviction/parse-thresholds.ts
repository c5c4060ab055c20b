import { goQuote } from '../../apimachinery/go-text.ts'
import { parseQuantity } from '../../apimachinery/quantity.ts'
import { derivedSignals, type Signal, signals, type Threshold, type ThresholdValue } from './thresholds.ts'

/** Texts by signal, as `memory.available: 100Mi` or `nodefs.available: 10%`. */
export type ThresholdTexts = ReadonlyMap<string, string>

export interface ThresholdSource {
  readonly hard: ThresholdTexts
  readonly soft: ThresholdTexts
  /** For each soft threshold, in milliseconds. */
  readonly softGraceMs: ReadonlyMap<string, number>
  readonly minimumReclaim: ThresholdTexts
}

const nanosPerUnit = 1_000_000_000n

function signalOf(name: string): Signal {
  const found = signals.find((signal) => signal === name)
  if (found === undefined) throw new Error(`unsupported eviction signal ${name}`)
  return found
}

function thresholdValue(signal: Signal, text: string): ThresholdValue {
  if (text.endsWith('%')) {
    const number = text.slice(0, -1)
    if (!/^[+-]?\d+(\.\d+)?$/.test(number))
      throw new Error(`strconv.ParseFloat: parsing ${goQuote(number)}: invalid syntax`)
    const percent = Number(number)
    if (percent < 0) throw new Error(`eviction percentage threshold ${signal} must be >= 0%: ${text}`)
    if (percent > 100) throw new Error(`eviction percentage threshold ${signal} must be <= 100%: ${text}`)
    return { share: percent / 100 }
  }
  const parsed = parseQuantity(text)
  if ('error' in parsed) throw new Error(parsed.error)
  if (parsed.nano < 0n) throw new Error(`eviction threshold ${signal} must be positive: ${text}`)
  return { quantity: Number(parsed.nano / nanosPerUnit) }
}

/** Upstream: these two say that a signal is not to be watched. */
const isOff = (text: string): boolean => text === '0%' || text === '100%'

const isWatched = ([name, text]: readonly [string, string]): boolean =>
  !isOff(text) && !derivedSignals.includes(name)

/** Thresholds of a configuration (`--eviction-hard` and its like). Throws an Error for what cannot be read. */
export function parseThresholds(source: ThresholdSource): readonly Threshold[] {
  const reclaims = new Map(
    [...source.minimumReclaim]
      .filter(([name]) => !derivedSignals.includes(name))
      .map(([name, text]) => [name, thresholdValue(signalOf(name), text)] as const),
  )
  const threshold = (name: string, text: string, graceMs: number): Threshold => {
    const signal = signalOf(name)
    const minReclaim = reclaims.get(name)
    return {
      signal,
      value: thresholdValue(signal, text),
      graceMs,
      ...(minReclaim === undefined ? {} : { minReclaim }),
    }
  }
  const hard = [...source.hard].filter(isWatched).map(([name, text]) => threshold(name, text, 0))
  const soft = [...source.soft].filter(isWatched).map(([name, text]) => {
    const graceMs = source.softGraceMs.get(name)
    if (graceMs === undefined)
      throw new Error(`grace period must be specified for the soft eviction threshold ${name}`)
    return threshold(name, text, graceMs)
  })
  return [...hard, ...soft]
}
