import type { Host } from '../../base/host.ts'

/** Numbers from 0 up to `size`, the first `reserved` of which are given out only when all others are gone: who asks for a certain one rather finds it free there (KEP-3070, KEP-3668). */
export interface Band {
  readonly size: number
  readonly reserved: number
}

/** `min(max(least, size / step), most)`, 0 for a range that is too small. */
export function bandOf(size: number, least: number, step: number, most: number): Band {
  if (size <= least) return { size, reserved: 0 }
  return { size, reserved: Math.min(Math.max(least, Math.floor(size / step)), most) }
}

function* around(host: Host, start: number, end: number): Generator<number> {
  const length = end - start
  const first = Math.floor(host.random() * length)
  for (let step = 0; step < length; step++) yield start + ((first + step) % length)
}

/** All numbers of a band in the order in which they are tried: from a random place on, so that what was released is not used again at once. */
export function* candidates(host: Host, { size, reserved }: Band): Generator<number> {
  yield* around(host, reserved, size)
  yield* around(host, 0, reserved)
}
