import type { ResourceHints, TopologyHint } from './hint.ts'
import { countOf, isNarrower, maskOf, type NumaMask, nodesOf } from './numa-mask.ts'

export const topologyPolicies = ['none', 'best-effort', 'restricted', 'single-numa-node'] as const
export type TopologyPolicy = (typeof topologyPolicies)[number]

export interface NumaInfo {
  readonly nodes: readonly number[]
  /** Of each node to the others, by their place in the list. */
  readonly distances: ReadonlyMap<number, readonly number[]>
  /** Near nodes before few. */
  readonly prefersClosest: boolean
}

interface Merged extends TopologyHint {
  readonly affinity: NumaMask
}

const anyNode: readonly TopologyHint[] = [{ preferred: true }]
const noNode: readonly TopologyHint[] = [{ preferred: false }]

/** One list for each resource of each provider: who says nothing does not care. */
function listsOf(providers: readonly ResourceHints[]): readonly (readonly TopologyHint[])[] {
  return providers.flatMap((hints) => {
    if (hints.size === 0) return [anyNode]
    return [...hints.values()].map((list) =>
      list === undefined ? anyNode : list.length === 0 ? noNode : list,
    )
  })
}

const onSingleNodes = (list: readonly TopologyHint[]): readonly TopologyHint[] =>
  list.filter(({ affinity, preferred }) => preferred && (affinity === undefined || countOf(affinity) === 1))

function* permutations(lists: readonly (readonly TopologyHint[])[]): Generator<readonly TopologyHint[]> {
  const [first, ...rest] = lists
  if (first === undefined) {
    yield []
    return
  }
  for (const hint of first) for (const others of permutations(rest)) yield [hint, ...others]
}

/** What all of them have; preferred where all are, and say the same. */
function intersection(all: NumaMask, hints: readonly TopologyHint[]): Merged {
  const masks = hints.flatMap(({ affinity }) => (affinity === undefined ? [] : [affinity]))
  return {
    affinity: masks.reduce((sum, mask) => sum & mask, all),
    preferred: hints.every(({ preferred }) => preferred) && masks.every((mask) => mask === masks[0]),
  }
}

/** How many nodes the most demanding resource needs at least. */
function mostNeeded(lists: readonly (readonly TopologyHint[])[]): number {
  const least = lists.map((list) => {
    const counts = list.flatMap(({ affinity }) => (affinity === undefined ? [] : [countOf(affinity)]))
    return counts.length === 0 ? 0 : Math.min(...counts)
  })
  return Math.max(0, ...least)
}

function averageDistance(mask: NumaMask, { nodes, distances }: NumaInfo): number {
  const chosen = nodesOf(mask)
  const places = chosen.map((node) => nodes.indexOf(node))
  const all = chosen.flatMap((from) => places.map((to) => distances.get(from)?.[to] ?? 0))
  return all.length === 0 ? 0 : all.reduce((sum, each) => sum + each, 0) / all.length
}

function closest(a: NumaMask, b: NumaMask, info: NumaInfo): NumaMask {
  if (countOf(a) !== countOf(b)) return isNarrower(a, b) ? a : b
  const [left, right] = [averageDistance(a, info), averageDistance(b, info)]
  if (left === right) return a < b ? a : b
  return left < right ? a : b
}

/** The better of two; the first where they are as good. */
function better(
  current: Merged,
  candidate: Merged,
  info: NumaInfo,
  usesDistance: boolean,
  needed: number,
): Merged {
  const [a, b] = [current.affinity, candidate.affinity]
  const fitter = (): Merged => {
    if (a === b) return current
    const best = usesDistance ? closest(a, b, info) : isNarrower(a, b) ? a : b
    return best === a ? current : candidate
  }
  if (current.preferred !== candidate.preferred) return current.preferred ? current : candidate
  const [now, then] = [countOf(a), countOf(b)]
  if (current.preferred || now > needed) return fitter()
  // None is preferred: as many nodes as the most demanding resource needs, or as near below that as there are.
  if (now === needed) return then === needed ? fitter() : current
  if (then > needed) return current
  return then === now ? fitter() : then > now ? candidate : current
}

/** The nodes that a container's resources are to come from, and whether the policy takes it so. */
export function mergeHints(
  policy: Exclude<TopologyPolicy, 'none'>,
  providers: readonly ResourceHints[],
  info: NumaInfo,
): { readonly hint: TopologyHint; readonly admit: boolean } {
  const single = policy === 'single-numa-node'
  const lists = single ? listsOf(providers).map(onSingleNodes) : listsOf(providers)
  const all = maskOf(info.nodes)
  const needed = mostNeeded(lists)
  let best: Merged | undefined
  for (const hints of permutations(lists)) {
    const merged = intersection(all, hints)
    if (merged.affinity === 0n) continue
    best = best === undefined ? merged : better(best, merged, info, info.prefersClosest && !single, needed)
  }
  const found = best ?? { affinity: all, preferred: false }
  const hint = single && found.affinity === all ? { preferred: found.preferred } : found
  return { hint, admit: policy === 'best-effort' || hint.preferred }
}
