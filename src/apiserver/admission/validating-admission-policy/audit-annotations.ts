import type { AdmissionAttributes } from '../../admission.ts'

/** Upstream's, of one binding's value. */
const maxValueLength = 10 * 1024

export const failureKey = 'validation.policy.admission.k8s.io/validation_failure'

/** The value below `failureKey`: a list, so that there may be several one day. */
export const failureAnnotation = (
  { policy, binding }: { readonly policy: string; readonly binding: string },
  message: string,
  expressionIndex: number,
  validationActions: readonly string[],
): string => JSON.stringify([{ message, policy, binding, expressionIndex, validationActions }])

/** What the bindings of one policy want auditors to know of a request. */
export class AuditAnnotations {
  readonly #policy: string
  readonly #values = new Map<string, Set<string>>()

  constructor(policy: string) {
    this.#policy = policy
  }

  add(key: string, value: string): void {
    const values = this.#values.get(key) ?? new Set()
    values.add(value.slice(0, maxValueLength))
    this.#values.set(key, values)
  }

  publish(attributes: AdmissionAttributes): void {
    for (const [key, values] of this.#values)
      attributes.annotate(`${this.#policy}/${key}`, [...values].join(', '))
  }
}
