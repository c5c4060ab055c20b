import { Node } from '../../../api/core/node/kind.ts'
import { admitsNode, matchesTerm } from '../../../api/core/pod/node-affinity.ts'
import type { core } from '../../../api/generated/types/index.ts'
import { actions, onEvent } from '../../cluster-event.ts'
import { normalizeScores, type Plugin, type PreFilterResult, type Rejection } from '../../framework.ts'

const rejection: Rejection = {
  resolvable: false,
  reasons: ["node(s) didn't match Pod's node affinity/selector"],
}

/** Names that every term pins down by metadata.name; undefined where some term leaves it open. */
function namedNodes(terms: readonly core.v1.NodeSelectorTerm[]): ReadonlySet<string> | undefined {
  const names = new Set<string>()
  for (const term of terms) {
    const pinned = (term.matchFields ?? []).find(
      (field) => field.key === 'metadata.name' && field.operator === 'In',
    )
    if (!pinned) return undefined
    for (const name of pinned.values ?? []) names.add(name)
  }
  return names
}

function preFilter(pod: core.v1.Pod): PreFilterResult {
  const required = pod.spec?.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution
  if (required === undefined && pod.spec?.nodeSelector === undefined) return { type: 'skip' }
  const nodes =
    required && required.nodeSelectorTerms.length > 0 ? namedNodes(required.nodeSelectorTerms) : undefined
  return {
    type: 'filter',
    filter: ({ node }) => (admitsNode(pod, node) ? undefined : rejection),
    ...(nodes === undefined ? {} : { nodes }),
  }
}

/** spec.nodeSelector and node affinity, required and preferred. */
export const nodeAffinity = (): Plugin => ({
  name: 'NodeAffinity',
  preFilter: ({ pod }) => preFilter(pod),
  preScore: ({ pod }) => {
    const preferred = pod.spec?.affinity?.nodeAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? []
    if (preferred.length === 0) return { type: 'skip' }
    return {
      type: 'score',
      score: ({ node }) =>
        preferred.reduce((sum, term) => sum + (matchesTerm(term.preference, node) ? term.weight : 0), 0),
      normalize: (scores) => normalizeScores(scores, false),
    }
  },
  events: [
    onEvent(
      Node,
      actions.add | actions.updateNodeLabel,
      ({ pod }, node, old) =>
        node !== undefined && admitsNode(pod, node) && (old === undefined || !admitsNode(pod, old)),
    ),
  ],
})
