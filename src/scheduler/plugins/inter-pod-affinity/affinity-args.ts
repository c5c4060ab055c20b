import type { FieldsReader } from '../../../apimachinery/fields-reader.ts'
import type { AffinityScoreSettings } from './affinity-score.ts'

/** InterPodAffinityArgs. */
export function readAffinityArgs(reader: FieldsReader): AffinityScoreSettings {
  const hardPodAffinityWeight = reader.integer('hardPodAffinityWeight') ?? 1
  reader.within('hardPodAffinityWeight', hardPodAffinityWeight, 0, 100, 'not in valid range [0, 100]')
  return {
    hardPodAffinityWeight,
    ignorePreferredTermsOfExistingPods: reader.boolean('ignorePreferredTermsOfExistingPods') ?? false,
  }
}
