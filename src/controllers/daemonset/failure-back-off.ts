const firstMs = 1_000
/** Fifteen minutes; a node's failures are forgotten after twice that. */
const longestMs = 900_000

interface Failure {
  readonly atMs: number
  readonly delayMs: number
}

/**
 * How long a pod that has failed stays before it is made anew: a kubelet that refuses pods would be fought with
 * otherwise. Keys are `<set's uid>/<node>`.
 */
export class FailureBackOff {
  readonly #failures = new Map<string, Failure>()

  /** Milliseconds to wait; 0: now, and the next time it will be longer. */
  wait(key: string, nowMs: number): number {
    for (const [each, { atMs }] of this.#failures) {
      if (nowMs - atMs > 2 * longestMs) this.#failures.delete(each)
    }
    const known = this.#failures.get(key)
    const leftMs = known === undefined ? 0 : known.atMs + known.delayMs - nowMs
    if (leftMs > 0) return leftMs
    const delayMs = known === undefined ? firstMs : Math.min(known.delayMs * 2, longestMs)
    this.#failures.set(key, { atMs: nowMs, delayMs })
    return 0
  }
}
