import { type Walk, walk } from './support/lifecycle.ts'
import {
  condition,
  ingress,
  mutatingPolicy,
  podSpec,
  resourceClaim,
  template,
  validatingPolicy,
  workload,
} from './support/samples.ts'
import { behaviours } from './support/suite.ts'

const admission = 'admissionregistration.k8s.io/v1'
const rows: Readonly<Record<string, Walk>> = {
  '[sig-api-machinery] API priority and fairness should support FlowSchema API operations': {
    version: 'flowcontrol.apiserver.k8s.io/v1',
    resource: 'flowschemas',
    clusterScoped: true,
    status: { conditions: [condition('Test')] },
    object: () => ({
      spec: {
        matchingPrecedence: 10000,
        priorityLevelConfiguration: { name: 'global-default' },
        rules: [
          {
            subjects: [{ kind: 'User', user: { name: 'test' } }],
            nonResourceRules: [{ verbs: ['*'], nonResourceURLs: ['*'] }],
          },
        ],
      },
    }),
  },
  '[sig-api-machinery] API priority and fairness should support PriorityLevelConfiguration API operations': {
    version: 'flowcontrol.apiserver.k8s.io/v1',
    resource: 'prioritylevelconfigurations',
    clusterScoped: true,
    status: { conditions: [condition('Test')] },
    object: () => ({
      spec: { type: 'Limited', limited: { nominalConcurrencyShares: 2, limitResponse: { type: 'Reject' } } },
    }),
  },
  '[sig-apps] StatefulSet Basic StatefulSet functionality [StatefulSetBasic] should validate Statefulset Status endpoints':
    {
      version: 'apps/v1',
      resource: 'statefulsets',
      object: () => ({ spec: { ...workload('status', 0), serviceName: 'status' } }),
      status: { replicas: 0, conditions: [condition('StatusUpdate')] },
    },
  '[sig-apps] Daemon set [Serial] should list and delete a collection of DaemonSets': {
    version: 'apps/v1',
    resource: 'daemonsets',
    object: () => ({ spec: { selector: { matchLabels: { app: 'daemon' } }, template: template('daemon') } }),
  },
  '[sig-apps] Job should apply changes to a job status': {
    version: 'batch/v1',
    resource: 'jobs',
    object: () => ({ spec: { suspend: true, template: { spec: { ...podSpec, restartPolicy: 'Never' } } } }),
    status: { conditions: [condition('CustomConditionType')] },
  },
  '[sig-node] PodTemplates should delete a collection of pod templates': {
    version: 'v1',
    resource: 'podtemplates',
    object: () => ({ template: template('pt') }),
  },
  '[sig-node] PodTemplates should replace a pod template': {
    version: 'v1',
    resource: 'podtemplates',
    object: () => ({ template: template('pt') }),
  },
  '[sig-instrumentation] Events should manage the lifecycle of an event': {
    version: 'v1',
    resource: 'events',
    object: (namespace) => ({
      involvedObject: { namespace },
      message: 'm',
      reason: 'Test',
      type: 'Normal',
      source: {},
    }),
  },
  '[sig-instrumentation] Events should delete a collection of events': {
    version: 'v1',
    resource: 'events',
    object: (namespace) => ({
      involvedObject: { namespace },
      message: 'm',
      reason: 'Test',
      type: 'Normal',
      source: {},
    }),
  },
  '[sig-api-machinery] ValidatingAdmissionPolicy [Privileged:ClusterAdmin] should support ValidatingAdmissionPolicy API operations':
    {
      version: admission,
      resource: 'validatingadmissionpolicies',
      clusterScoped: true,
      object: () => validatingPolicy,
      status: { observedGeneration: 1 },
    },
  '[sig-api-machinery] ValidatingAdmissionPolicy [Privileged:ClusterAdmin] should support ValidatingAdmissionPolicyBinding API operations':
    {
      version: admission,
      resource: 'validatingadmissionpolicybindings',
      clusterScoped: true,
      object: () => ({ spec: { policyName: 'p.test', validationActions: ['Deny'] } }),
    },
  '[sig-api-machinery] MutatingAdmissionPolicy [Privileged:ClusterAdmin] should support MutatingAdmissionPolicy API operations':
    {
      version: admission,
      resource: 'mutatingadmissionpolicies',
      clusterScoped: true,
      object: () => mutatingPolicy,
    },
  '[sig-api-machinery] MutatingAdmissionPolicy [Privileged:ClusterAdmin] should support MutatingAdmissionPolicyBinding API operations':
    {
      version: admission,
      resource: 'mutatingadmissionpolicybindings',
      clusterScoped: true,
      object: () => ({ spec: { policyName: 'p.test' } }),
    },
  '[sig-apps] CronJob should support CronJob API operations': {
    version: 'batch/v1',
    resource: 'cronjobs',
    status: { lastScheduleTime: '2026-01-01T00:00:00Z' },
    object: () => ({
      spec: {
        schedule: '0 0 1 1 *',
        suspend: true,
        jobTemplate: { spec: { template: { spec: { ...podSpec, restartPolicy: 'Never' } } } },
      },
    }),
  },
  '[sig-apps] ReplicaSet should list and delete a collection of ReplicaSets': {
    version: 'apps/v1',
    resource: 'replicasets',
    object: () => ({ spec: workload('collection', 0) }),
  },
  '[sig-apps] ReplicaSet should validate Replicaset Status endpoints': {
    version: 'apps/v1',
    resource: 'replicasets',
    object: () => ({ spec: workload('status', 0) }),
    status: { conditions: [condition('StatusUpdate')] },
  },
  '[sig-apps] Deployment should validate Deployment Status endpoints': {
    version: 'apps/v1',
    resource: 'deployments',
    object: () => ({ spec: { ...workload('status', 0), paused: true } }),
    status: { collisionCount: 0 },
  },
  '[sig-apps] StatefulSet Basic StatefulSet functionality [StatefulSetBasic] should list, patch and delete a collection of StatefulSets':
    {
      version: 'apps/v1',
      resource: 'statefulsets',
      object: () => ({ spec: { ...workload('stateful', 0), serviceName: 'stateful' } }),
    },
  '[sig-apps] DisruptionController Listing PodDisruptionBudgets for all namespaces should list and delete a collection of PodDisruptionBudgets':
    {
      version: 'policy/v1',
      resource: 'poddisruptionbudgets',
      object: () => ({ spec: { minAvailable: 1, selector: { matchLabels: { app: 'none' } } } }),
    },
  '[sig-network] EndpointSlice should support creating EndpointSlice API operations': {
    version: 'discovery.k8s.io/v1',
    resource: 'endpointslices',
    object: () => ({
      addressType: 'IPv4',
      endpoints: [{ addresses: ['10.1.2.3'], conditions: { ready: true } }],
      ports: [],
    }),
  },
  '[sig-network] Ingress API should support creating Ingress API operations': {
    version: 'networking.k8s.io/v1',
    resource: 'ingresses',
    object: () => ingress,
    status: { loadBalancer: { ingress: [{ ip: '169.1.1.1' }] } },
  },
  '[sig-network] IngressClass API should support creating IngressClass API operations': {
    version: 'networking.k8s.io/v1',
    resource: 'ingressclasses',
    clusterScoped: true,
    object: () => ({ spec: { controller: 'test.test/ingress' } }),
  },
  '[sig-network] ServiceCIDR and IPAddress API should support IPAddress API operations': {
    version: 'networking.k8s.io/v1',
    resource: 'ipaddresses',
    clusterScoped: true,
    names: ['192.168.2.1', '192.168.2.2', 'fe80::42:1dff:fe84:f9e2'],
    object: () => ({ spec: { parentRef: { group: 'test.test', resource: 'things', name: 'thing' } } }),
  },
  '[sig-node] RuntimeClass should support RuntimeClasses API operations': {
    version: 'node.k8s.io/v1',
    resource: 'runtimeclasses',
    clusterScoped: true,
    object: () => ({ handler: 'handler' }),
  },
  '[sig-node] PodTemplates should run the lifecycle of PodTemplates': {
    version: 'v1',
    resource: 'podtemplates',
    object: () => ({ template: template('pt') }),
  },
  '[sig-node] [DRA] CRUD Tests resource.k8s.io/v1 DeviceClass': {
    version: 'resource.k8s.io/v1',
    resource: 'deviceclasses',
    clusterScoped: true,
    object: () => ({ spec: {} }),
  },
  '[sig-node] [DRA] CRUD Tests resource.k8s.io/v1 ResourceClaim': {
    version: 'resource.k8s.io/v1',
    resource: 'resourceclaims',
    object: () => resourceClaim,
  },
  '[sig-node] [DRA] CRUD Tests resource.k8s.io/v1 ResourceClaimTemplate': {
    version: 'resource.k8s.io/v1',
    resource: 'resourceclaimtemplates',
    object: () => ({ spec: resourceClaim }),
  },
  '[sig-node] [DRA] CRUD Tests resource.k8s.io/v1 ResourceSlice': {
    version: 'resource.k8s.io/v1',
    resource: 'resourceslices',
    clusterScoped: true,
    object: () => ({
      spec: {
        driver: 'driver.test',
        nodeName: 'node-1',
        pool: { name: 'pool', generation: 1, resourceSliceCount: 1 },
      },
    }),
  },
  '[sig-storage] CSIInlineVolumes should run through the lifecycle of a CSIDriver': {
    version: 'storage.k8s.io/v1',
    resource: 'csidrivers',
    clusterScoped: true,
    object: () => ({ spec: { attachRequired: false, podInfoOnMount: true } }),
  },
  '[sig-storage] CSINodes CSI Conformance should run through the lifecycle of a csinode': {
    version: 'storage.k8s.io/v1',
    resource: 'csinodes',
    clusterScoped: true,
    object: () => ({ spec: { drivers: [{ name: 'd.test', nodeID: 'n' }] } }),
  },
  '[sig-storage] CSIStorageCapacity should support CSIStorageCapacities API operations': {
    version: 'storage.k8s.io/v1',
    resource: 'csistoragecapacities',
    object: () => ({ storageClassName: 'class' }),
  },
  '[sig-storage] StorageClasses CSI Conformance should run through the lifecycle of a StorageClass': {
    version: 'storage.k8s.io/v1',
    resource: 'storageclasses',
    clusterScoped: true,
    object: () => ({ provisioner: 'p.test/one' }),
  },
  '[sig-storage] VolumeAttachment Conformance should run through the lifecycle of a VolumeAttachment': {
    version: 'storage.k8s.io/v1',
    resource: 'volumeattachments',
    clusterScoped: true,
    object: () => ({
      spec: { attacher: 'a.test', nodeName: 'node-1', source: { persistentVolumeName: 'pv' } },
    }),
  },
  '[sig-storage] VolumeAttachment Conformance should apply changes to a volumeattachment status': {
    version: 'storage.k8s.io/v1',
    resource: 'volumeattachments',
    clusterScoped: true,
    status: { attached: true },
    object: () => ({
      spec: { attacher: 'a.test', nodeName: 'node-1', source: { persistentVolumeName: 'pv' } },
    }),
  },
  '[sig-scheduling] LimitRange should list, patch and delete a LimitRange by collection': {
    version: 'v1',
    resource: 'limitranges',
    object: () => ({ spec: { limits: [{ type: 'Container', default: { cpu: '300m' } }] } }),
  },
  '[sig-node] ConfigMap should run through a ConfigMap lifecycle': {
    version: 'v1',
    resource: 'configmaps',
    object: () => ({ data: { a: 'b' } }),
  },
  '[sig-node] Secrets should patch a secret': {
    version: 'v1',
    resource: 'secrets',
    object: () => ({ data: { key: 'dmFsdWU=' } }),
  },
  '[sig-auth] ServiceAccounts should run through the lifecycle of a ServiceAccount': {
    version: 'v1',
    resource: 'serviceaccounts',
    object: () => ({}),
  },
  '[sig-network] Services should complete a service status lifecycle': {
    version: 'v1',
    resource: 'services',
    object: () => ({ spec: { ports: [{ port: 80 }] } }),
    status: { conditions: [condition('StatusUpdate')] },
  },
  '[sig-network] Endpoints should test the lifecycle of an Endpoint': {
    version: 'v1',
    resource: 'endpoints',
    object: () => ({ subsets: [{ addresses: [{ ip: '10.0.0.24' }], ports: [{ port: 8080 }] }] }),
  },
  '[sig-node] Lease lease API should be available': {
    version: 'coordination.k8s.io/v1',
    resource: 'leases',
    object: () => ({ spec: { holderIdentity: 'holder', leaseDurationSeconds: 30 } }),
  },
  '[sig-instrumentation] Events API should delete a collection of events': {
    version: 'events.k8s.io/v1',
    resource: 'events',
    object: (namespace) => ({
      eventTime: '2026-01-01T00:00:00.000000Z',
      action: 'Do',
      reason: 'Test',
      type: 'Normal',
      note: 'n',
      reportingController: 'c.test/c',
      reportingInstance: 'i',
      regarding: { namespace },
    }),
  },
  '[sig-apps] ControllerRevision [Serial] should manage the lifecycle of a ControllerRevision': {
    version: 'apps/v1',
    resource: 'controllerrevisions',
    object: () => ({ revision: 1, data: { any: 'thing' } }),
  },
  '[sig-api-machinery] ResourceQuota should manage the lifecycle of a ResourceQuota': {
    version: 'v1',
    resource: 'resourcequotas',
    object: () => ({ spec: { hard: { pods: '5' } } }),
  },
}

behaviours('API operations', Object.fromEntries(Object.entries(rows).map(([name, of]) => [name, walk(of)])))
