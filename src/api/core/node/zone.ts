import type { core } from '../../generated/types/index.ts'

/** A node's region and zone as one text, '' without either. The labels of before 1.17 go first. */
export function zoneOf(node: core.v1.Node): string {
  const labels = node.metadata?.labels ?? {}
  const zone = labels['failure-domain.beta.kubernetes.io/zone'] ?? labels['topology.kubernetes.io/zone'] ?? ''
  const region =
    labels['failure-domain.beta.kubernetes.io/region'] ?? labels['topology.kubernetes.io/region'] ?? ''
  return region === '' && zone === '' ? '' : `${region}:\0:${zone}`
}
