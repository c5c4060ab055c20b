interface Waiter {
  readonly revision: number
  resolve(): void
  reject(error: unknown): void
}

/** Those who wait until everything up to a revision has been seen, the lowest revision first. */
export class RevisionWaiters {
  readonly #waiters: Waiter[] = []

  wait(revision: number): Promise<void> {
    return new Promise((resolve, reject) => {
      this.add({ revision, resolve, reject })
    })
  }

  /** Gives what ends the waiting from the waiter's side. */
  add(waiter: Waiter): () => void {
    const waiters = this.#waiters
    let at = waiters.length
    while (at > 0 && (waiters[at - 1]?.revision ?? 0) > waiter.revision) at--
    if (at === waiters.length) waiters.push(waiter)
    else waiters.splice(at, 0, waiter)
    return () => {
      const index = waiters.indexOf(waiter)
      if (index >= 0) waiters.splice(index, 1)
    }
  }

  reached(revision: number): void {
    let count = 0
    for (const waiter of this.#waiters) {
      if (waiter.revision > revision) break
      waiter.resolve()
      count++
    }
    if (count > 0) this.#waiters.splice(0, count)
  }

  /** Nobody's revision will come any more. */
  fail(error: unknown): void {
    for (const { reject } of this.#waiters.splice(0)) reject(error)
  }
}
