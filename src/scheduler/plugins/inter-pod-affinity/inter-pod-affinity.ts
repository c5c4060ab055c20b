import { Node } from '../../../api/core/node/kind.ts'
import { Pod } from '../../../api/core/pod/kind.ts'
import { actions, onEvent } from '../../cluster-event.ts'
import type { Plugin, PluginContext } from '../../framework.ts'
import { affinityFilter } from './affinity-filter.ts'
import { nodeChangeMayHelp, podChangeMayHelp } from './affinity-hints.ts'
import { type AffinityScoreSettings, affinityScore } from './affinity-score.ts'
import { MatchIndex } from './match-index.ts'
import { TermIndex } from './term-index.ts'

/** Affinity and anti-affinity between pods. */
export function interPodAffinity(
  { nodes, informers }: PluginContext,
  args: Partial<AffinityScoreSettings> = {},
): Plugin {
  const terms = new TermIndex(nodes)
  const matches = new MatchIndex(nodes, informers)
  const settings = { hardPodAffinityWeight: 1, ignorePreferredTermsOfExistingPods: false, ...args }
  return {
    name: 'InterPodAffinity',
    preFilter: (pod) => {
      const filter = affinityFilter(terms, matches, pod)
      return filter === undefined ? { type: 'skip' } : { type: 'filter', filter }
    },
    preScore: (pod) => affinityScore(terms, matches, pod, settings),
    events: [
      onEvent(Pod, actions.add | actions.updatePodLabel | actions.delete, (pod, now, old) =>
        podChangeMayHelp(pod, (term, other) => matches.matches(term, other), now, old),
      ),
      onEvent(Node, actions.add | actions.updateNodeLabel, nodeChangeMayHelp),
    ],
  }
}
