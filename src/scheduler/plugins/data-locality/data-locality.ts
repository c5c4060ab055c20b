import type { core } from '../../../api/generated/types/index.ts'
import { maxNodeScore, type Plugin, type PluginContext } from '../../framework.ts'
import type { NodeInfo } from '../../node-info.ts'
import { DataIndex } from './data-index.ts'
import { type DataLocalityArgs, defaultTiers, type LocalityTier } from './locality-args.ts'

/** An annotation of a pod: names of the data sets that it reads, with commas between them. */
export const readsAnnotation = 'scheduling.timonel.dev/reads-data'

const dataReadBy = (pod: core.v1.Pod): ReadonlySet<string> =>
  new Set(
    (pod.metadata?.annotations?.[readsAnnotation] ?? '')
      .split(',')
      .map((name) => name.trim())
      .filter((name) => name !== ''),
  )

/** One data set as one cycle sees it. */
interface WantedData {
  readonly holders: ReadonlyMap<NodeInfo, number>
  /** What the fullest copy holds. */
  readonly bytes: number
  /** What the fullest copy of each of the tier's domains holds; nearest tier first. */
  readonly near: readonly { readonly tier: LocalityTier; readonly held: ReadonlyMap<string, number> }[]
}

function heldIn(holders: ReadonlyMap<NodeInfo, number>, topologyKey: string): ReadonlyMap<string, number> {
  const held = new Map<string, number>()
  for (const [{ node }, bytes] of holders) {
    const domain = node.metadata?.labels?.[topologyKey]
    if (domain !== undefined) held.set(domain, Math.max(bytes, held.get(domain) ?? 0))
  }
  return held
}

function wantedData(holders: ReadonlyMap<NodeInfo, number>, tiers: readonly LocalityTier[]): WantedData {
  const near = tiers.map((tier) => ({ tier, held: heldIn(holders, tier.topologyKey) }))
  return { holders, bytes: Math.max(...holders.values()), near }
}

/** The bytes, those that come from afar discounted. What a partial copy lacks comes from the nearest fuller one. */
function bytesNear(info: NodeInfo, { holders, near }: WantedData): number {
  const labels = info.node.metadata?.labels
  let found = holders.get(info) ?? 0
  let worth = found
  for (const { tier, held } of near) {
    const there = held.get(labels?.[tier.topologyKey] ?? '') ?? 0
    if (there <= found) continue
    worth += ((there - found) * tier.percent) / 100
    found = there
  }
  return worth
}

/** Prefers nodes that hold what the pod reads, or are near those that do; by bytes. Data that nobody holds do not matter. */
export function dataLocality(
  { nodes }: PluginContext,
  { tiers = defaultTiers }: DataLocalityArgs = {},
): Plugin {
  const index = new DataIndex()
  const nearestFirst = tiers.toSorted((one, other) => other.percent - one.percent)
  nodes.observe(index)
  return {
    name: 'DataLocality',
    preScore: ({ pod }) => {
      const wanted = [...dataReadBy(pod)].flatMap((name) => {
        const holders = index.holders(name)
        return holders === undefined ? [] : [wantedData(holders, nearestFirst)]
      })
      if (wanted.length === 0) return { type: 'skip' }
      const total = wanted.reduce((sum, { bytes }) => sum + bytes, 0)
      return {
        type: 'score',
        score: (info) => {
          const near = wanted.reduce((sum, data) => sum + bytesNear(info, data), 0)
          return Math.round((near * maxNodeScore) / total)
        },
      }
    },
    events: [],
  }
}
