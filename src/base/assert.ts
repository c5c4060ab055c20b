/** A broken invariant: a defect of the program, never of its input. */
export class AssertionError extends Error {
  override readonly name = 'AssertionError'
}

/** Always on. For programmer errors only; a user's error is a StatusError. */
export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new AssertionError(message)
}

/** For the default branch of an exhaustive switch. */
export function unreachable(value: never): never {
  throw new AssertionError(`unreachable: ${String(value)}`)
}
