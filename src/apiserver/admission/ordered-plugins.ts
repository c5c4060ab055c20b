import { PolicyEnvironments } from '../../apimachinery/cel/index.ts'
import type { Features } from '../../apimachinery/feature-gates.ts'
import type { Host } from '../../base/host.ts'
import type { Logger } from '../../base/logger.ts'
import type { Metrics } from '../../base/metrics.ts'
import type { AdmissionPlugin } from '../admission.ts'
import { RoleEscalationCheck } from '../authorization/escalation.ts'
import type { RbacIndex } from '../authorization/rbac-index.ts'
import type { Authorizer } from '../authorizer.ts'
import type { BackendConnector } from '../connect/backend.ts'
import { AdmissionMetrics } from '../dynamic-admission/admission-metrics.ts'
import type { ObjectForms } from '../dynamic-admission/object-forms.ts'
import type { ParamKinds } from '../dynamic-admission/policies/params.ts'
import type { ObjectReader } from '../object-reader.ts'
import type { ObjectWriter } from '../object-writer.ts'
import { defaultStorageClass } from './default-storage-class/default-storage-class.ts'
import {
  defaultTolerationSeconds,
  tolerationSecondsPlugin,
} from './default-toleration-seconds/default-toleration-seconds.ts'
import { jobValidation } from './job-validation/job-validation.ts'
import { limitRanger } from './limit-ranger/limit-ranger.ts'
import { MutatingAdmissionPolicyPlugin } from './mutating-admission-policy/mutating-admission-policy.ts'
import { MutatingAdmissionWebhook } from './mutating-admission-webhook/mutating-admission-webhook.ts'
import { namespaceLifecycle } from './namespace-lifecycle/namespace-lifecycle.ts'
import { NodeRestrictionPlugin } from './node-restriction/node-restriction.ts'
import { podGroupProtection } from './pod-group-protection/pod-group-protection.ts'
import { priorityPlugin } from './priority/priority.ts'
import { resourceQuota } from './resource-quota/resource-quota.ts'
import { runtimeClassPlugin } from './runtime-class/runtime-class.ts'
import { ServiceAccountPlugin } from './service-account/service-account.ts'
import { storageObjectInUseProtection } from './storage-object-in-use-protection/storage-object-in-use-protection.ts'
import { taintNodesByCondition } from './taint-nodes-by-condition/taint-nodes-by-condition.ts'
import { ValidatingAdmissionPolicyPlugin } from './validating-admission-policy/validating-admission-policy.ts'
import { ValidatingAdmissionWebhook } from './validating-admission-webhook/validating-admission-webhook.ts'

/** What plugins are made from. */
export interface AdmissionParts {
  readonly host: Host
  readonly reader: ObjectReader
  readonly writer: ObjectWriter
  readonly authorizer: Authorizer
  readonly rbac: RbacIndex
  readonly logger: Logger
  readonly metrics: Metrics
  /** The way to webhooks. */
  readonly connector: BackendConnector
  readonly forms: ObjectForms
  readonly params: ParamKinds
  readonly features: Features
}

/** The plugins that are on, in upstream's order (`AllOrderedPlugins`); a new one is a folder and a line here. */
export function orderedPlugins(parts: AdmissionParts): readonly AdmissionPlugin[] {
  const { host, reader, writer, authorizer, rbac } = parts
  const tools = {
    ...parts,
    metrics: new AdmissionMetrics(parts.metrics),
    registry: parts.metrics,
    environments: new PolicyEnvironments(),
  }
  return [
    namespaceLifecycle(reader),
    limitRanger(reader),
    new ServiceAccountPlugin(host, reader),
    new NodeRestrictionPlugin(reader, authorizer),
    taintNodesByCondition,
    priorityPlugin(reader),
    tolerationSecondsPlugin(defaultTolerationSeconds),
    defaultStorageClass(reader),
    storageObjectInUseProtection,
    ...(parts.features.enabled('GenericWorkload') ? [podGroupProtection] : []),
    runtimeClassPlugin(reader),
    ...(parts.features.enabled('GenericWorkload') ? [jobValidation(reader)] : []),
    ...(parts.features.enabled('MutatingAdmissionPolicy') ? [new MutatingAdmissionPolicyPlugin(tools)] : []),
    new MutatingAdmissionWebhook(tools),
    new ValidatingAdmissionPolicyPlugin(tools),
    new ValidatingAdmissionWebhook(tools),
    // Upstream's REST checks this itself; here it is late, because it looks at what will be written.
    new RoleEscalationCheck(rbac, authorizer),
    // Last: what it has charged nobody should refuse any more.
    resourceQuota({ host, reader, writer }),
  ]
}
