import type { KubernetesObject } from '../../apimachinery/meta.ts'
import { semanticallyEqual } from '../../apimachinery/semantically-equal.ts'
import type { AdmissionAttributes } from '../admission.ts'

/** Which of one plugin's webhooks or policies see a request a second time, because others changed it after them. */
class Reinvocations {
  #invoked = new Set<string>()
  readonly #again = new Set<string>()
  #output: KubernetesObject | undefined

  /** At the start of a round: what other plugins changed since the last one counts as well. */
  start({ round }: AdmissionAttributes, object: KubernetesObject | undefined): void {
    if (round === 1 && !semanticallyEqual(this.#output, object)) this.requireAll()
  }

  /** At the end of a round. */
  finish(object: KubernetesObject | undefined): void {
    this.#output = object
  }

  /** All that were called before and want it are called again. */
  requireAll(): void {
    for (const key of this.#invoked) this.#again.add(key)
    this.#invoked = new Set()
  }

  /** It has been called, and wants to be again if others change something. */
  invoked(key: string): void {
    this.#invoked.add(key)
  }

  /** Nobody is called for the first time in the second round. */
  isCalled({ round }: AdmissionAttributes, key: string): boolean {
    return round === 0 || this.#again.has(key)
  }
}

/** The reinvocations of one plugin by the requests under way. */
export class ReinvocationsByRequest {
  readonly #byRequest = new WeakMap<AdmissionAttributes, Reinvocations>()

  of(attributes: AdmissionAttributes): Reinvocations {
    const known = this.#byRequest.get(attributes)
    if (known !== undefined) return known
    const made = new Reinvocations()
    this.#byRequest.set(attributes, made)
    return made
  }
}
