const selector = { matchLabels: { app: 'a' } }
const podSpec = { containers: [{ name: 'a', image: 'a' }] }
const template = { metadata: { labels: { app: 'a' } }, spec: podSpec }
const jobTemplate = { ...template, spec: { ...podSpec, restartPolicy: 'Never' } }
const rule = { operations: ['CREATE'], apiGroups: [''], apiVersions: ['v1'], resources: ['pods'] }
const match = { resourceRules: [rule] }
const roleRef = { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'a' }
const hook = {
  name: 'a.example.com',
  admissionReviewVersions: ['v1'],
  sideEffects: 'None',
  clientConfig: { url: 'https://example.com' },
}
const claimSpec = { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } }
const pool = { name: 'p', generation: 1, resourceSliceCount: 1 }
const taint = { key: 'a', effect: 'NoSchedule' }
const involved = { kind: 'Pod', namespace: 'default', name: 'a' }
/** A certificate request, made for tests. */
export const requestPem =
  'LS0tLS1CRUdJTiBDRVJUSUZJQ0FURSBSRVFVRVNULS0tLS0KTUlHTE1EOENBUUF3RERFS01BZ0dBMVVFQXd3QllUQXFNQVVHQXl0bGNBTWhBUHZCY2FVLzVhdUlWVmNFa2dCSApRNXY1MGVqbEhTRlJMZFE2VlhMOUdaR01vQUF3QlFZREsyVndBMEVBRW9Uc08vQnZNbGQ1MTVmNHJQM2NnN1FsCm5vQk9tNHI3TGNyMGRDUEp2YThEVnd5OFFNTnlZOU1tUnJyRW9FV1NXTGozY0pOaFJJNFFUcEk5eWhvZkR3PT0KLS0tLS1FTkQgQ0VSVElGSUNBVEUgUkVRVUVTVC0tLS0tCg=='

/** Ed25519, made for tests: a PKIX public key. */
const publicKey = 'MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE='

/** An authority's certificate, made for tests. */
const authority = `-----BEGIN CERTIFICATE-----
MIIBLjCB4aADAgECAhRNyr0weCEldCv/yUWDFB3UAlgbTDAFBgMrZXAwDTELMAkG
A1UEAwwCY2EwHhcNMjYxMTIxMTM1MDU5WhcNMzYxMTE4MTM1MDU5WjANMQswCQYD
VQQDDAJjYTAqMAUGAytlcAMhAD43KLuXTbKkgZiItHTwfNuOelXxCSWAupyZD2Le
1ZLPo1MwUTAdBgNVHQ4EFgQUHMIAHts2TJasY6NBe59X7vx5yk0wHwYDVR0jBBgw
FoAUHMIAHts2TJasY6NBe59X7vx5yk0wDwYDVR0TAQH/BAUwAwEB/zAFBgMrZXAD
QQBj/CXQC2cj+/aEG5G6hqImuZYTIxjVWgrKM2wtMXH4woBdJ7GgK2qSnwWAbuDO
VcElsxSjsAJ9jhuVUYRnVEQN
-----END CERTIFICATE-----
`

/** What each kind needs at least, beside a name; kinds that need nothing are not here. */
export const minimalObjects: Readonly<Record<string, object>> = {
  Pod: { spec: podSpec },
  Service: { spec: { ports: [{ port: 80 }] } },
  Event: { involvedObject: involved },
  'events.k8s.io Event': {
    regarding: involved,
    eventTime: '2026-01-01T00:00:00.000000Z',
    reportingController: 'example.com/c',
    reportingInstance: 'i',
    action: 'A',
    reason: 'R',
    type: 'Normal',
  },
  ReplicationController: { spec: { selector: { app: 'a' }, template } },
  PodTemplate: { template },
  PersistentVolume: {
    spec: { capacity: { storage: '1Gi' }, accessModes: ['ReadWriteOnce'], hostPath: { path: '/a' } },
  },
  PersistentVolumeClaim: { spec: claimSpec },
  LimitRange: { spec: { limits: [{ type: 'Pod' }] } },
  ResourceQuota: { spec: { hard: { pods: '1' } } },
  Deployment: { spec: { selector, template } },
  ReplicaSet: { spec: { selector, template } },
  StatefulSet: { spec: { selector, template } },
  DaemonSet: { spec: { selector, template } },
  ControllerRevision: { revision: 1, data: { a: 1 } },
  Job: { spec: { template: jobTemplate } },
  CronJob: { spec: { schedule: '* * * * *', jobTemplate: { spec: { template: jobTemplate } } } },
  HorizontalPodAutoscaler: {
    spec: { maxReplicas: 2, scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'a' } },
  },
  PodDisruptionBudget: { spec: {} },
  Ingress: { spec: { defaultBackend: { service: { name: 'a', port: { number: 80 } } } } },
  IngressClass: { spec: { controller: 'example.com/c' } },
  NetworkPolicy: { spec: { podSelector: {} } },
  IPAddress: { spec: { parentRef: { resource: 'services', namespace: 'default', name: 'a' } } },
  ServiceCIDR: { spec: { cidrs: ['10.0.0.0/24'] } },
  EndpointSlice: { addressType: 'IPv4', endpoints: [] },
  ClusterRoleBinding: { roleRef },
  RoleBinding: { roleRef },
  StorageClass: { provisioner: 'example.com/p' },
  VolumeAttributesClass: { driverName: 'example.com', parameters: { a: 'b' } },
  VolumeAttachment: {
    spec: { attacher: 'example.com', nodeName: 'n', source: { persistentVolumeName: 'v' } },
  },
  CSIDriver: { spec: {} },
  CSINode: { spec: { drivers: [] } },
  CSIStorageCapacity: { storageClassName: 'a' },
  PriorityClass: { value: 1 },
  Lease: { spec: {} },
  LeaseCandidate: {
    spec: {
      leaseName: 'l',
      binaryVersion: '1.36.0',
      emulationVersion: '1.36.0',
      strategy: 'OldestEmulationVersion',
    },
  },
  RuntimeClass: { handler: 'a' },
  CertificateSigningRequest: {
    spec: { request: requestPem, signerName: 'example.com/s', usages: ['client auth'] },
  },
  ClusterTrustBundle: { spec: { trustBundle: authority } },
  PodCertificateRequest: {
    spec: {
      signerName: 'example.com/s',
      podName: 'p',
      podUID: 'u',
      serviceAccountName: 's',
      serviceAccountUID: 'u',
      nodeName: 'n',
      nodeUID: 'u',
      pkixPublicKey: publicKey,
      proofOfPossession: 'AAAA',
    },
  },
  MutatingWebhookConfiguration: { webhooks: [hook] },
  ValidatingWebhookConfiguration: { webhooks: [hook] },
  ValidatingAdmissionPolicy: { spec: { matchConstraints: match, validations: [{ expression: 'true' }] } },
  ValidatingAdmissionPolicyBinding: { spec: { policyName: 'p', validationActions: ['Deny'] } },
  MutatingAdmissionPolicy: {
    spec: {
      matchConstraints: match,
      reinvocationPolicy: 'Never',
      mutations: [
        {
          patchType: 'JSONPatch',
          jsonPatch: { expression: '[JSONPatch{op: "remove", path: "/a"}]' },
        },
      ],
    },
  },
  MutatingAdmissionPolicyBinding: { spec: { policyName: 'p' } },
  CustomResourceDefinition: {
    spec: {
      group: 'example.com',
      scope: 'Namespaced',
      names: { plural: 'things', kind: 'Thing' },
      versions: [
        { name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object' } } },
      ],
    },
  },
  APIService: {
    spec: { group: 'example.com', version: 'v1', groupPriorityMinimum: 100, versionPriority: 10 },
  },
  FlowSchema: { spec: { priorityLevelConfiguration: { name: 'a' } } },
  PriorityLevelConfiguration: {
    spec: { type: 'Limited', limited: { limitResponse: { type: 'Reject' } } },
  },
  ResourceClaim: { spec: { devices: {} } },
  ResourceClaimTemplate: { spec: { spec: { devices: {} } } },
  ResourceSlice: { spec: { driver: 'example.com', pool, nodeName: 'n' } },
  DeviceTaintRule: { spec: { taint } },
  ResourcePoolStatusRequest: { spec: { driver: 'example.com' } },
  Workload: { spec: { podGroupTemplates: [{ name: 'a', schedulingPolicy: { basic: {} } }] } },
  PodGroup: { spec: { schedulingPolicy: { basic: {} } } },
  StorageVersionMigration: { spec: { resource: { group: 'apps', resource: 'deployments' } } },
  StorageVersion: { spec: {}, status: {} },
}

/** Names with rules of their own. */
export const minimalNames: Readonly<Record<string, string>> = {
  CustomResourceDefinition: 'things.example.com',
  APIService: 'v1.example.com',
  IPAddress: '10.0.0.9',
  CSINode: 'node',
  StorageVersion: 'apps.deployments',
}
