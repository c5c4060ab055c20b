import { RE2JS } from 're2js'
import { messageOf } from './message-of.ts'

/** A regular expression with RE2's syntax and its promise: time linear in the text. */
export interface Re2 {
  /** Whether it matches anywhere in the text. */
  matches(text: string): boolean
}

/** Throws Error with RE2's words (`error parsing regexp: missing closing ): …`). */
export function compileRe2(pattern: string): Re2 {
  const compiled = RE2JS.compile(pattern)
  return { matches: (text) => compiled.matcher(text).find() }
}

/** What is wrong with the pattern, in RE2's words; undefined: nothing. */
export function re2Complaint(pattern: string): string | undefined {
  try {
    RE2JS.compile(pattern)
    return undefined
  } catch (error) {
    return messageOf(error)
  }
}
