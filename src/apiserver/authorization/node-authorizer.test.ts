import { describe, expect, it } from 'vitest'
import { defaultFeatures, featureGates } from '../../api/feature-gates.ts'
import type { Features } from '../../apimachinery/feature-gates.ts'
import type { AuthorizerAttributes } from '../authorizer.ts'
import { FakeReader } from '../testing/fake-reader.ts'
import { NodeAuthorizer } from './node-authorizer.ts'
import { NodeRelations } from './node-relations.ts'

const reader = new FakeReader()
const pod = (name: string, nodeName: string, spec: object, annotations = {}): void =>
  reader.put('pods', {
    metadata: { namespace: 'ns', name, annotations },
    ...{ spec: { nodeName, serviceAccountName: `sa-${name}`, containers: [], ...spec } },
  })
pod('a', 'n1', {
  containers: [
    {
      env: [{ name: 'x', valueFrom: { secretKeyRef: { name: 'env-secret', key: 'k' } } }],
      envFrom: [{ configMapRef: { name: 'from-map' } }],
    },
  ],
  volumes: [
    { name: 's', secret: { secretName: 'volume-secret' } },
    { name: 'p', projected: { sources: [{ configMap: { name: 'root-ca' } }] } },
    { name: 'c', persistentVolumeClaim: { claimName: 'claim' } },
    { name: 'e', ephemeral: {} },
  ],
  imagePullSecrets: [{ name: 'pull' }],
})
pod('b', 'n2', { volumes: [{ name: 's', secret: { secretName: 'other' } }] })
pod(
  'mirror',
  'n1',
  { volumes: [{ name: 's', secret: { secretName: 'stolen' } }] },
  { 'kubernetes.io/config.mirror': 'x' },
)
reader.put('persistentvolumeclaims', {
  metadata: { namespace: 'ns', name: 'claim' },
  ...{ spec: { volumeName: 'pv' } },
})
for (const [name, nodeName] of Object.entries({ 'pcr-a': 'n1', 'pcr-b': 'n2' }))
  reader.put('podcertificaterequests.certificates.k8s.io', {
    metadata: { namespace: 'ns', name },
    ...{ spec: { nodeName } },
  })
reader.put('persistentvolumes', {
  metadata: { name: 'pv' },
  ...{
    spec: {
      claimRef: { namespace: 'ns', name: 'claim' },
      csi: {
        nodePublishSecretRef: { namespace: 'csi', name: 'key' },
        nodeStageSecretRef: { namespace: 'csi', name: 'stage' },
        controllerExpandSecretRef: { namespace: 'csi', name: 'controllers' },
      },
    },
  },
})
reader.put('volumeattachments.storage.k8s.io', { metadata: { name: 'va' }, ...{ spec: { nodeName: 'n1' } } })

const authorizerOf = (features: Features) =>
  new NodeAuthorizer(
    new NodeRelations(reader),
    [{ verbs: ['create', 'patch'], apiGroups: [''], resources: ['events'] }],
    features,
  )
const authorizer = authorizerOf(defaultFeatures)
const node = { name: 'system:node:n1', groups: ['system:nodes', 'system:authenticated'] }

const ask = (text: string, rest: Partial<AuthorizerAttributes> = {}): AuthorizerAttributes => {
  // verb resource[.group][/subresource] [namespace/]name
  const [verb = '', what = '', where = ''] = text.split(' ')
  const [full = '', subresource = ''] = what.split('/')
  const dot = full.indexOf('.')
  const slash = where.indexOf('/')
  return {
    user: node,
    verb,
    isResourceRequest: true,
    path: '',
    group: dot < 0 ? '' : full.slice(dot + 1),
    version: 'v1',
    resource: dot < 0 ? full : full.slice(0, dot),
    subresource,
    namespace: slash < 0 ? '' : where.slice(0, slash),
    name: where.slice(slash + 1),
    ...rest,
  }
}

describe('NodeAuthorizer', () => {
  it('lets nodes read service accounts while a feature needs it', () => {
    const providers = ['KubeletServiceAccountTokenForCredentialProviders', false] as const
    const get = ask('get serviceaccounts ns/sa-a')
    expect(authorizerOf(featureGates(new Map<string, boolean>([providers]))).authorize(get)).toEqual({
      decision: 'no-opinion',
      reason: 'not allowed to get service accounts',
    })
    const certificates = featureGates(new Map<string, boolean>([providers, ['PodCertificateRequest', true]]))
    expect(authorizerOf(certificates).authorize(get).decision).toBe('allow')
  })

  it.each([
    'get secrets ns/env-secret',
    'watch secrets ns/volume-secret',
    'get secrets ns/pull',
    'get secrets csi/key',
    'get secrets csi/stage',
    'create podcertificaterequests.certificates.k8s.io ns/',
    'get podcertificaterequests.certificates.k8s.io ns/pcr-a',
    'list configmaps ns/root-ca',
    'get configmaps ns/from-map',
    'get persistentvolumeclaims ns/claim',
    'get persistentvolumeclaims ns/a-e',
    'patch persistentvolumeclaims/status ns/claim',
    'get persistentvolumes pv',
    'get volumeattachments.storage.k8s.io va',
    'get serviceaccounts ns/sa-a',
    'create serviceaccounts/token ns/sa-a',
    'get pods ns/a',
    'create pods ns/',
    'patch pods/status ns/b',
    'create pods/eviction ns/b',
    'get nodes n1',
    'create nodes n9',
    'patch nodes/status n9',
    'update leases.coordination.k8s.io kube-node-lease/n1',
    'create leases.coordination.k8s.io kube-node-lease/',
    'patch events ns/e',
  ])('allows: %s', (text) => {
    expect(authorizer.authorize(ask(text))).toEqual({ decision: 'allow', reason: '' })
  })

  it.each([
    ['get secrets ns/other', "no relationship found between node 'n1' and this object"],
    ['get secrets ns/stolen', "no relationship found between node 'n1' and this object"],
    ['get secrets csi/controllers', "no relationship found between node 'n1' and this object"],
    [
      'get podcertificaterequests.certificates.k8s.io ns/pcr-b',
      "no relationship found between node 'n1' and this object",
    ],
    [
      'list podcertificaterequests.certificates.k8s.io',
      'can only list/watch podcertificaterequests with nodeName field selector',
    ],
    [
      'update podcertificaterequests.certificates.k8s.io ns/pcr-a',
      'nodes may not update podcertificaterequests',
    ],
    [
      'patch podcertificaterequests.certificates.k8s.io/status ns/pcr-a',
      'nodes may not access the status subresource of PodCertificateRequests',
    ],
    ['list secrets ns/', 'No Object name found'],
    ['list secrets', 'can only read namespaced object of this type'],
    ['delete secrets ns/env-secret', 'can only read resources of this type'],
    ['list persistentvolumes pv', 'can only get individual resources of this type'],
    ['get pods ns/b', "no relationship found between node 'n1' and this object"],
    ['list pods', 'can only list/watch pods with spec.nodeName field selector'],
    ['delete nodes n1', ''],
    ['get nodes n2', "node 'n1' cannot read 'n2', only its own Node object"],
    ['list nodes', "node 'n1' cannot read all nodes, only its own Node object"],
    ['create serviceaccounts/token ns/sa-b', "no relationship found between node 'n1' and this object"],
    [
      'update leases.coordination.k8s.io kube-node-lease/n2',
      'can only access node lease with the same name as the requesting node',
    ],
    [
      'update leases.coordination.k8s.io kube-system/n1',
      'can only access leases in the "kube-node-lease" system namespace',
    ],
    ['get deployments.apps ns/d', ''],
  ])('has no opinion: %s', (text, reason) => {
    expect(authorizer.authorize(ask(text))).toEqual({ decision: 'no-opinion', reason })
  })

  it('lets a node follow its own pods', () => {
    const fieldSelector = 'spec.nodeName=n1'
    expect(authorizer.authorize(ask('watch pods', { fieldSelector })).decision).toBe('allow')
    expect(authorizer.authorize(ask('watch pods', { fieldSelector: 'spec.nodeName=n2' })).decision).toBe(
      'no-opinion',
    )
  })

  it('knows nodes by name and group', () => {
    const text = 'get pods ns/a'
    expect(authorizer.authorize(ask(text, { user: { name: 'jane', groups: [] } })).reason).toBe('')
    expect(authorizer.authorize(ask(text, { user: { ...node, groups: [] } })).reason).toBe('')
    expect(authorizer.authorize(ask(text, { user: { ...node, name: 'system:node:' } })).reason).toBe(
      'unknown node for user "system:node:"',
    )
  })
})
