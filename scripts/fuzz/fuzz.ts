import { mutate, seededRandom } from './mutate.ts'
import type { FuzzTarget } from './targets.ts'

export interface FuzzResult {
  readonly inputs: number
  readonly slowestMs: number
  readonly slowest: Uint8Array
}

/** An input that made something else of a decoder than an answer. */
export class FuzzFailure extends Error {
  override readonly name = 'FuzzFailure'
  constructor(target: string, input: Uint8Array, cause: unknown) {
    const shown = Buffer.from(input).toString('base64')
    super(`${target} failed on ${shown} (base64): ${cause instanceof Error ? cause.stack : cause}`, { cause })
  }
}

/** Gives a target that many inputs, which follow from `seed`. Throws FuzzFailure. */
export function fuzz(target: FuzzTarget, inputs: number, seed: number): FuzzResult {
  const random = seededRandom(seed)
  let slowestMs = 0
  let slowest: Uint8Array = new Uint8Array()
  for (let index = 0; index < inputs; index++) {
    const input = mutate(random, target.seeds)
    const startMs = performance.now()
    try {
      target.run(input)
    } catch (error) {
      throw new FuzzFailure(target.name, input, error)
    }
    const tookMs = performance.now() - startMs
    if (tookMs <= slowestMs) continue
    slowestMs = tookMs
    slowest = input
  }
  return { inputs, slowestMs, slowest }
}
