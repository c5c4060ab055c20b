/** Numbers in [0, 1) that follow from a seed (mulberry32). */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

const maxBytes = 16 * 1024
const maxMutations = 6

/** What decoders of texts stumble over. */
const awkward = [
  '{}',
  '[]',
  'null',
  '""',
  '-',
  '-0',
  '1e999',
  '1.5',
  '9223372036854775808',
  '18446744073709551616',
  '\\ud800',
  '\\u0000',
  '__proto__',
  'constructor',
  '$patch',
  '$setElementOrder/',
  '$retainKeys',
  '$deleteFromPrimitiveList/',
  '&a',
  '*a',
  '<<: *a',
  '!!binary ',
  '? ',
  '---\n',
  '...',
  '\t',
  '\u0000',
  '\u2028',
  '%',
  '~0',
  '~1',
  '/-',
  '/-1',
  ' in (',
  ' notin ',
  '!=',
  '==',
  '..',
  '[?(@.',
  ')]',
  '[0:1:-1]',
  "['",
  '\\',
  ',',
  ';q=0',
] as const

type Random = () => number

const below = (random: Random, limit: number): number => Math.floor(random() * limit)
const oneOf = <T>(random: Random, list: readonly T[]): T | undefined => list[below(random, list.length)]

function joined(...parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts))
}

/** One change: a byte, a piece taken away, doubled, repeated or brought in from elsewhere. */
function change(random: Random, input: Uint8Array, others: readonly Uint8Array[]): Uint8Array {
  const at = below(random, input.length + 1)
  const end = Math.min(input.length, at + 1 + below(random, 16))
  const [head, piece, tail] = [input.subarray(0, at), input.subarray(at, end), input.subarray(end)]
  switch (below(random, 7)) {
    case 0: {
      const copy = input.slice()
      if (at < copy.length) copy[at] = (copy[at] ?? 0) ^ (1 << below(random, 8))
      return copy
    }
    case 1:
      return joined(head, tail)
    case 2:
      return joined(head, piece, piece, tail)
    case 3:
      return joined(
        head,
        Uint8Array.from({ length: 1 + below(random, 8) }, () => below(random, 256)),
        tail,
      )
    case 4:
      return joined(head, Buffer.from(oneOf(random, awkward) ?? ''), tail)
    case 5: {
      const other = oneOf(random, others) ?? input
      const from = below(random, other.length)
      return joined(head, other.subarray(from, from + 1 + below(random, 200)), tail)
    }
    default: {
      const often = 1 << below(random, random() < 0.02 ? 13 : 5)
      return joined(head, Buffer.alloc(often * Math.min(4, piece.length), piece.subarray(0, 4)), tail)
    }
  }
}

/** An input made of `seeds`; of at most 16 KiB. */
export function mutate(random: Random, seeds: readonly Uint8Array[]): Uint8Array {
  let input = oneOf(random, seeds) ?? new Uint8Array()
  const count = 1 + below(random, maxMutations)
  for (let index = 0; index < count; index++) input = change(random, input, seeds).subarray(0, maxBytes)
  return input
}
