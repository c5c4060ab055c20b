import { amountsOf, podRequests } from '../../../api/core/pod/pod-requests.ts'
import type { core } from '../../../api/generated/types/index.ts'
import { StatusError } from '../../../apimachinery/status-error.ts'
import type { AdmissionAttributes, AdmissionPlugin } from '../../admission.ts'
import type { ObjectReader } from '../../object-reader.ts'
import { typedReader } from '../../typed-reader.ts'
import { matches } from '../matches.ts'
import { refuse } from '../refusal.ts'

type Pod = core.v1.Pod
type Node = core.v1.Node

const systemLabel = 'kubernetes.io/os'

/** As `refuse`, with what programs go by. */
function refuseFor(attributes: AdmissionAttributes, why: string, reason: string): StatusError {
  const { status } = refuse(attributes, why)
  return new StatusError({ ...status, details: { ...status.details, causes: [{ reason }] } })
}

/** What the pod asks for and the whole node does not have: thousandths of a core, bytes. */
function shortages(pod: Pod, node: Node): readonly string[] {
  const [requested, allocatable] = [podRequests(pod), amountsOf(node.status?.allocatable)]
  return ['cpu', 'memory'].flatMap((name) => {
    const [wanted, there] = [requested.get(name) ?? 0, allocatable.get(name) ?? 0]
    return wanted > there ? [`${name}, requested: ${wanted}, allocatable: ${there}`] : []
  })
}

/** Refuses resizes that a pod's node could never grant (KEP-1287). */
export function podResizeValidator(reader: ObjectReader): AdmissionPlugin {
  const nodes = typedReader<Node>(reader, { group: '', resource: 'nodes' })
  return {
    name: 'PodResizeValidator',
    handles: matches({ operations: ['UPDATE'], resources: ['pods'], subresources: ['resize'] }),
    validate: (attributes) => {
      const [pod, old] = [attributes.object as Pod, attributes.oldObject as Pod]
      const nodeName = pod.spec?.nodeName ?? ''
      // The generation grows with every change of what is asked for.
      if (nodeName === '' || pod.metadata?.generation === old.metadata?.generation) return
      const node = nodes.get('', nodeName)
      if (node === undefined) throw refuse(attributes, `node "${nodeName}" not found`)
      const system = node.metadata?.labels?.[systemLabel] ?? 'linux'
      if (system !== 'linux') {
        const why = `pod resize is only supported on linux nodes, node "${nodeName}" is "${system}"`
        throw refuseFor(attributes, why, 'UnsupportedPlatform')
      }
      const short = shortages(pod, node)
      if (short.length === 0) return
      const why = `node didn't have enough allocatable resources: ${short.join('; ')}`
      throw refuseFor(attributes, why, 'NodeCapacity')
    },
  }
}
