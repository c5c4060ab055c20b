import type { core } from '../../../api/generated/types/index.ts'
import type { KubernetesObject } from '../../../apimachinery/meta.ts'
import type { AdmissionPlugin } from '../../admission.ts'
import { matches } from '../matches.ts'

const notReady: core.v1.Taint = { key: 'node.kubernetes.io/not-ready', effect: 'NoSchedule' }

/** A new node has the taint of one that is not ready, so that no pod gets there before the node lifecycle controller has looked. */
export const taintNodesByCondition: AdmissionPlugin = {
  name: 'TaintNodesByCondition',
  handles: matches({ operations: ['CREATE'], resources: ['nodes'] }),
  mutate: (_attributes, object): KubernetesObject => {
    const node = object as core.v1.Node
    const taints = node.spec?.taints ?? []
    if (taints.some(({ key, effect }) => key === notReady.key && effect === notReady.effect)) return object
    const tainted: core.v1.Node = { ...node, spec: { ...node.spec, taints: [...taints, notReady] } }
    return tainted
  },
}
