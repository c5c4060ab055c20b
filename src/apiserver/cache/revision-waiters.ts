interface Waiter {
  readonly revision: number
  readonly resolve: () => void
}

/** Those who wait until everything up to a revision has been seen, the lowest revision first. */
export class RevisionWaiters {
  readonly #waiters: Waiter[] = []

  wait(revision: number): Promise<void> {
    return new Promise((resolve) => {
      const waiters = this.#waiters
      let at = waiters.length
      while (at > 0 && (waiters[at - 1]?.revision ?? 0) > revision) at--
      if (at === waiters.length) waiters.push({ revision, resolve })
      else waiters.splice(at, 0, { revision, resolve })
    })
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
}
