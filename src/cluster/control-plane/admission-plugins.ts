import type { AdmissionPlugin } from '../../apiserver/admission.ts'
import { RoleEscalationCheck } from '../../apiserver/authorization/escalation.ts'
import type { RbacIndex } from '../../apiserver/authorization/rbac-index.ts'
import type { Authorizer } from '../../apiserver/authorizer.ts'
import type { ObjectReader } from '../../apiserver/object-reader.ts'
import type { Host } from '../../base/host.ts'

export interface AdmissionParts {
  readonly reader: ObjectReader
  readonly host: Host
  readonly authorizer: Authorizer
  readonly rbac: RbacIndex
}

/** The admission plugins that are on, in upstream's order. */
export function admissionPlugins({ authorizer, rbac }: AdmissionParts): readonly AdmissionPlugin[] {
  return [new RoleEscalationCheck(rbac, authorizer)]
}
