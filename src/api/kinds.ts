import type { KindDeclaration } from '../apimachinery/define-kind.ts'
import {
  MutatingAdmissionPolicy,
  MutatingAdmissionPolicyV1Alpha1,
  MutatingAdmissionPolicyV1Beta1,
} from './admissionregistration/mutating-admission-policy/kind.ts'
import {
  MutatingAdmissionPolicyBinding,
  MutatingAdmissionPolicyBindingV1Alpha1,
  MutatingAdmissionPolicyBindingV1Beta1,
} from './admissionregistration/mutating-admission-policy-binding/kind.ts'
import { MutatingWebhookConfiguration } from './admissionregistration/mutating-webhook-configuration/kind.ts'
import { ValidatingAdmissionPolicy } from './admissionregistration/validating-admission-policy/kind.ts'
import { ValidatingAdmissionPolicyBinding } from './admissionregistration/validating-admission-policy-binding/kind.ts'
import { ValidatingWebhookConfiguration } from './admissionregistration/validating-webhook-configuration/kind.ts'
import { CustomResourceDefinition } from './apiextensions/custom-resource-definition/kind.ts'
import { APIService } from './apiregistration/api-service/kind.ts'
import { StorageVersion } from './apiserverinternal/storage-version/kind.ts'
import { ControllerRevision } from './apps/controller-revision/kind.ts'
import { DaemonSet } from './apps/daemon-set/kind.ts'
import { Deployment } from './apps/deployment/kind.ts'
import { ReplicaSet } from './apps/replica-set/kind.ts'
import { StatefulSet } from './apps/stateful-set/kind.ts'
import { SelfSubjectReview } from './authentication/self-subject-review/kind.ts'
import { TokenRequest } from './authentication/token-request/kind.ts'
import { TokenReview } from './authentication/token-review/kind.ts'
import { LocalSubjectAccessReview } from './authorization/local-subject-access-review/kind.ts'
import { SelfSubjectAccessReview } from './authorization/self-subject-access-review/kind.ts'
import { SelfSubjectRulesReview } from './authorization/self-subject-rules-review/kind.ts'
import { SubjectAccessReview } from './authorization/subject-access-review/kind.ts'
import { HorizontalPodAutoscaler } from './autoscaling/horizontal-pod-autoscaler/kind.ts'
import { HorizontalPodAutoscalerV1 } from './autoscaling/horizontal-pod-autoscaler/kind-v1.ts'
import { Scale } from './autoscaling/scale/kind.ts'
import { CronJob } from './batch/cron-job/kind.ts'
import { Job } from './batch/job/kind.ts'
import { CertificateSigningRequest } from './certificates/certificate-signing-request/kind.ts'
import { ClusterTrustBundle, ClusterTrustBundleV1Alpha1 } from './certificates/cluster-trust-bundle/kind.ts'
import { PodCertificateRequest } from './certificates/pod-certificate-request/kind.ts'
import { Lease } from './coordination/lease/kind.ts'
import { LeaseCandidate, LeaseCandidateV1Alpha2 } from './coordination/lease-candidate/kind.ts'
import { Binding } from './core/binding/kind.ts'
import { ComponentStatus } from './core/component-status/kind.ts'
import { ConfigMap } from './core/config-map/kind.ts'
import { Endpoints } from './core/endpoints/kind.ts'
import { Event } from './core/event/kind.ts'
import { LimitRange } from './core/limit-range/kind.ts'
import { Namespace } from './core/namespace/kind.ts'
import { Node } from './core/node/kind.ts'
import { PersistentVolume } from './core/persistent-volume/kind.ts'
import { PersistentVolumeClaim } from './core/persistent-volume-claim/kind.ts'
import { Pod } from './core/pod/kind.ts'
import { PodTemplate } from './core/pod-template/kind.ts'
import { ReplicationController } from './core/replication-controller/kind.ts'
import { ResourceQuota } from './core/resource-quota/kind.ts'
import { Secret } from './core/secret/kind.ts'
import { Service } from './core/service/kind.ts'
import { ServiceAccount } from './core/service-account/kind.ts'
import { EndpointSlice } from './discovery/endpoint-slice/kind.ts'
import { EventsEvent } from './events/event/kind.ts'
import { FlowSchema } from './flowcontrol/flow-schema/kind.ts'
import { PriorityLevelConfiguration } from './flowcontrol/priority-level-configuration/kind.ts'
import { Ingress } from './networking/ingress/kind.ts'
import { IngressClass } from './networking/ingress-class/kind.ts'
import { IPAddress, IPAddressV1Beta1 } from './networking/ip-address/kind.ts'
import { NetworkPolicy } from './networking/network-policy/kind.ts'
import { ServiceCIDR, ServiceCIDRV1Beta1 } from './networking/service-cidr/kind.ts'
import { RuntimeClass } from './node/runtime-class/kind.ts'
import { Eviction } from './policy/eviction/kind.ts'
import { PodDisruptionBudget } from './policy/pod-disruption-budget/kind.ts'
import { ClusterRole } from './rbac/cluster-role/kind.ts'
import { ClusterRoleBinding } from './rbac/cluster-role-binding/kind.ts'
import { Role } from './rbac/role/kind.ts'
import { RoleBinding } from './rbac/role-binding/kind.ts'
import { DeviceClass } from './resource/device-class/kind.ts'
import { DeviceClassV1Beta1, DeviceClassV1Beta2 } from './resource/device-class/versions.ts'
import { DeviceTaintRule, DeviceTaintRuleV1Alpha3 } from './resource/device-taint-rule/kind.ts'
import { ResourceClaim } from './resource/resource-claim/kind.ts'
import { ResourceClaimV1Beta1, ResourceClaimV1Beta2 } from './resource/resource-claim/versions.ts'
import { ResourceClaimTemplate } from './resource/resource-claim-template/kind.ts'
import {
  ResourceClaimTemplateV1Beta1,
  ResourceClaimTemplateV1Beta2,
} from './resource/resource-claim-template/versions.ts'
import { ResourcePoolStatusRequest } from './resource/resource-pool-status-request/kind.ts'
import { ResourceSlice } from './resource/resource-slice/kind.ts'
import { ResourceSliceV1Beta1, ResourceSliceV1Beta2 } from './resource/resource-slice/versions.ts'
import { PodGroup } from './scheduling/pod-group/kind.ts'
import { PriorityClass } from './scheduling/priority-class/kind.ts'
import { Workload } from './scheduling/workload/kind.ts'
import { CSIDriver } from './storage/csi-driver/kind.ts'
import { CSINode } from './storage/csi-node/kind.ts'
import { CSIStorageCapacity } from './storage/csi-storage-capacity/kind.ts'
import { StorageClass } from './storage/storage-class/kind.ts'
import { VolumeAttachment } from './storage/volume-attachment/kind.ts'
import {
  VolumeAttributesClass,
  VolumeAttributesClassV1Beta1,
} from './storage/volume-attributes-class/kind.ts'
import { StorageVersionMigration } from './storagemigration/storage-version-migration/kind.ts'

/**
 * Every kind, in the order of discovery: stable ones, then those that are served when they are asked for. A new kind
 * is its folder and one line here.
 */
export const kinds: readonly KindDeclaration[] = [
  Pod,
  Service,
  ConfigMap,
  Secret,
  Namespace,
  Node,
  ServiceAccount,
  Endpoints,
  Event,
  ReplicationController,
  PodTemplate,
  PersistentVolume,
  PersistentVolumeClaim,
  LimitRange,
  ResourceQuota,
  ComponentStatus,
  Binding,
  Deployment,
  ReplicaSet,
  StatefulSet,
  DaemonSet,
  ControllerRevision,
  Job,
  CronJob,
  HorizontalPodAutoscaler,
  HorizontalPodAutoscalerV1,
  PodDisruptionBudget,
  Ingress,
  IngressClass,
  NetworkPolicy,
  IPAddress,
  ServiceCIDR,
  EndpointSlice,
  EventsEvent,
  ClusterRole,
  ClusterRoleBinding,
  Role,
  RoleBinding,
  StorageClass,
  VolumeAttributesClass,
  VolumeAttachment,
  CSIDriver,
  CSINode,
  CSIStorageCapacity,
  PriorityClass,
  Lease,
  RuntimeClass,
  CertificateSigningRequest,
  MutatingWebhookConfiguration,
  ValidatingWebhookConfiguration,
  ValidatingAdmissionPolicy,
  ValidatingAdmissionPolicyBinding,
  MutatingAdmissionPolicy,
  MutatingAdmissionPolicyBinding,
  CustomResourceDefinition,
  APIService,
  FlowSchema,
  PriorityLevelConfiguration,
  DeviceClass,
  ResourceClaim,
  ResourceClaimTemplate,
  ResourceSlice,
  TokenReview,
  SelfSubjectReview,
  SubjectAccessReview,
  SelfSubjectAccessReview,
  SelfSubjectRulesReview,
  LocalSubjectAccessReview,
  MutatingAdmissionPolicyV1Beta1,
  MutatingAdmissionPolicyBindingV1Beta1,
  MutatingAdmissionPolicyV1Alpha1,
  MutatingAdmissionPolicyBindingV1Alpha1,
  ClusterTrustBundle,
  PodCertificateRequest,
  ClusterTrustBundleV1Alpha1,
  LeaseCandidate,
  LeaseCandidateV1Alpha2,
  IPAddressV1Beta1,
  ServiceCIDRV1Beta1,
  DeviceClassV1Beta2,
  ResourceClaimV1Beta2,
  ResourceClaimTemplateV1Beta2,
  ResourceSliceV1Beta2,
  DeviceTaintRule,
  DeviceClassV1Beta1,
  ResourceClaimV1Beta1,
  ResourceClaimTemplateV1Beta1,
  ResourceSliceV1Beta1,
  DeviceTaintRuleV1Alpha3,
  ResourcePoolStatusRequest,
  Workload,
  PodGroup,
  VolumeAttributesClassV1Beta1,
  StorageVersionMigration,
  StorageVersion,
]

/** Kinds that only subresources take and give; they have no route of their own. */
export const subresourceKinds: readonly KindDeclaration[] = [Scale, Eviction, TokenRequest]
