import type { Status } from '../../../apimachinery/meta.ts'
import { badRequest, StatusError } from '../../../apimachinery/status-error.ts'

/** A webhook that could not be asked; its failure policy says what comes of it. The message is upstream's. */
export class CallingError extends Error {
  override readonly name = 'CallingError'
  /** For metrics: of the webhook's answer, or what such a failure counts as. */
  readonly code: number
  /** The client has gone away. */
  readonly canceled: boolean

  constructor(webhook: string, reason: string, code: number, canceled = false) {
    super(`failed calling webhook ${JSON.stringify(webhook)}: ${reason}`)
    this.code = code
    this.canceled = canceled
  }
}

/** A webhook that said no. */
export class Rejection extends Error {
  override readonly name = 'Rejection'
  readonly status: StatusError

  constructor(status: StatusError) {
    super(status.message)
    this.status = status
  }
}

/** Whatever the webhook said, it is an error, and says whose. */
export function rejectionStatus(webhook: string, result: Status | undefined): StatusError {
  const deniedBy = `admission webhook ${JSON.stringify(webhook)} denied the request`
  const { status = '', message = '', reason = '', code = 0, ...rest } = result ?? {}
  const said = message === '' ? reason : message
  return new StatusError({
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    ...rest,
    status: status === '' || status === 'Success' ? 'Failure' : status,
    message: said === '' ? `${deniedBy} without explanation` : `${deniedBy}: ${said}`,
    ...(reason === '' ? {} : { reason }),
    code: Math.max(code, 400),
  })
}

export const dryRunUnsupported = (webhook: string): StatusError =>
  badRequest(`admission webhook ${JSON.stringify(webhook)} does not support dry run`)
