import type { resource } from '../../../api/generated/types/index.ts'

/** Alternatives that one request can have. */
const maxAlternatives = 8

/** Of requests with alternatives: the earlier the one that was chosen, the higher. */
export function alternativesScore(
  claim: resource.v1.ResourceClaim,
  allocation: resource.v1.AllocationResult | undefined,
): number {
  const chosen = new Set((allocation?.devices?.results ?? []).map(({ request }) => request))
  let score = 0
  for (const { name, firstAvailable = [] } of claim.spec.devices?.requests ?? [])
    for (const [place, alternative] of firstAvailable.entries())
      if (chosen.has(`${name}/${alternative.name}`)) score += maxAlternatives - place
  return score
}
