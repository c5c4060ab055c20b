import { isExtendedResource } from '../../../api/core/resource-names.ts'
import type { core } from '../../../api/generated/types/index.ts'
import type { AdmissionPlugin } from '../../admission.ts'
import { matches } from '../matches.ts'

type Pod = core.v1.Pod
type Toleration = core.v1.Toleration

const same = (a: Toleration, b: Toleration): boolean =>
  a.key === b.key &&
  (a.effect ?? '') === (b.effect ?? '') &&
  (a.operator ?? '') === (b.operator ?? '') &&
  (a.value ?? '') === (b.value ?? '')

/** Who asks for a device may go to nodes that are kept for its users. */
export const extendedResourceToleration: AdmissionPlugin = {
  name: 'ExtendedResourceToleration',
  handles: matches({ operations: ['CREATE', 'UPDATE'], resources: ['pods'] }),
  mutate: (_attributes, object) => {
    const pod = object as Pod
    const { spec } = pod
    if (spec === undefined) return object
    const asked = [...spec.containers, ...(spec.initContainers ?? [])].flatMap(({ resources }) =>
      Object.keys(resources?.requests ?? {}).filter(isExtendedResource),
    )
    const own = spec.tolerations ?? []
    const missing = [...new Set(asked)]
      .sort()
      .map((key): Toleration => ({ key, operator: 'Exists', effect: 'NoSchedule' }))
      .filter((toleration) => !own.some((known) => same(known, toleration)))
    if (missing.length === 0) return object
    const tolerant: Pod = { ...pod, spec: { ...spec, tolerations: [...own, ...missing] } }
    return tolerant
  },
}
