import { assert } from '../../base/assert.ts'

/** Of a flow's hash, beyond which hands would no longer be dealt evenly. */
const maxHashBits = 60

/** Whether a hash has enough bits for hands of that size from a deck of that size. */
export const isDealable = (deckSize: number, handSize: number): boolean =>
  handSize > 0 && handSize <= deckSize && Math.ceil(Math.log2(deckSize) * handSize) <= maxHashBits

/**
 * Shuffle sharding: the cards (0 … deckSize − 1, all different) that a flow's 64-bit hash draws. Flows with equal
 * hands are rare, so that a flow that fills its queues leaves others at least one of theirs.
 */
export function deal(hash: bigint, deckSize: number, handSize: number): readonly number[] {
  assert(isDealable(deckSize, handSize), `a hand of ${handSize} cannot be dealt from ${deckSize}`)
  const remainders: number[] = []
  let rest = hash
  for (let dealt = 0; dealt < handSize; dealt++) {
    const left = BigInt(deckSize - dealt)
    remainders.push(Number(rest % left))
    rest /= left
  }
  return remainders.map((remainder, at) => {
    let card = remainder
    for (let before = at - 1; before >= 0; before--) if (card >= (remainders[before] ?? 0)) card++
    return card
  })
}
