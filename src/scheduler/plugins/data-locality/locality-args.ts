import { duplicate, invalidValue } from '../../../apimachinery/field-errors.ts'
import type { FieldsReader } from '../../../apimachinery/fields-reader.ts'
import { isQualifiedName } from '../../../apimachinery/label-syntax.ts'

/** How good it is that data lie on another node with the same value of the label. */
export interface LocalityTier {
  readonly topologyKey: string
  /** Of what a node gets that holds the data itself; 0 to 100. */
  readonly percent: number
}

export interface DataLocalityArgs {
  readonly tiers?: readonly LocalityTier[]
}

export const defaultTiers: readonly LocalityTier[] = [
  { topologyKey: 'topology.kubernetes.io/zone', percent: 50 },
  { topologyKey: 'topology.kubernetes.io/region', percent: 20 },
]

export function readLocalityArgs(reader: FieldsReader): DataLocalityArgs {
  const seen = new Set<string>()
  const tiers = reader.objects('tiers')?.map((each) => {
    const tier = { topologyKey: each.text('topologyKey') ?? '', percent: each.integer('percent') ?? 0 }
    const path = each.at('topologyKey')
    each.fail(
      ...isQualifiedName(tier.topologyKey).map((detail) => invalidValue(path, tier.topologyKey, detail)),
    )
    if (seen.has(tier.topologyKey)) each.fail(duplicate(path, tier.topologyKey))
    seen.add(tier.topologyKey)
    each.within('percent', tier.percent, 0, 100, 'not in valid range [0, 100]')
    each.end()
    return tier
  })
  return tiers === undefined ? {} : { tiers }
}
