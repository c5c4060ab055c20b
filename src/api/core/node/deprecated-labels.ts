import type { LabelSelector } from '../../../apimachinery/meta.ts'
import type { core } from '../../generated/types/index.ts'

const messages: ReadonlyMap<string, string> = new Map([
  ['beta.kubernetes.io/arch', 'deprecated since v1.14; use "kubernetes.io/arch" instead'],
  ['beta.kubernetes.io/os', 'deprecated since v1.14; use "kubernetes.io/os" instead'],
  [
    'failure-domain.beta.kubernetes.io/region',
    'deprecated since v1.17; use "topology.kubernetes.io/region" instead',
  ],
  [
    'failure-domain.beta.kubernetes.io/zone',
    'deprecated since v1.17; use "topology.kubernetes.io/zone" instead',
  ],
  [
    'beta.kubernetes.io/instance-type',
    'deprecated since v1.17; use "node.kubernetes.io/instance-type" instead',
  ],
  ['app.kubernetes.io/created-by', 'deprecated since v1.9'],
  [
    'scheduler.alpha.kubernetes.io/preferAvoidPods',
    'deprecated since v1.22; use Taints and Tolerations instead',
  ],
  ['node-role.kubernetes.io/master', 'use "node-role.kubernetes.io/control-plane" instead'],
])

/** Why a node's label should not be used any more. */
export const deprecatedNodeLabel = (key: string): string | undefined => messages.get(key)

function expressionWarnings(
  expressions: readonly { readonly key: string }[] | undefined,
  path: string,
): readonly string[] {
  return (expressions ?? []).flatMap(({ key }, index) => {
    const message = deprecatedNodeLabel(key)
    return message === undefined ? [] : [`${path}.matchExpressions[${index}].key: ${key} is ${message}`]
  })
}

export const nodeSelectorTermWarnings = (
  terms: readonly core.v1.NodeSelectorTerm[] | undefined,
  path: string,
): readonly string[] =>
  (terms ?? []).flatMap((term, index) => expressionWarnings(term.matchExpressions, `${path}[${index}]`))

export function nodeLabelSelectorWarnings(
  selector: LabelSelector | undefined,
  path: string,
): readonly string[] {
  const ofLabels = Object.keys(selector?.matchLabels ?? {}).flatMap((key) => {
    const message = deprecatedNodeLabel(key)
    return message === undefined ? [] : [`${path}.matchLabels.${key}: ${message}`]
  })
  return [...expressionWarnings(selector?.matchExpressions, path), ...ofLabels]
}
