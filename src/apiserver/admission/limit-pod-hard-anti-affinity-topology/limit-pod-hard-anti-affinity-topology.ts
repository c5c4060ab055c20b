import type { core } from '../../../api/generated/types/index.ts'
import { forbidden } from '../../../apimachinery/status-error.ts'
import type { AdmissionPlugin } from '../../admission.ts'
import { matches } from '../matches.ts'

const hostname = 'kubernetes.io/hostname'

/** A pod keeps others away from its node at most, not from a whole zone. */
export const limitPodHardAntiAffinityTopology: AdmissionPlugin = {
  name: 'LimitPodHardAntiAffinityTopology',
  handles: matches({ operations: ['CREATE', 'UPDATE'], resources: ['pods'] }),
  validate: ({ object }) => {
    const pod = object as core.v1.Pod
    const terms = pod.spec?.affinity?.podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? []
    const wide = terms.find(({ topologyKey }) => topologyKey !== hostname)
    if (wide === undefined) return
    throw forbidden(
      { group: '', resource: 'pods', name: pod.metadata?.name ?? '' },
      `affinity.PodAntiAffinity.RequiredDuringScheduling has TopologyKey ${wide.topologyKey} but only key ${hostname} is allowed`,
    )
  },
}
