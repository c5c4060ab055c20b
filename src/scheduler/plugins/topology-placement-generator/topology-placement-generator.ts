import { messageOf } from '../../../base/message-of.ts'
import type { GroupToPlace, Placement, Plugin, PluginContext } from '../../framework.ts'
import type { NodeInfo } from '../../node-info.ts'

/** Where the group's pods are already, by the label; undefined: nowhere. */
function domainOf({ placed }: GroupToPlace, key: string, nodes: PluginContext['nodes']): string | undefined {
  let domain: string | undefined
  for (const { pod, node } of placed) {
    const of = `${pod.metadata?.namespace}/${pod.metadata?.name}`
    const info = nodes.get(node)
    if (info === undefined)
      throw new Error(`getting node for pod ${of}: nodeinfo not found for node name ${JSON.stringify(node)}`)
    const found = info.node.metadata?.labels?.[key]
    if (found === undefined) throw new Error(`no topology domain found for pod ${of}`)
    if (domain !== undefined && domain !== found)
      throw new Error(`more than 1 domain found for pod group: ${domain}, ${found}`)
    domain = found
  }
  return domain
}

function required(group: GroupToPlace, key: string, nodes: PluginContext['nodes']): string | undefined {
  try {
    return domainOf(group, key, nodes)
  } catch (error) {
    throw new Error(`cannot determine domain for already scheduled pods: ${messageOf(error)}`)
  }
}

/** A placement for each value of the label by which a pod group wants its nodes to be alike. */
export const topologyPlacementGenerator = ({ nodes }: PluginContext): Plugin => ({
  name: 'TopologyPlacementGenerator',
  placementGenerate: (given: GroupToPlace, parent: Placement): readonly Placement[] => {
    const key = given.group?.spec.schedulingConstraints?.topology?.[0]?.key
    if (key === undefined) return [parent]
    const only = required(given, key, nodes)
    const byDomain = new Map<string, NodeInfo[]>()
    for (const info of parent.nodes) {
      const domain = info.node.metadata?.labels?.[key]
      if (domain === undefined || (only !== undefined && only !== domain)) continue
      const known = byDomain.get(domain)
      if (known === undefined) byDomain.set(domain, [info])
      else known.push(info)
    }
    return [...byDomain].map(([name, alike]) => ({ name, nodes: alike }))
  },
})
