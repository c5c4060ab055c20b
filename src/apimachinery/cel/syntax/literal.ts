import { normalInt } from '../values/integers.ts'
import { Double, type Int, Uint } from '../values/value.ts'
import type { LiteralValue } from './expr.ts'
import type { Token } from './lexer.ts'
import { unescapeBytes, unescapeString } from './unescape.ts'

function intLiteral(text: string, negative: boolean): Int | undefined {
  const value = negative ? -BigInt(text) : BigInt(text)
  return BigInt.asIntN(64, value) === value ? normalInt(value) : undefined
}

function uintLiteral(text: string): Uint | undefined {
  const value = BigInt(text.slice(0, -1))
  return BigInt.asUintN(64, value) === value ? new Uint(normalInt(value)) : undefined
}

function doubleLiteral(text: string, negative: boolean): Double | undefined {
  const value = Number(text)
  return Number.isFinite(value) ? new Double(negative ? -value : value) : undefined
}

/** Undefined for a number out of range or an escape that is none. */
export function literalValue({ kind, text }: Token, negative: boolean): LiteralValue | undefined {
  switch (kind) {
    case 'int':
      return intLiteral(text, negative)
    case 'uint':
      return uintLiteral(text)
    case 'double':
      return doubleLiteral(text, negative)
    case 'string':
      return unescapeString(text)
    case 'bytes':
      return unescapeBytes(text.slice(1))
    default:
      return text === 'null' ? null : text === 'true'
  }
}

/** What is wrong with a token that has no value. */
export const literalComplaint = ({ kind }: Token): string =>
  kind === 'string'
    ? 'invalid unicode code point'
    : kind === 'bytes'
      ? 'unable to unescape string'
      : `invalid ${kind} literal`
