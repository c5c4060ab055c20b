import type { core } from '../api/generated/types/index.ts'
import { type LabelMatcher, noLabel, validLabelMatcher } from '../apimachinery/selectors/label-selector.ts'

/** A term of a pod's affinity or anti-affinity to other pods, ready to be asked. */
export interface AffinityTerm {
  /** Named ones; the pod's own where the term names none and selects none. */
  readonly namespaces: ReadonlySet<string>
  /** Asked with a namespace's labels; matches nothing where the term has no namespaceSelector. */
  readonly namespaceSelector: LabelMatcher
  readonly selector: LabelMatcher
  readonly topologyKey: string
}

export interface WeightedAffinityTerm {
  readonly term: AffinityTerm
  readonly weight: number
}

export interface PodAffinity {
  readonly requiredAffinity: readonly AffinityTerm[]
  readonly requiredAntiAffinity: readonly AffinityTerm[]
  readonly preferredAffinity: readonly WeightedAffinityTerm[]
  readonly preferredAntiAffinity: readonly WeightedAffinityTerm[]
}

/** What a term says of one pod, whose namespace has these labels. */
export function matchesAffinityTerm(
  term: AffinityTerm,
  pod: core.v1.Pod,
  namespaceLabels: Readonly<Record<string, string>> | undefined,
): boolean {
  if (!term.namespaces.has(pod.metadata?.namespace ?? '') && !term.namespaceSelector.matches(namespaceLabels))
    return false
  return term.selector.matches(pod.metadata?.labels)
}

function termOf(pod: core.v1.Pod, term: core.v1.PodAffinityTerm): AffinityTerm {
  const named = term.namespaces ?? []
  const own = named.length === 0 && term.namespaceSelector === undefined
  return {
    namespaces: new Set(own ? [pod.metadata?.namespace ?? ''] : named),
    namespaceSelector:
      term.namespaceSelector === undefined ? noLabel : validLabelMatcher(term.namespaceSelector),
    selector: validLabelMatcher(term.labelSelector),
    topologyKey: term.topologyKey,
  }
}

/** Undefined for a pod that has neither affinity nor anti-affinity to pods. */
export function podAffinityOf(pod: core.v1.Pod): PodAffinity | undefined {
  const { podAffinity, podAntiAffinity } = pod.spec?.affinity ?? {}
  if (podAffinity === undefined && podAntiAffinity === undefined) return undefined
  const required = (terms: readonly core.v1.PodAffinityTerm[] = []) => terms.map((term) => termOf(pod, term))
  const preferred = (terms: readonly core.v1.WeightedPodAffinityTerm[] = []) =>
    terms.map(({ podAffinityTerm, weight }) => ({ term: termOf(pod, podAffinityTerm), weight }))
  return {
    requiredAffinity: required(podAffinity?.requiredDuringSchedulingIgnoredDuringExecution),
    requiredAntiAffinity: required(podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution),
    preferredAffinity: preferred(podAffinity?.preferredDuringSchedulingIgnoredDuringExecution),
    preferredAntiAffinity: preferred(podAntiAffinity?.preferredDuringSchedulingIgnoredDuringExecution),
  }
}
