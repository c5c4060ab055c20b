/** Calls of the first round; each round that works is followed by one twice as big. */
const firstBatch = 1

export interface SlowStartResult {
  readonly succeeded: number
  /** Of the round that failed; later rounds were not begun. */
  readonly errors: readonly unknown[]
}

/**
 * `count` calls in rounds of 1, 2, 4 … at a time, until one of a round fails: a call that always fails costs
 * a few attempts, not `count`.
 */
export async function slowStart(
  count: number,
  call: (index: number) => Promise<void>,
): Promise<SlowStartResult> {
  let succeeded = 0
  for (let batch = firstBatch; succeeded < count; batch *= 2) {
    const size = Math.min(batch, count - succeeded)
    const from = succeeded
    const results = await Promise.allSettled(Array.from({ length: size }, (_, index) => call(from + index)))
    const errors: unknown[] = []
    for (const result of results) {
      if (result.status === 'rejected') errors.push(result.reason)
      else succeeded++
    }
    if (errors.length > 0) return { succeeded, errors }
  }
  return { succeeded, errors: [] }
}
