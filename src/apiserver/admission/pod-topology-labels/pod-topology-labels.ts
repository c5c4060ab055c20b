import type { core } from '../../../api/generated/types/index.ts'
import type { KubernetesObject, StringMap } from '../../../apimachinery/meta.ts'
import type { AdmissionPlugin } from '../../admission.ts'
import type { ObjectReader } from '../../object-reader.ts'
import { typedReader } from '../../typed-reader.ts'
import { matches } from '../matches.ts'

const topologyLabels = ['topology.kubernetes.io/zone', 'topology.kubernetes.io/region']

interface Placed extends KubernetesObject {
  readonly spec?: { readonly nodeName?: string }
  readonly target?: { readonly kind?: string; readonly name?: string }
}

/** Pods that are bound get the zone and region of their node as labels. */
export function podTopologyLabels(reader: ObjectReader): AdmissionPlugin {
  const nodes = typedReader<core.v1.Node>(reader, { group: '', resource: 'nodes' })
  const labelsOf = (nodeName: string): StringMap =>
    Object.fromEntries(
      Object.entries(nodes.labels('', nodeName) ?? {}).filter(([key]) => topologyLabels.includes(key)),
    )
  return {
    name: 'PodTopologyLabels',
    handles: matches({ operations: ['CREATE'], resources: ['pods'], subresources: ['', 'binding'] }),
    mutate: ({ subresource }, object) => {
      const { spec, target, metadata } = object as Placed
      const isOfNode = subresource !== 'binding' || target?.kind === 'Node'
      const nodeName = (subresource === 'binding' ? target?.name : spec?.nodeName) ?? ''
      if (!isOfNode || nodeName === '') return object
      const labels = labelsOf(nodeName)
      if (Object.keys(labels).length === 0) return object
      return { ...object, metadata: { ...metadata, labels: { ...metadata?.labels, ...labels } } }
    },
  }
}
