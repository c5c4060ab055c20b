/** A key that signs from `fromMs` until its successor does. */
export interface KeptKey {
  readonly fromMs: number
  readonly privateKeyPem: string
}

/** All in milliseconds. */
export interface KeyTimes {
  /** How long a key signs. */
  readonly rotationMs: number
  /** How long before that it is published: longer than anybody keeps the published ones. */
  readonly aheadMs: number
  /** How long it stays published after that: until its last token has ended. */
  readonly behindMs: number
}

export interface KeyPlan {
  /** In the order in which they sign. */
  readonly keep: readonly KeptKey[]
  /** A key is to be made, which signs from then on. */
  readonly makeFromMs?: number
  /** When to look again; what is to be made has been made by then. */
  readonly nextMs: number
}

/** What becomes of keys. The first one signs at once; a rotation that was missed is not made up for. */
export function planKeys(keys: readonly KeptKey[], nowMs: number, times: KeyTimes): KeyPlan {
  const { rotationMs, aheadMs, behindMs } = times
  const ordered = keys.toSorted((a, b) => a.fromMs - b.fromMs)
  const keep = ordered.filter((_key, index) => {
    const successor = ordered[index + 1]
    return successor === undefined || successor.fromMs + behindMs > nowMs
  })
  const newest = keep.at(-1)
  if (newest === undefined) return { keep, makeFromMs: nowMs, nextMs: nowMs + rotationMs - aheadMs }
  const dueMs = newest.fromMs + rotationMs - aheadMs
  if (dueMs <= nowMs) {
    const fromMs = Math.max(newest.fromMs + rotationMs, nowMs + aheadMs)
    return { keep, makeFromMs: fromMs, nextMs: fromMs }
  }
  const starts = keep.map(({ fromMs }) => fromMs).filter((fromMs) => fromMs > nowMs)
  const ends = keep.slice(1).map(({ fromMs }) => fromMs + behindMs)
  return { keep, nextMs: Math.min(dueMs, ...starts, ...ends) }
}
