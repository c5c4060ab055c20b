import { aggregateFields } from './aggregate.ts'
import type { FieldError } from './field-error.ts'
import type { Status, StatusCause, StatusDetails } from './meta.ts'

/** Reasons of `metav1.StatusReason` with the HTTP code that each goes with. */
const statusCodes = {
  BadRequest: 400,
  Unauthorized: 401,
  Forbidden: 403,
  NotFound: 404,
  MethodNotAllowed: 405,
  NotAcceptable: 406,
  AlreadyExists: 409,
  Conflict: 409,
  Gone: 410,
  Expired: 410,
  RequestEntityTooLarge: 413,
  UnsupportedMediaType: 415,
  Invalid: 422,
  TooManyRequests: 429,
  InternalError: 500,
  ServiceUnavailable: 503,
  Timeout: 504,
  ServerTimeout: 500,
  StorageReadError: 500,
  Unknown: 500,
} as const

export type StatusReason = keyof typeof statusCodes

/** What an error is about. `resource` is the plural, qualified by group in messages (`deployments.apps "web" not found`). */
export interface Subject {
  readonly group: string
  readonly resource: string
  readonly name: string
}

/** An API error: what a client gets as a Status of the same code. The only error that may cross a transport. */
export class StatusError extends Error {
  override readonly name = 'StatusError'
  readonly status: Status
  constructor(status: Status) {
    super(status.message ?? status.reason ?? 'unknown error')
    this.status = status
  }
  get reason(): string {
    return this.status.reason ?? 'Unknown'
  }
  get code(): number {
    return this.status.code ?? 500
  }
}

/** An error with any reason, code and details; the named ones below are shorter. */
export function statusError(
  reason: StatusReason | '',
  message: string,
  details?: StatusDetails,
  code?: number,
): StatusError {
  return new StatusError({
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message,
    ...(reason === '' ? {} : { reason }),
    ...(details ? { details } : {}),
    code: code ?? (reason === '' ? 500 : statusCodes[reason]),
  })
}

/** `deployments.apps`, or `pods` for the core group. */
export function qualified(subject: { readonly group: string; readonly resource: string }): string {
  return subject.group === '' ? subject.resource : `${subject.resource}.${subject.group}`
}

/** Upstream puts the plural resource into `details.kind` for these errors. */
function detailsOf(subject: Subject): StatusDetails {
  return {
    ...(subject.name === '' ? {} : { name: subject.name }),
    ...(subject.group === '' ? {} : { group: subject.group }),
    kind: subject.resource,
  }
}

export const notFound = (subject: Subject): StatusError =>
  statusError('NotFound', `${qualified(subject)} "${subject.name}" not found`, detailsOf(subject))

export const alreadyExists = (subject: Subject): StatusError =>
  statusError('AlreadyExists', `${qualified(subject)} "${subject.name}" already exists`, detailsOf(subject))

export const conflict = (subject: Subject, why: string): StatusError =>
  statusError(
    'Conflict',
    `Operation cannot be fulfilled on ${qualified(subject)} "${subject.name}": ${why}`,
    detailsOf(subject),
  )

export const objectModified = (subject: Subject): StatusError =>
  conflict(
    subject,
    'the object has been modified; please apply your changes to the latest version and try again',
  )

/** `user` may be empty (anonymous requests name nobody). `why` follows a colon. */
export const forbidden = (subject: Subject, why: string): StatusError =>
  statusError(
    'Forbidden',
    subject.name === ''
      ? `${qualified(subject)} is forbidden: ${why}`
      : `${qualified(subject)} "${subject.name}" is forbidden: ${why}`,
    detailsOf(subject),
  )

export const badRequest = (message: string): StatusError => statusError('BadRequest', message)

export const unauthorized = (): StatusError => statusError('Unauthorized', 'Unauthorized')

export const expired = (message: string): StatusError => statusError('Expired', message)

export const internalError = (message: string): StatusError =>
  statusError('InternalError', `Internal error occurred: ${message}`, { causes: [{ message }] })

/** Upstream's text for one or several field errors. */
export function invalid(
  subject: { readonly group: string; readonly kind: string; readonly name: string },
  errors: readonly FieldError[],
): StatusError {
  const kind = subject.group === '' ? subject.kind : `${subject.kind}.${subject.group}`
  const causes: StatusCause[] = errors.map((error) => ({
    reason: error.reason,
    message: error.message,
    field: error.field,
  }))
  return statusError('Invalid', `${kind} "${subject.name}" is invalid: ${aggregateFields(errors)}`, {
    ...(subject.name === '' ? {} : { name: subject.name }),
    ...(subject.group === '' ? {} : { group: subject.group }),
    ...(subject.kind === '' ? {} : { kind: subject.kind }),
    causes,
  })
}

/** True for a StatusError with one of these reasons. */
export function isStatus(error: unknown, ...reasons: readonly StatusReason[]): error is StatusError {
  return error instanceof StatusError && reasons.some((reason) => reason === error.reason)
}

/** True for a StatusError with a cause of that reason: `NamespaceTerminating`, `DisruptionBudget`. */
export function hasCause(error: unknown, reason: string): error is StatusError {
  return (
    error instanceof StatusError &&
    (error.status.details?.causes ?? []).some((cause) => cause.reason === reason)
  )
}
