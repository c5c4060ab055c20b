import { Node } from '../../../api/core/node/kind.ts'
import { admitsNode, matchesNodeSelector, matchesTerm } from '../../../api/core/pod/node-affinity.ts'
import type { core } from '../../../api/generated/types/index.ts'
import { actions, onEvent } from '../../cluster-event.ts'
import {
  normalizeScores,
  type Plugin,
  type PluginContext,
  type PreFilterResult,
  type Rejection,
} from '../../framework.ts'

/** NodeAffinityArgs: what holds for all pods of the profile, beside their own. */
export interface NodeAffinityArgs {
  readonly addedAffinity?: core.v1.NodeAffinity
}

const unmatched: Rejection = {
  resolvable: false,
  reasons: ["node(s) didn't match Pod's node affinity/selector"],
}
const enforced: Rejection = {
  resolvable: false,
  reasons: ["node(s) didn't match scheduler-enforced node affinity"],
}
const conflict: Rejection = { resolvable: false, reasons: ['pod affinity terms conflict'] }

/** Names that one term pins down by metadata.name; undefined where it leaves them open. */
function namesOfTerm({ matchFields = [] }: core.v1.NodeSelectorTerm): ReadonlySet<string> | undefined {
  let names: ReadonlySet<string> | undefined
  for (const { key, operator, values } of matchFields) {
    if (key !== 'metadata.name' || operator !== 'In') continue
    const given = new Set(values)
    names = names === undefined ? given : names.intersection(given)
  }
  return names
}

/** Names that all terms together leave; undefined where some term leaves them open. */
function namedNodes(terms: readonly core.v1.NodeSelectorTerm[]): ReadonlySet<string> | undefined {
  const all = new Set<string>()
  for (const term of terms) {
    const names = namesOfTerm(term)
    if (names === undefined) return undefined
    for (const name of names) all.add(name)
  }
  return all
}

function preFilter(pod: core.v1.Pod, added: core.v1.NodeSelector | undefined): PreFilterResult {
  const required = pod.spec?.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution
  if (required === undefined && pod.spec?.nodeSelector === undefined && added === undefined)
    return { type: 'skip' }
  const terms = required?.nodeSelectorTerms ?? []
  const nodes = terms.length > 0 ? namedNodes(terms) : undefined
  if (nodes?.size === 0) return { type: 'reject', rejection: conflict }
  return {
    type: 'filter',
    filter: ({ node }) => {
      if (added !== undefined && !matchesNodeSelector(added, node)) return enforced
      return admitsNode(pod, node) ? undefined : unmatched
    },
    ...(nodes === undefined ? {} : { nodes }),
  }
}

/** spec.nodeSelector and node affinity, required and preferred. */
export function nodeAffinity(_context: PluginContext, { addedAffinity }: NodeAffinityArgs = {}): Plugin {
  const added = addedAffinity?.requiredDuringSchedulingIgnoredDuringExecution
  const addedTerms = addedAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? []
  return {
    name: 'NodeAffinity',
    sign: ({ pod }) => [pod.spec?.nodeSelector, pod.spec?.affinity?.nodeAffinity],
    preFilter: ({ pod }) => preFilter(pod, added),
    preScore: ({ pod }) => {
      const own = pod.spec?.affinity?.nodeAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? []
      const preferred = [...addedTerms, ...own]
      if (preferred.length === 0) return { type: 'skip' }
      return {
        type: 'score',
        score: ({ node }) =>
          preferred.reduce((sum, term) => sum + (matchesTerm(term.preference, node) ? term.weight : 0), 0),
        normalize: (scores) => normalizeScores(scores, false),
      }
    },
    events: [
      onEvent(Node, actions.add | actions.updateNodeLabel, ({ pod }, node, old) => {
        if (node === undefined || (added !== undefined && !matchesNodeSelector(added, node))) return false
        return admitsNode(pod, node) && (old === undefined || !admitsNode(pod, old))
      }),
    ],
  }
}
