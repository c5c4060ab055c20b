import type { LabelMatcher } from '../../apimachinery/selectors/label-selector.ts'
import type { PolicyPod } from './policy-pod.ts'

/** The pods of one namespace, found by a label where a selector names one: thousands of rules look for a few pods each. */
export class PodsByLabel {
  readonly #pods: PolicyPod[] = []
  #byLabel: Map<string, PolicyPod[]> | undefined

  /** Before anything is looked for. */
  add(pod: PolicyPod): void {
    this.#pods.push(pod)
  }

  matching(selector: LabelMatcher): readonly PolicyPod[] {
    return this.#candidates(selector).filter(({ labels }) => selector.matches(labels))
  }

  #candidates(selector: LabelMatcher): readonly PolicyPod[] {
    for (const { key } of selector.requirements ?? []) {
      const value = selector.exactValue(key)
      if (value !== undefined) return this.#index().get(`${key}=${value}`) ?? []
    }
    return this.#pods
  }

  #index(): ReadonlyMap<string, readonly PolicyPod[]> {
    if (this.#byLabel !== undefined) return this.#byLabel
    const index = new Map<string, PolicyPod[]>()
    for (const pod of this.#pods) {
      for (const [key, value] of Object.entries(pod.labels)) {
        const text = `${key}=${value}`
        const known = index.get(text)
        if (known === undefined) index.set(text, [pod])
        else known.push(pod)
      }
    }
    this.#byLabel = index
    return index
  }
}
