import { RE2JS } from 're2js'
import { messageOf } from '../../../base/message-of.ts'
import { CelError, noSuchOverload, type Value } from '../values/value.ts'
import type { Overload } from './declare.ts'

/**
 * An expression with RE2's semantics: its time is linear in the text, whatever pattern a user writes.
 * `error` is Go's text.
 */
export type CompiledPattern = { readonly pattern: RE2JS } | { readonly error: string }

/** No pattern of the API needs more: it bounds what compiling one costs. */
const maxPatternLength = 100_000

export function compilePattern(text: string): CompiledPattern {
  if (text.length > maxPatternLength) return { error: 'error parsing regexp: expression too large' }
  try {
    return { pattern: RE2JS.compile(text) }
  } catch (error) {
    return { error: messageOf(error) }
  }
}

export function matches(text: string, pattern: string): Value {
  const compiled = compilePattern(pattern)
  return 'error' in compiled ? new CelError(compiled.error) : compiled.pattern.test(text)
}

/** The first match; empty if there is none. */
export function findFirst(pattern: RE2JS, text: string): string {
  const matcher = pattern.matcher(text)
  return matcher.find() ? (matcher.group() ?? '') : ''
}

/** As Go's `FindAllString`: at most `limit` matches, all if it is negative. */
export function findEach(pattern: RE2JS, text: string, limit: number): readonly string[] {
  const found: string[] = []
  const matcher = pattern.matcher(text)
  let lastEnd = -1
  while ((limit < 0 || found.length < limit) && matcher.find()) {
    // An empty match that touches the one before it does not count.
    if (matcher.end() === matcher.start() && matcher.start() === lastEnd) continue
    lastEnd = matcher.end()
    found.push(matcher.group() ?? '')
  }
  return found
}

/** A function of a text and a pattern, with the pattern compiled once where it is constant. */
export const withConstantPattern = (
  overload: Overload,
  run: (pattern: RE2JS, text: string, ...rest: Value[]) => Value,
): Overload => ({
  ...overload,
  prepare: ([, pattern]) => {
    if (typeof pattern !== 'string') return undefined
    const compiled = compilePattern(pattern)
    if ('error' in compiled) return compiled
    return {
      run: (text, _, ...rest) =>
        typeof text === 'string' ? run(compiled.pattern, text, ...rest) : noSuchOverload(),
    }
  },
})
