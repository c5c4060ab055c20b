/** A set of NUMA nodes, by their numbers (0 to 63). */
export type NumaMask = bigint

export const maskOf = (nodes: Iterable<number>): NumaMask => {
  let mask = 0n
  for (const node of nodes) mask |= 1n << BigInt(node)
  return mask
}

export const nodesOf = (mask: NumaMask): readonly number[] => {
  const nodes: number[] = []
  for (let node = 0; mask >> BigInt(node) > 0n; node++) if ((mask >> BigInt(node)) & 1n) nodes.push(node)
  return nodes
}

export const countOf = (mask: NumaMask): number => nodesOf(mask).length

export const hasNode = (mask: NumaMask, node: number): boolean =>
  node >= 0 && ((mask >> BigInt(node)) & 1n) === 1n

export const hasAny = (mask: NumaMask, nodes: readonly number[]): boolean =>
  nodes.some((node) => hasNode(mask, node))

/** Fewer nodes, or as many with lower numbers. */
export const isNarrower = (a: NumaMask, b: NumaMask): boolean => {
  const [left, right] = [countOf(a), countOf(b)]
  return left === right ? a < b : left < right
}

/** All sets of these nodes but the empty one, small ones first. */
export function* masksFrom(nodes: readonly number[]): Generator<NumaMask> {
  function* choose(from: number, size: number, chosen: readonly number[]): Generator<NumaMask> {
    if (chosen.length === size) {
      yield maskOf(chosen)
      return
    }
    for (let at = from; at < nodes.length; at++) yield* choose(at + 1, size, [...chosen, nodes[at] ?? 0])
  }
  for (let size = 1; size <= nodes.length; size++) yield* choose(0, size, [])
}
