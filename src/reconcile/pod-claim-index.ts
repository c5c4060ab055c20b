import { claimNamesOf } from '../api/core/persistent-volume-claim/ephemeral-claim.ts'
import type { core } from '../api/generated/types/index.ts'
import type { Indexers } from '../client/informer.ts'

/** Finds pods by the claims of their volumes, as `namespace/name`. */
export const podClaimIndex = 'claim of the pod'

/** One function for all who look pods up by claim, so that they can share an informer. */
export const podClaimIndexers: Indexers<core.v1.Pod> = {
  [podClaimIndex]: (pod) => claimNamesOf(pod).map((name) => `${pod.metadata?.namespace}/${name}`),
}
