import { StorageVersion } from '../api/apiserverinternal/storage-version/kind.ts'
import { ClusterTrustBundle } from '../api/certificates/cluster-trust-bundle/kind.ts'
import { PodCertificateRequest } from '../api/certificates/pod-certificate-request/kind.ts'
import { defaultFeatures } from '../api/feature-gates.ts'
import { DeviceTaintRule } from '../api/resource/device-taint-rule/kind.ts'
import { ResourcePoolStatusRequest } from '../api/resource/resource-pool-status-request/kind.ts'
import { PodGroup } from '../api/scheduling/pod-group/kind.ts'
import { Workload } from '../api/scheduling/workload/kind.ts'
import { StorageVersionMigration } from '../api/storagemigration/storage-version-migration/kind.ts'
import type { Features } from '../apimachinery/feature-gates.ts'
import type { AnyController, AnyKind } from '../reconcile/controller.ts'
import { type KindSource, servesKind } from '../reconcile/kind-source.ts'
import { bootstrapSignerController } from './bootstrapsigner/bootstrap-signer-controller.ts'
import { clusterRoleAggregationController } from './clusterroleaggregation/cluster-role-aggregation-controller.ts'
import { clusterTrustBundlePublisher } from './clustertrustbundlepublisher/cluster-trust-bundle-publisher.ts'
import { cronJobController } from './cronjob/cron-job-controller.ts'
import { csrApprovingController } from './csrapproving/csr-approving-controller.ts'
import { csrCleanerController } from './csrcleaner/csr-cleaner-controller.ts'
import { type CsrSigningOptions, csrSigningController } from './csrsigning/csr-signing-controller.ts'
import { daemonSetController } from './daemonset/daemon-set-controller.ts'
import { deploymentController } from './deployment/deployment-controller.ts'
import { deviceTaintEvictionController } from './devicetainteviction/device-taint-eviction-controller.ts'
import { disruptionController } from './disruption/disruption-controller.ts'
import { type EndpointsOptions, endpointsController } from './endpoints/endpoints-controller.ts'
import {
  type EndpointSliceOptions,
  endpointSliceController,
} from './endpointslice/endpoint-slice-controller.ts'
import {
  type EndpointSliceMirroringOptions,
  endpointSliceMirroringController,
} from './endpointslicemirroring/endpoint-slice-mirroring-controller.ts'
import { ephemeralVolumeController } from './ephemeralvolume/ephemeral-volume-controller.ts'
import { garbageCollector } from './garbagecollector/garbage-collector.ts'
import { jobController } from './job/job-controller.ts'
import { kubeletServingApprovingController } from './kubeletservingapproving/kubelet-serving-approving-controller.ts'
import {
  type LegacyTokenCleanerOptions,
  legacyTokenCleanerController,
} from './legacytokencleaner/legacy-token-cleaner-controller.ts'
import { namespaceController } from './namespace/namespace-controller.ts'
import { type NodeIpamOptions, nodeIpamController } from './nodeipam/node-ipam-controller.ts'
import {
  type NodeLifecycleOptions,
  nodeLifecycleController,
} from './nodelifecycle/node-lifecycle-controller.ts'
import { podCertificateRequestCleaner } from './podcertificaterequestcleaner/pod-certificate-request-cleaner.ts'
import { type PodGcOptions, podGcController } from './podgc/pod-gc-controller.ts'
import { podGroupProtectionController } from './podgroupprotection/pod-group-protection-controller.ts'
import { pvcProtectionController } from './pvcprotection/pvc-protection-controller.ts'
import { pvProtectionController } from './pvprotection/pv-protection-controller.ts'
import { replicaSetController } from './replicaset/replica-set-controller.ts'
import { replicationController } from './replicaset/replication-controller.ts'
import { resourceClaimController } from './resourceclaim/resource-claim-controller.ts'
import { poolStatusController } from './resourcepoolstatusrequest/pool-status-controller.ts'
import {
  type ResourceQuotaOptions,
  resourceQuotaController,
} from './resourcequota/resource-quota-controller.ts'
import { rootCaController } from './rootca/root-ca-controller.ts'
import { seLinuxWarningController } from './selinuxwarning/selinux-warning-controller.ts'
import { serviceAccountController } from './serviceaccount/service-account-controller.ts'
import { serviceAccountTokenController } from './serviceaccounttoken/service-account-token-controller.ts'
import type { SignClaims } from './serviceaccounttoken/token-secret.ts'
import { serviceCidrController } from './servicecidr/service-cidr-controller.ts'
import { statefulSetController } from './statefulset/stateful-set-controller.ts'
import { storageVersionGc } from './storageversiongc/storage-version-gc.ts'
import { storageVersionMigrator } from './storageversionmigrator/storage-version-migrator.ts'
import { taintEvictionController } from './tainteviction/taint-eviction-controller.ts'
import { tokenCleanerController } from './tokencleaner/token-cleaner-controller.ts'
import { ttlController } from './ttl/ttl-controller.ts'
import { ttlAfterFinishedController } from './ttlafterfinished/ttl-after-finished-controller.ts'
import { vacProtectionController } from './vacprotection/vac-protection-controller.ts'
import { validatingAdmissionPolicyStatusController } from './validatingadmissionpolicystatus/policy-status-controller.ts'

export interface ControllersOptions {
  /** Every kind that is served: what namespaces hold and owners own. */
  readonly kinds: KindSource
  /** The certificate (PEM) that pods trust the API server by. */
  readonly rootCertificate: string
  /** Signs tokens that are kept in Secrets; absent: nobody makes any. */
  readonly signToken?: SignClaims
  /** Between the deletion of a namespace and that of its content; upstream's 5 s where absent, 0 will do with one API server. */
  readonly namespaceSettleMs?: number
  readonly endpoints?: EndpointsOptions
  readonly endpointSlice?: EndpointSliceOptions
  readonly endpointSliceMirroring?: EndpointSliceMirroringOptions
  /** The release's defaults where absent. */
  readonly features?: Features
  /** Who signs certificates; nobody where absent. */
  readonly csrSigning?: CsrSigningOptions
  readonly nodeIpam?: NodeIpamOptions
  readonly nodeLifecycle?: NodeLifecycleOptions
  readonly podGc?: PodGcOptions
  readonly resourceQuota?: ResourceQuotaOptions
  readonly legacyTokenCleaner?: LegacyTokenCleanerOptions
}

/** Those that run only where they are asked for by name; upstream's, but for `kubelet-serving-approving`. */
export const offByDefault: ReadonlySet<string> = new Set([
  'bootstrap-signer',
  'kubelet-serving-approving',
  'selinux-warning',
  'token-cleaner',
])

/** A controller for a kind behind a gate. */
const gated = (
  { features = defaultFeatures, kinds }: ControllersOptions,
  gate: string,
  kind: AnyKind,
  make: () => AnyController,
): readonly AnyController[] => (features.enabled(gate) && servesKind(kinds, kind) ? [make()] : [])

/**
 * All controllers, in the order of their start. Some keep a state of their own: a list is started once, and
 * for another start another list is made.
 */
export function controllers(options: ControllersOptions): readonly AnyController[] {
  const { kinds, rootCertificate, namespaceSettleMs, signToken, features = defaultFeatures } = options
  return [
    nodeIpamController(options.nodeIpam),
    serviceAccountController,
    ...(signToken === undefined ? [] : [serviceAccountTokenController({ rootCertificate, sign: signToken })]),
    rootCaController(rootCertificate),
    clusterRoleAggregationController,
    deploymentController,
    replicaSetController,
    replicationController,
    serviceCidrController,
    statefulSetController,
    daemonSetController(),
    jobController({ groupsPods: features.enabled('WorkloadWithJob') && servesKind(kinds, Workload) }),
    cronJobController,
    ttlAfterFinishedController,
    endpointSliceController(options.endpointSlice),
    endpointSliceMirroringController(options.endpointSliceMirroring),
    endpointsController(options.endpoints),
    disruptionController(kinds),
    resourceQuotaController(kinds, options.resourceQuota),
    pvcProtectionController,
    pvProtectionController,
    vacProtectionController,
    seLinuxWarningController(),
    validatingAdmissionPolicyStatusController(kinds),
    ephemeralVolumeController,
    resourceClaimController,
    ...(features.enabled('DRADeviceTaints')
      ? [
          deviceTaintEvictionController({
            followsRules: features.enabled('DRADeviceTaintRules') && servesKind(kinds, DeviceTaintRule),
          }),
        ]
      : []),
    legacyTokenCleanerController(options.legacyTokenCleaner),
    ...(rootCertificate === ''
      ? []
      : gated(options, 'ClusterTrustBundle', ClusterTrustBundle, () =>
          clusterTrustBundlePublisher(rootCertificate),
        )),
    ...gated(options, 'StorageVersionAPI', StorageVersion, () => storageVersionGc),
    ...gated(options, 'StorageVersionMigrator', StorageVersionMigration, () => storageVersionMigrator(kinds)),
    ...gated(options, 'PodCertificateRequest', PodCertificateRequest, () => podCertificateRequestCleaner),
    ...gated(options, 'GenericWorkload', PodGroup, () => podGroupProtectionController),
    ...gated(options, 'DRAResourcePoolStatus', ResourcePoolStatusRequest, poolStatusController),
    bootstrapSignerController,
    tokenCleanerController,
    ttlController(),
    csrApprovingController,
    kubeletServingApprovingController,
    ...(options.csrSigning === undefined ? [] : [csrSigningController(options.csrSigning)]),
    csrCleanerController,
    nodeLifecycleController(options.nodeLifecycle),
    taintEvictionController(),
    podGcController(options.podGc),
    namespaceController({
      kinds,
      ...(namespaceSettleMs === undefined ? {} : { settleMs: namespaceSettleMs }),
    }),
    garbageCollector({ kinds }),
  ]
}
