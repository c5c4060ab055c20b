import { type Duplicates, parseJsonExactly } from './json-exact.ts'
import { maxDepth, scanJson } from './json-scan.ts'

export interface ParsedJson {
  readonly value: unknown
  /** Present where the native parser would have hidden something: then `value` may hold NumberLiterals. */
  readonly exact?: { readonly duplicates: Duplicates }
}

/** An escape that may stand for half a character: such texts would not be what they are stored as. */
const halfCharacter = /\\u[dD][89a-fA-F]/

/** Members of all objects in a value. */
function countMembers(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0
  let count = 0
  if (Array.isArray(value)) {
    for (const item of value) if (typeof item === 'object') count += countMembers(item)
    return count
  }
  for (const member of Object.values(value)) {
    count++
    if (typeof member === 'object') count += countMembers(member)
  }
  return count
}

/**
 * The native parser for what it gets right, which is nearly everything; numbers whose text matters, duplicate
 * keys, excessive depth and errors go to the exact one. Throws DecodeError in Go's words, also beyond `depth`.
 */
export function parseJson(text: string, depth = maxDepth): ParsedJson {
  const scan = scanJson(text)
  if (!scan.exactNumbers && scan.depth <= depth && !(text.includes('\\u') && halfCharacter.test(text))) {
    try {
      const value: unknown = JSON.parse(text)
      if (countMembers(value) === scan.members) return { value }
    } catch {
      // The exact parser finds the same error and words it as upstream does.
    }
  }
  const { value, duplicates } = parseJsonExactly(text, depth)
  return { value, exact: { duplicates } }
}
