import { PolicyEnvironments } from '../../apimachinery/cel/index.ts'
import type { Features } from '../../apimachinery/feature-gates.ts'
import type { Transport } from '../../apimachinery/transport.ts'
import type { Host } from '../../base/host.ts'
import type { Logger } from '../../base/logger.ts'
import type { Metrics } from '../../base/metrics.ts'
import type { AdmissionPlugin } from '../admission.ts'
import { RoleEscalationCheck } from '../authorization/escalation.ts'
import type { RbacIndex } from '../authorization/rbac-index.ts'
import type { Authorizer } from '../authorizer.ts'
import type { BackendConnector } from '../connect/backend.ts'
import { AdmissionMetrics } from '../dynamic-admission/admission-metrics.ts'
import type { AdmissionManifests } from '../dynamic-admission/manifests/start-manifests.ts'
import type { ObjectForms } from '../dynamic-admission/object-forms.ts'
import type { ParamKinds } from '../dynamic-admission/policies/params.ts'
import type { ObjectReader } from '../object-reader.ts'
import type { ObjectWriter } from '../object-writer.ts'
import { alwaysAdmit } from './always-admit/always-admit.ts'
import { alwaysDeny } from './always-deny/always-deny.ts'
import { alwaysPullImages } from './always-pull-images/always-pull-images.ts'
import { certificateApproval } from './certificate-approval/certificate-approval.ts'
import { certificateSigning } from './certificate-signing/certificate-signing.ts'
import { certificateSubjectRestriction } from './certificate-subject-restriction/certificate-subject-restriction.ts'
import { clusterTrustBundleAttest } from './cluster-trust-bundle-attest/cluster-trust-bundle-attest.ts'
import { defaultIngressClass } from './default-ingress-class/default-ingress-class.ts'
import { defaultStorageClass } from './default-storage-class/default-storage-class.ts'
import { tolerationSecondsPlugin } from './default-toleration-seconds/default-toleration-seconds.ts'
import { denyServiceExternalIps } from './deny-service-external-ips/deny-service-external-ips.ts'
import { eventRateLimit } from './event-rate-limit/event-rate-limit.ts'
import { extendedResourceToleration } from './extended-resource-toleration/extended-resource-toleration.ts'
import { imagePolicyWebhook } from './image-policy-webhook/image-policy-webhook.ts'
import { jobValidation } from './job-validation/job-validation.ts'
import { limitPodHardAntiAffinityTopology } from './limit-pod-hard-anti-affinity-topology/limit-pod-hard-anti-affinity-topology.ts'
import { limitRanger } from './limit-ranger/limit-ranger.ts'
import { MutatingAdmissionPolicyPlugin } from './mutating-admission-policy/mutating-admission-policy.ts'
import { MutatingAdmissionWebhook } from './mutating-admission-webhook/mutating-admission-webhook.ts'
import { namespaceAutoProvision } from './namespace-auto-provision/namespace-auto-provision.ts'
import { namespaceExists } from './namespace-exists/namespace-exists.ts'
import { namespaceLifecycle } from './namespace-lifecycle/namespace-lifecycle.ts'
import { nodeDeclaredFeatureValidator } from './node-declared-feature-validator/node-declared-feature-validator.ts'
import { NodeRestrictionPlugin } from './node-restriction/node-restriction.ts'
import {
  type FindOwnerResource,
  OwnerReferencesPermissionEnforcement,
} from './owner-references-permission-enforcement/owner-references-permission-enforcement.ts'
import { persistentVolumeClaimResize } from './persistent-volume-claim-resize/persistent-volume-claim-resize.ts'
import type { PluginConfiguration } from './plugin-configuration.ts'
import { podGroupProtection } from './pod-group-protection/pod-group-protection.ts'
import { podGroupWorkloadExists } from './pod-group-workload-exists/pod-group-workload-exists.ts'
import { podNodeSelector } from './pod-node-selector/pod-node-selector.ts'
import { podResizeValidator } from './pod-resize-validator/pod-resize-validator.ts'
import { PodSecurity } from './pod-security/pod-security.ts'
import { podTolerationRestriction } from './pod-toleration-restriction/pod-toleration-restriction.ts'
import { podTopologyLabels } from './pod-topology-labels/pod-topology-labels.ts'
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
  /** Of the release. */
  readonly minor: number
  readonly configuration: PluginConfiguration
  readonly manifests: AdmissionManifests
  /** The server's own way in; asked when the server runs. */
  readonly transport: () => Transport
  readonly findOwner: FindOwnerResource
}

/** All plugins in upstream's order (`AllOrderedPlugins`), also those that are off unless asked for; a new one is a folder and a line here. */
export function orderedPlugins(parts: AdmissionParts): readonly AdmissionPlugin[] {
  const { host, reader, writer, authorizer, rbac } = parts
  const tools = {
    ...parts,
    metrics: new AdmissionMetrics(parts.metrics),
    registry: parts.metrics,
    environments: new PolicyEnvironments(),
  }
  const { configuration, features, manifests } = parts
  const { imagePolicy } = configuration
  const gated = (gate: string, plugin: AdmissionPlugin): readonly AdmissionPlugin[] =>
    features.enabled(gate) ? [plugin] : []
  return [
    alwaysAdmit,
    namespaceAutoProvision(reader, parts.transport),
    namespaceLifecycle(reader),
    namespaceExists(reader),
    limitPodHardAntiAffinityTopology,
    limitRanger(reader),
    new ServiceAccountPlugin(host, reader),
    new NodeRestrictionPlugin(reader, authorizer),
    taintNodesByCondition,
    alwaysPullImages,
    ...(imagePolicy === undefined ? [] : [imagePolicyWebhook({ ...parts, policy: imagePolicy })]),
    new PodSecurity({ ...parts, configuration: configuration.podSecurity }),
    podNodeSelector(reader, configuration.nodeSelectors),
    priorityPlugin(reader, features),
    tolerationSecondsPlugin(configuration.tolerationSeconds),
    podTolerationRestriction(reader, configuration.tolerations),
    eventRateLimit(host, configuration.eventLimits),
    extendedResourceToleration,
    defaultStorageClass(reader),
    storageObjectInUseProtection,
    ...gated('GenericWorkload', podGroupProtection),
    new OwnerReferencesPermissionEnforcement(authorizer, parts.findOwner),
    persistentVolumeClaimResize(reader),
    runtimeClassPlugin(reader),
    certificateApproval(authorizer),
    certificateSigning(authorizer),
    ...gated('ClusterTrustBundle', clusterTrustBundleAttest(authorizer)),
    certificateSubjectRestriction,
    defaultIngressClass(reader),
    denyServiceExternalIps,
    ...gated('PodTopologyLabelsAdmission', podTopologyLabels(reader)),
    ...gated('GenericWorkload', podGroupWorkloadExists(reader)),
    ...gated('NodeDeclaredFeatures', nodeDeclaredFeatureValidator(reader)),
    ...gated('GenericWorkload', jobValidation(reader)),
    podResizeValidator(reader),
    ...(features.enabled('MutatingAdmissionPolicy')
      ? [new MutatingAdmissionPolicyPlugin({ ...tools, manifests: manifests.MutatingAdmissionPolicy })]
      : []),
    new MutatingAdmissionWebhook({
      ...tools,
      credentials: configuration.mutatingWebhookUsers,
      manifests: manifests.MutatingAdmissionWebhook,
    }),
    new ValidatingAdmissionPolicyPlugin({ ...tools, manifests: manifests.ValidatingAdmissionPolicy }),
    new ValidatingAdmissionWebhook({
      ...tools,
      credentials: configuration.validatingWebhookUsers,
      manifests: manifests.ValidatingAdmissionWebhook,
    }),
    // Upstream's REST checks this itself; here it is late, because it looks at what will be written.
    new RoleEscalationCheck(rbac, authorizer),
    // What it has charged nobody should refuse any more: what comes after it refuses in the mutating step.
    resourceQuota({ host, reader, writer, limited: configuration.limitedResources }),
    alwaysDeny,
  ]
}
