/** xoshiro128** (Blackman and Vigna), seeded through splitmix32: the same seed gives the same numbers everywhere. */
export class Random {
  readonly #state: Uint32Array

  constructor(seed: number) {
    this.#state = new Uint32Array(4)
    let mix = seed >>> 0
    // The upper half of a seed above 2^32 counts too, e.g. one taken from a clock.
    let upper = Math.floor(Math.abs(seed) / 2 ** 32) >>> 0
    for (let index = 0; index < 4; index++) {
      mix = (mix + 0x9e3779b9 + upper) >>> 0
      upper = 0
      let word = mix
      word = Math.imul(word ^ (word >>> 16), 0x21f0aaad)
      word = Math.imul(word ^ (word >>> 15), 0x735a2d97)
      this.#state[index] = word ^ (word >>> 15)
    }
  }

  /** Uniform whole number in [0, 2^32). */
  uint32(): number {
    const state = this.#state
    const [a = 0, b = 0, c = 0, d = 0] = state
    const scrambled = Math.imul(b, 5)
    const result = Math.imul((scrambled << 7) | (scrambled >>> 25), 9) >>> 0
    const third = c ^ a
    const fourth = d ^ b
    state[0] = a ^ fourth
    state[1] = b ^ third
    state[2] = third ^ (b << 9)
    state[3] = (fourth << 11) | (fourth >>> 21)
    return result
  }

  /** Uniform in [0, 1), with 53 random bits. */
  next(): number {
    return ((this.uint32() >>> 5) * 2 ** 26 + (this.uint32() >>> 6)) / 2 ** 53
  }

  bytes(length: number): Uint8Array {
    const bytes = new Uint8Array(length)
    let word = 0
    for (let index = 0; index < length; index++) {
      word = index % 4 === 0 ? this.uint32() : word >>> 8
      bytes[index] = word
    }
    return bytes
  }
}
