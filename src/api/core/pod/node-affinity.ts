import type { StringMap } from '../../../apimachinery/meta.ts'
import type { core } from '../../generated/types/index.ts'

const integer = /^[+-]?\d+$/

function matchesValue(requirement: core.v1.NodeSelectorRequirement, value: string | undefined): boolean {
  const values = requirement.values ?? []
  switch (requirement.operator) {
    case 'In':
      return value !== undefined && values.includes(value)
    case 'NotIn':
      return value === undefined || !values.includes(value)
    case 'Exists':
      return value !== undefined
    case 'DoesNotExist':
      return value === undefined
    case 'Gt':
    case 'Lt': {
      const [bound] = values
      if (value === undefined || bound === undefined || !integer.test(value) || !integer.test(bound))
        return false
      return requirement.operator === 'Gt' ? BigInt(value) > BigInt(bound) : BigInt(value) < BigInt(bound)
    }
    default:
      return false
  }
}

/** Whether a node satisfies one term; a term without any requirement matches nothing. */
export function matchesTerm(term: core.v1.NodeSelectorTerm, node: core.v1.Node): boolean {
  const { matchExpressions = [], matchFields = [] } = term
  if (matchExpressions.length === 0 && matchFields.length === 0) return false
  const labels: StringMap = node.metadata?.labels ?? {}
  return (
    matchExpressions.every((requirement) => matchesValue(requirement, labels[requirement.key])) &&
    matchFields.every(
      (requirement) => requirement.key === 'metadata.name' && matchesValue(requirement, node.metadata?.name),
    )
  )
}

/** Terms are alternatives. */
export function matchesNodeSelector(selector: core.v1.NodeSelector, node: core.v1.Node): boolean {
  return selector.nodeSelectorTerms.some((term) => matchesTerm(term, node))
}

/** Whether the pod's node selector and required node affinity admit the node. */
export function admitsNode(pod: core.v1.Pod, node: core.v1.Node): boolean {
  const labels: StringMap = node.metadata?.labels ?? {}
  const wanted = pod.spec?.nodeSelector
  for (const key in wanted) if (labels[key] !== wanted[key]) return false
  const required = pod.spec?.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution
  return required === undefined || matchesNodeSelector(required, node)
}
