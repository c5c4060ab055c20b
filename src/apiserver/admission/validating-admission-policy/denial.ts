import { StatusError } from '../../../apimachinery/status-error.ts'
import type { AdmissionAttributes } from '../../admission.ts'
import { refuse } from '../refusal.ts'

/** Why a policy refuses a request. */
export interface Denial {
  readonly policy: string
  /** Undefined: the policy itself is at fault. */
  readonly binding: string | undefined
  readonly message: string
  /** '' for Invalid. */
  readonly reason: string
}

const codes: Readonly<Record<string, number>> = {
  Forbidden: 403,
  Unauthorized: 401,
  RequestEntityTooLarge: 413,
}
const invalidCode = 422

/** What the client is told. */
export function denial(
  attributes: AdmissionAttributes,
  { policy, binding, message, reason }: Denial,
): StatusError {
  const bound = binding === undefined ? '' : ` with binding '${binding}'`
  const why = `ValidatingAdmissionPolicy '${policy}'${bound} denied request: ${message}`
  const { status } = refuse(attributes, why)
  return new StatusError({
    ...status,
    reason: reason === '' ? 'Invalid' : reason,
    code: codes[reason] ?? invalidCode,
    details: { ...status.details, causes: [{ message: why }] },
  })
}
