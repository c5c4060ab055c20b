import type { core } from '../../../api/generated/types/index.ts'
import type { StringMap } from '../../../apimachinery/meta.ts'
import { forbidden, notFound } from '../../../apimachinery/status-error.ts'
import type { AdmissionAttributes, AdmissionPlugin } from '../../admission.ts'
import type { ObjectReader } from '../../object-reader.ts'
import { typedReader } from '../../typed-reader.ts'
import { matches } from '../matches.ts'
import { labelsOfSelector } from './labels-of-selector.ts'

type Pod = core.v1.Pod

/** By namespace; `clusterDefaultNodeSelector` is that of namespaces that say nothing. */
export type NodeSelectors = Readonly<Record<string, string>>

const annotation = 'scheduler.alpha.kubernetes.io/node-selector'
const clusterDefault = 'clusterDefaultNodeSelector'

const conflicts = (a: StringMap, b: StringMap): boolean =>
  Object.entries(a).some(([key, value]) => b[key] !== undefined && b[key] !== value)

const isSubset = (part: StringMap, whole: StringMap): boolean =>
  Object.entries(part).every(([key, value]) => whole[key] === value)

/** Pods of a namespace go only where their namespace's selector lets them. */
export function podNodeSelector(reader: ObjectReader, selectors: NodeSelectors): AdmissionPlugin {
  const namespaces = typedReader<core.v1.Namespace>(reader, { group: '', resource: 'namespaces' })
  const selectorOf = (name: string): StringMap => {
    const namespace = namespaces.get('', name)
    if (namespace === undefined) throw notFound({ group: '', resource: 'namespaces', name })
    const own = namespace.metadata?.annotations?.[annotation]
    return labelsOfSelector(own ?? selectors[clusterDefault] ?? '')
  }
  const refusePod = ({ metadata }: Pod, why: string): Error =>
    forbidden({ group: '', resource: 'pods', name: metadata?.name ?? '' }, why)
  const check = (attributes: AdmissionAttributes, pod: Pod): void => {
    const nodeSelector = pod.spec?.nodeSelector ?? {}
    if (conflicts(selectorOf(attributes.namespace), nodeSelector))
      throw refusePod(pod, 'pod node label selector conflicts with its namespace node label selector')
    const allowed = labelsOfSelector(selectors[attributes.namespace] ?? '')
    if (Object.keys(allowed).length > 0 && !isSubset(nodeSelector, allowed))
      throw refusePod(pod, 'pod node label selector labels conflict with its namespace whitelist')
  }
  return {
    name: 'PodNodeSelector',
    handles: matches({ operations: ['CREATE'], resources: ['pods'] }),
    mutate: (attributes, object) => {
      const pod = object as Pod
      if (pod.spec === undefined) return object
      const required = selectorOf(attributes.namespace)
      const own = pod.spec.nodeSelector ?? {}
      if (conflicts(required, own))
        throw refusePod(pod, 'pod node label selector conflicts with its namespace node label selector')
      const nodeSelector = { ...required, ...own }
      const selected: Pod =
        Object.keys(nodeSelector).length === 0 ? pod : { ...pod, spec: { ...pod.spec, nodeSelector } }
      check(attributes, selected)
      return selected
    },
    validate: (attributes) => check(attributes, attributes.object as Pod),
  }
}
