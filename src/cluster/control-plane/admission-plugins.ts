import { defaultStorageClass } from '../../apiserver/admission/default-storage-class/default-storage-class.ts'
import {
  defaultTolerationSeconds,
  tolerationSecondsPlugin,
} from '../../apiserver/admission/default-toleration-seconds/default-toleration-seconds.ts'
import { limitRanger } from '../../apiserver/admission/limit-ranger/limit-ranger.ts'
import { namespaceLifecycle } from '../../apiserver/admission/namespace-lifecycle/namespace-lifecycle.ts'
import { NodeRestrictionPlugin } from '../../apiserver/admission/node-restriction/node-restriction.ts'
import { priorityPlugin } from '../../apiserver/admission/priority/priority.ts'
import { runtimeClassPlugin } from '../../apiserver/admission/runtime-class/runtime-class.ts'
import { ServiceAccountPlugin } from '../../apiserver/admission/service-account/service-account.ts'
import { storageObjectInUseProtection } from '../../apiserver/admission/storage-object-in-use-protection/storage-object-in-use-protection.ts'
import { taintNodesByCondition } from '../../apiserver/admission/taint-nodes-by-condition/taint-nodes-by-condition.ts'
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

/** The admission plugins that are on, in upstream's order; the check of roles is upstream's registry's, after all plugins. */
export function admissionPlugins({
  reader,
  host,
  authorizer,
  rbac,
}: AdmissionParts): readonly AdmissionPlugin[] {
  return [
    namespaceLifecycle(reader),
    limitRanger(reader),
    new ServiceAccountPlugin(host, reader),
    new NodeRestrictionPlugin(reader, authorizer),
    taintNodesByCondition,
    priorityPlugin(reader),
    tolerationSecondsPlugin(defaultTolerationSeconds),
    storageObjectInUseProtection,
    runtimeClassPlugin(reader),
    defaultStorageClass(reader),
    new RoleEscalationCheck(rbac, authorizer),
  ]
}
