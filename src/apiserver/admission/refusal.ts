import { forbidden, isStatus, type StatusError } from '../../apimachinery/status-error.ts'
import { messageOf } from '../../base/message-of.ts'
import type { AdmissionAttributes } from '../admission.ts'

/** The name that an error shows: of an object without one, what its name will start with. */
function nameOf({ name, object }: AdmissionAttributes): string {
  if (name !== '') return name
  return object?.metadata?.name || object?.metadata?.generateName || 'Unknown'
}

/** `admission.NewForbidden`: `pods "web" is forbidden: …`. */
export function refuse(attributes: AdmissionAttributes, why: string): StatusError {
  const { group, resource } = attributes.resource
  return forbidden({ group, resource, name: nameOf(attributes) }, why)
}

/** As `refuse`, but what refuses already is passed on as it is. */
export function refuseBecause(attributes: AdmissionAttributes, error: unknown): StatusError {
  if (isStatus(error, 'Forbidden')) return error
  return refuse(attributes, messageOf(error))
}
