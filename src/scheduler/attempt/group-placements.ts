import { messageOf } from '../../base/message-of.ts'
import type { GroupToPlace, Placement, ProposedPlacement } from '../framework.ts'
import type { Profile } from '../profile.ts'

/** The placements to be tried for a group, by the first plugin that knows any; all of `parent` where there is none. */
export function placementsFor({ at }: Profile, group: GroupToPlace, parent: Placement): readonly Placement[] {
  const [plugin] = at.placementGenerate
  return plugin?.placementGenerate?.(group, parent) ?? [parent]
}

/** The proposal with the most points of all plugins; `random` (uniform in [0, 1)) decides between equals. */
export function bestPlacement<P extends ProposedPlacement>(
  { at, weights }: Profile,
  group: GroupToPlace,
  proposals: readonly [P, ...P[]],
  random: () => number,
): P {
  const totals = new Float64Array(proposals.length)
  for (const { name, placementScore } of at.placementScore) {
    if (placementScore === undefined) continue
    const scores = Float64Array.from(proposals, (proposal) => placementScore.score(group, proposal))
    try {
      placementScore.normalize?.(scores)
    } catch (error) {
      throw new Error(
        `running NormalizePlacementScore on PlacementScore plugins: plugin ${JSON.stringify(name)} failed with: ${messageOf(error)}`,
      )
    }
    const weight = weights.get(name) ?? 0
    for (const [place, score] of scores.entries()) totals[place] = (totals[place] ?? 0) + score * weight
  }
  const ties = proposals.map(random)
  let best = 0
  for (const place of proposals.keys()) {
    const lead = (totals[place] ?? 0) - (totals[best] ?? 0)
    if (lead > 0 || (lead === 0 && (ties[place] ?? 0) > (ties[best] ?? 0))) best = place
  }
  return proposals[best] ?? proposals[0]
}
