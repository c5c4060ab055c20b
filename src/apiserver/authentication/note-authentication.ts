import type { Authentication } from '../authenticator.ts'
import type { ServerRequest } from '../request.ts'

/** Passes on what clients and auditors are to know of a credential. */
export function noteAuthentication(request: ServerRequest, { annotations, warnings }: Authentication): void {
  if (annotations !== undefined)
    for (const [key, value] of Object.entries(annotations)) request.annotate(key, value)
  if (warnings !== undefined) for (const warning of warnings) request.warn(warning)
}
