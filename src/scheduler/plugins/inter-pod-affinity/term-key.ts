import type { AffinityTerm } from '../../pod-affinity.ts'

/** Equal for terms that ask for the same. */
export function termKey({ namespaces, namespaceSelector, selector, topologyKey }: AffinityTerm): string {
  return JSON.stringify([
    topologyKey,
    [...namespaces].sort(),
    namespaceSelector.requirements ?? null,
    selector.requirements ?? null,
  ])
}
