import { attempts, type Row } from './support/attempts.ts'
import type { Ground } from './support/ground.ts'
import type { Attempt } from './support/send.ts'

const team = '/api/v1/namespaces/team'
const nodes = ['node-1', 'node-2'] as const
const merge = 'application/merge-patch+json'

/** What one node's pods use, and the other's. */
async function prepare({ api }: Ground): Promise<void> {
  await api.create('/api/v1/namespaces', { metadata: { name: 'team' } })
  for (const node of nodes) {
    for (const kind of ['secrets', 'configmaps', 'serviceaccounts'])
      await api.create(`${team}/${kind}`, { metadata: { name: `of-${node}` } })
    await api.create(`${team}/persistentvolumeclaims`, {
      metadata: { name: `of-${node}` },
      spec: {
        accessModes: ['ReadWriteOnce'],
        resources: { requests: { storage: '1Gi' } },
        storageClassName: 'none',
      },
    })
    await api.create(`${team}/pods`, {
      metadata: { name: `of-${node}` },
      spec: {
        nodeName: node,
        serviceAccountName: `of-${node}`,
        containers: [{ name: 'c', image: 'c', envFrom: [{ secretRef: { name: `of-${node}` } }] }],
        volumes: [{ name: 'v', configMap: { name: `of-${node}` } }],
      },
    })
  }
  await api.create(`${team}/secrets`, { metadata: { name: 'of-nobody' } })
}

const as = (
  what: string,
  attempt: Attempt | ((ground: Ground) => Promise<Attempt>),
  code = 403,
  says: string | RegExp = /forbidden|cannot|only/,
): Row => ({
  what: `node-1 ${what}`,
  attempt: async (ground) => ({
    certificate: ground.certificate('system:node:node-1', ['system:nodes']),
    ...(typeof attempt === 'function' ? await attempt(ground) : attempt),
  }),
  code,
  says,
})

const noRelation = "no relationship found between node 'node-1' and this object"
const pod = (name: string, spec: object, metadata: object = {}): object => ({
  metadata: { name, ...metadata },
  spec: { containers: [{ name: 'c', image: 'c' }], ...spec },
})
const mirror = { annotations: { 'kubernetes.io/config.mirror': 'x' } }
const patch = (path: string, body: object): Attempt => ({ path, method: 'PATCH', contentType: merge, body })

const reading: readonly Row[] = [
  ...['secrets', 'configmaps', 'persistentvolumeclaims', 'serviceaccounts'].map((kind) =>
    as(`reads ${kind} of another node’s pods`, { path: `${team}/${kind}/of-node-2` }, 403, noRelation),
  ),
  as('reads a pod of another node', { path: `${team}/pods/of-node-2` }, 403, noRelation),
  as('reads a secret of nobody', { path: `${team}/secrets/of-nobody` }, 403, noRelation),
  ...['secrets', 'configmaps', 'pods', 'persistentvolumeclaims', 'serviceaccounts'].flatMap((kind) => [
    as(`lists all ${kind}`, { path: `/api/v1/${kind}` }),
    as(`lists ${kind} of a namespace`, { path: `${team}/${kind}` }),
    as(`watches ${kind}`, { path: `/api/v1/${kind}?watch=true` }),
  ]),
  as('lists pods of another node', { path: '/api/v1/pods?fieldSelector=spec.nodeName%3Dnode-2' }),
  as('lists pods of other nodes', { path: '/api/v1/pods?fieldSelector=spec.nodeName!%3Dnode-1' }),
  as('lists pods with a node’s name in a label', {
    path: '/api/v1/pods?labelSelector=spec.nodeName%3Dnode-1',
  }),
  as('reads another node', { path: '/api/v1/nodes/node-2' }, 403, 'only its own Node object'),
  as('lists nodes', { path: '/api/v1/nodes' }, 403, 'only its own Node object'),
  as('reads a lease of another node', {
    path: '/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases/node-2',
  }),
  as('reads leases of the control plane', {
    path: '/apis/coordination.k8s.io/v1/namespaces/kube-system/leases/kube-scheduler',
  }),
  as('reads a CSINode of another node', { path: '/apis/storage.k8s.io/v1/csinodes/node-2' }),
  as('reads roles', { path: '/apis/rbac.authorization.k8s.io/v1/clusterroles' }),
]

const writing: readonly Row[] = [
  as('binds a pod to itself', {
    path: `${team}/pods/of-node-2/binding`,
    body: { target: { name: 'node-1' } },
  }),
  as('makes a pod that is no mirror', { path: `${team}/pods`, body: pod('x', { nodeName: 'node-1' }) }),
  as('makes a mirror on another node', {
    path: `${team}/pods`,
    body: pod('x', { nodeName: 'node-2' }, mirror),
  }),
  as('makes a mirror with a service account', {
    path: `${team}/pods`,
    body: pod('x', { nodeName: 'node-1', serviceAccountName: 'of-node-2' }, mirror),
  }),
  as('makes a mirror with a secret', {
    path: `${team}/pods`,
    body: pod(
      'x',
      { nodeName: 'node-1', volumes: [{ name: 's', secret: { secretName: 'of-node-2' } }] },
      mirror,
    ),
  }),
  as('makes a mirror with a config map', {
    path: `${team}/pods`,
    body: pod(
      'x',
      { nodeName: 'node-1', volumes: [{ name: 's', configMap: { name: 'of-node-2' } }] },
      mirror,
    ),
  }),
  as('changes a pod', patch(`${team}/pods/of-node-1`, { spec: { activeDeadlineSeconds: 1 } })),
  as(
    'writes the status of another node’s pod',
    patch(`${team}/pods/of-node-2/status`, { status: { phase: 'Failed' } }),
  ),
  as(
    'writes a pod’s labels through its status',
    patch(`${team}/pods/of-node-1/status`, { metadata: { labels: { app: 'x' } } }),
  ),
  as('evicts another node’s pod', {
    path: `${team}/pods/of-node-2/eviction`,
    body: { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name: 'of-node-2' } },
  }),
  as('deletes another node’s pod', { path: `${team}/pods/of-node-2`, method: 'DELETE' }),
  as('changes another node', patch('/api/v1/nodes/node-2', { metadata: { labels: { a: 'b' } } })),
  as('writes another node’s status', patch('/api/v1/nodes/node-2/status', { status: { conditions: [] } })),
  as('deletes itself', { path: '/api/v1/nodes/node-1', method: 'DELETE' }),
  as('deletes another node', { path: '/api/v1/nodes/node-2', method: 'DELETE' }),
  as('makes another node', { path: '/api/v1/nodes', body: { metadata: { name: 'node-3' } } }),
  as(
    'takes its taints away',
    patch('/api/v1/nodes/node-1', { spec: { taints: [{ key: 'x', effect: 'NoSchedule' }] } }),
  ),
  ...['node-restriction.kubernetes.io/secret', 'kubernetes.io/role', 'other.k8s.io/x'].map((label) =>
    as(`labels itself ${label}`, patch('/api/v1/nodes/node-1', { metadata: { labels: { [label]: 'x' } } })),
  ),
  as(
    'owns itself',
    patch('/api/v1/nodes/node-1', {
      metadata: { ownerReferences: [{ apiVersion: 'v1', kind: 'Pod', name: 'x', uid: 'x' }] },
    }),
  ),
  as(
    'writes another node’s lease',
    patch('/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases/node-2', {}),
  ),
  as('makes a lease of another name', {
    path: '/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases',
    body: { metadata: { name: 'node-3' }, spec: {} },
  }),
  as('makes a CSINode of another name', {
    path: '/apis/storage.k8s.io/v1/csinodes',
    body: { metadata: { name: 'node-2' }, spec: { drivers: [] } },
  }),
  as('changes a claim', patch(`${team}/persistentvolumeclaims/of-node-2/status`, { status: {} })),
  as('writes a secret', { path: `${team}/secrets`, body: { metadata: { name: 'x' } } }),
]

const tokens: readonly Row[] = [
  as(
    'wants a token of another node’s service account',
    {
      path: `${team}/serviceaccounts/of-node-2/token`,
      body: { spec: { boundObjectRef: { kind: 'Pod', apiVersion: 'v1', name: 'of-node-2' } } },
    },
    403,
    noRelation,
  ),
  as(
    'wants a token bound to nothing',
    { path: `${team}/serviceaccounts/of-node-1/token`, body: { spec: {} } },
    403,
    'node requested token not bound to a pod',
  ),
  as('wants a token bound to another node’s pod', {
    path: `${team}/serviceaccounts/of-node-1/token`,
    body: { spec: { boundObjectRef: { kind: 'Pod', apiVersion: 'v1', name: 'of-node-2', uid: 'x' } } },
  }),
  as(
    'wants a token bound to a pod without a uid',
    {
      path: `${team}/serviceaccounts/of-node-1/token`,
      body: { spec: { boundObjectRef: { kind: 'Pod', apiVersion: 'v1', name: 'of-node-1' } } },
    },
    403,
    'uid',
  ),
  as(
    'wants a token of an audience of nobody',
    async (ground) => ({
      path: `${team}/serviceaccounts/of-node-1/token`,
      body: {
        spec: {
          audiences: ['vault'],
          boundObjectRef: {
            ...{ kind: 'Pod', apiVersion: 'v1', name: 'of-node-1' },
            uid: (await ground.api.get(`${team}/pods/of-node-1`)).metadata?.uid,
          },
        },
      },
    }),
    403,
    'audience',
  ),
]

const impostors: readonly Row[] = [
  {
    what: 'a node’s name without its group',
    attempt: (ground) => ({
      path: `${team}/secrets/of-node-1`,
      certificate: ground.certificate('system:node:node-1'),
    }),
    code: 403,
  },
  {
    what: 'the nodes’ group without a name',
    attempt: (ground) => ({
      path: `${team}/secrets/of-node-1`,
      certificate: ground.certificate('stranger', ['system:nodes']),
    }),
    code: 403,
  },
  {
    what: 'a node of no name',
    attempt: (ground) => ({
      path: `${team}/secrets/of-node-1`,
      certificate: ground.certificate('system:node:', ['system:nodes']),
    }),
    code: 403,
    says: 'unknown node',
  },
  {
    what: 'a node that is not there',
    attempt: (ground) => ({
      path: `${team}/secrets/of-node-1`,
      certificate: ground.certificate('system:node:node-9', ['system:nodes']),
    }),
    code: 403,
    says: 'no relationship',
  },
]

attempts('what a node may not', prepare, [...reading, ...writing, ...tokens, ...impostors])
