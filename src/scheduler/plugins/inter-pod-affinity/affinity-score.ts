import { maxNodeScore, type PreScoreResult } from '../../framework.ts'
import type { PodInfo } from '../../pod-info.ts'
import type { TopologySums } from '../../topology-sums.ts'
import type { MatchIndex } from './match-index.ts'
import type { TermIndex, TermUse } from './term-index.ts'

export interface AffinityScoreSettings {
  /** How much a pod's required affinity draws those that it asks for; 0 to 100. */
  readonly hardPodAffinityWeight: number
  /** Pods without preferences of their own are not scored for those of others. */
  readonly ignorePreferredTermsOfExistingPods: boolean
}

interface Part {
  readonly sums: TopologySums
  readonly weight: number
}

/** The preferences of the pod and of the pods that are there, summed for each node. */
export function affinityScore(
  terms: TermIndex,
  matches: MatchIndex,
  { pod, affinity }: PodInfo,
  settings: AffinityScoreSettings,
): PreScoreResult {
  const { preferredAffinity = [], preferredAntiAffinity = [] } = affinity ?? {}
  if (
    settings.ignorePreferredTermsOfExistingPods &&
    preferredAffinity.length + preferredAntiAffinity.length === 0
  )
    return { type: 'skip' }
  const namespaceLabels = matches.labelsOf(pod.metadata?.namespace ?? '')
  const theirs = (use: TermUse, weight: number): readonly Part[] =>
    terms.concerning(use, pod, namespaceLabels).map((sums) => ({ sums, weight }))
  const own = (list: typeof preferredAffinity, sign: 1 | -1): readonly Part[] =>
    list.flatMap(({ term, weight }) =>
      matches.matching([term]).map((sums) => ({ sums, weight: sign * weight })),
    )
  const parts = [
    ...own(preferredAffinity, 1),
    ...own(preferredAntiAffinity, -1),
    ...(settings.hardPodAffinityWeight > 0 ? theirs('requiredAffinity', settings.hardPodAffinityWeight) : []),
    ...theirs('preferredAffinity', 1),
    ...theirs('preferredAntiAffinity', -1),
  ].filter(({ sums }) => !sums.isEmpty)
  if (parts.length === 0) return { type: 'skip' }
  return {
    type: 'score',
    score: (node) => {
      let sum = 0
      for (const { sums, weight } of parts) sum += weight * sums.of(node)
      return sum
    },
    normalize: normalizeAffinity,
  }
}

/** Stretches the scores over 0…100; all are 0 where they are equal. */
function normalizeAffinity(scores: Float64Array): void {
  let [least, most] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
  for (const score of scores) {
    if (score < least) least = score
    if (score > most) most = score
  }
  const range = most - least
  for (let index = 0; index < scores.length; index++)
    scores[index] = range > 0 ? Math.trunc(maxNodeScore * (((scores[index] ?? 0) - least) / range)) : 0
}
