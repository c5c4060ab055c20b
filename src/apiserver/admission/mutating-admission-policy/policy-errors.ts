import type { KubernetesObject, StatusCause } from '../../../apimachinery/meta.ts'
import { StatusError } from '../../../apimachinery/status-error.ts'
import type { AdmissionAttributes } from '../../admission.ts'
import { refuse } from '../refusal.ts'
import type { MutatingPolicyObject } from './mutating-policy.ts'

const nameOf = ({ metadata }: KubernetesObject): string => metadata?.name ?? ''

/** What policies that must not fail have failed with, for one request. */
export class PolicyErrors {
  readonly #causes: StatusCause[] = []
  #reason: string | undefined

  add(
    policy: MutatingPolicyObject,
    binding: KubernetesObject | undefined,
    message: string,
    reason?: string,
  ): void {
    if (policy.spec?.failurePolicy === 'Ignore') return
    const who =
      binding === undefined
        ? `policy ${JSON.stringify(nameOf(policy))}`
        : `policy '${nameOf(policy)}' with binding '${nameOf(binding)}'`
    if (this.#causes.length === 0) this.#reason = reason
    this.#causes.push({ message: `${who} denied request: ${message}` })
  }

  /** Throws what the client is told: the first error, with all of them as causes. */
  check(attributes: AdmissionAttributes): void {
    const [first] = this.#causes
    if (first === undefined) return
    const { status } = refuse(attributes, '')
    throw new StatusError({
      ...status,
      message: first.message ?? '',
      // Upstream leaves the code as it is.
      reason: this.#reason ?? status.reason ?? '',
      details: { ...status.details, causes: this.#causes },
    })
  }
}
