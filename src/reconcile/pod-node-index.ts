import type { core } from '../api/generated/types/index.ts'
import type { Indexers } from '../client/informer.ts'

/** Finds pods by the name of their node. */
export const podNodeIndex = 'node of the pod'

/** One function for all who look pods up by node, so that they can share an informer. */
export const podNodeIndexers: Indexers<core.v1.Pod> = {
  [podNodeIndex]: ({ spec }) => (spec?.nodeName ? [spec.nodeName] : []),
}
