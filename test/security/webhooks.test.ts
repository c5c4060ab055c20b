import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { allow, deny, type Hook, patchOf, WebhookServer } from '../conformance/support/webhook-server.ts'
import { attempts, type Row } from './support/attempts.ts'
import { Ground } from './support/ground.ts'
import type { Attempt } from './support/send.ts'

const root = '/apis/admissionregistration.k8s.io/v1'
const mutating = `${root}/mutatingwebhookconfigurations`
const validating = `${root}/validatingwebhookconfigurations`
const policies = `${root}/validatingadmissionpolicies`
const maps = (namespace: string): string => `/api/v1/namespaces/${namespace}/configmaps`

const server = new WebhookServer()
beforeAll(() => server.start())
afterAll(() => server.stop())

/** May read and write all but who may do what. */
const writer = 'writer'
/** May write ConfigMaps. */
const guest = 'guest'

const review = (uid: string, more: object): object => ({
  apiVersion: 'admission.k8s.io/v1',
  kind: 'AdmissionReview',
  response: { uid, ...more },
})
const patch =
  (text: string, more: object = {}): Hook =>
  () => ({
    allowed: true,
    patchType: 'JSONPatch',
    patch: Buffer.from(text).toString('base64'),
    ...more,
  })

interface Hostile {
  readonly client: (path: string) => object
  readonly says: string | RegExp
  readonly kind?: 'mutating' | 'validating'
  readonly code?: number
}

const raw = (text: (uid: string) => string, says: string | RegExp, status = 200): Hostile => ({
  client: (path) =>
    server.serveRaw(path, (response, { uid }) =>
      response.writeHead(status, { 'content-type': 'application/json' }).end(text(uid)),
    ),
  says,
})
const answering = (hook: Hook, says: string | RegExp): Hostile => ({
  client: (path) => server.serve(path, hook),
  says,
})
const invalid = 'received invalid webhook response'

let ground: Ground | undefined

const hookOf = (name: string): object => ({
  name: `${name}.example.com`,
  rules: [{ operations: ['CREATE'], apiGroups: [''], apiVersions: ['v1'], resources: ['configmaps'] }],
  namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': name } },
  timeoutSeconds: 1,
  sideEffects: 'None',
  admissionReviewVersions: ['v1'],
})

const digits = '[0,1,2,3,4,5,6,7,8,9]'
/** Ten loops in each other: ten billion turns. */
const loops = (body: string): string =>
  Array.from({ length: 10 }, (_, index) => `i${index}`).reduce(
    (inner, name) => `${digits}.all(${name}, ${inner})`,
    body,
  )

const costly = {
  matchConstraints: {
    namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'costly' } },
    resourceRules: [
      { operations: ['CREATE'], apiGroups: [''], apiVersions: ['v1'], resources: ['configmaps'] },
    ],
  },
  validations: [{ expression: loops('true') }],
}

const slowDefinition = {
  metadata: { name: 'slow.example.com' },
  spec: {
    group: 'example.com',
    scope: 'Namespaced',
    names: { plural: 'slow', singular: 'slow', kind: 'Slow', listKind: 'SlowList' },
    versions: [
      {
        name: 'v1',
        served: true,
        storage: true,
        schema: {
          openAPIV3Schema: {
            type: 'object',
            properties: { a: { type: 'array', items: { type: 'string' } } },
            'x-kubernetes-validations': [
              { rule: 'self.a.all(x, self.a.all(y, self.a.all(z, x == y || y == z)))' },
            ],
          },
        },
      },
    ],
  },
}

const namespaceOf = (index: number): string => `hostile-${index}`

/** Makes what it is asked about, so that it is asked again, until it has had enough and says nothing. */
function asksItself(namespace: string): Hook {
  let asked = 0
  return async () => {
    if (++asked > 40) return new Promise(() => {})
    const again = { metadata: { generateName: 'again-' } }
    return (
      ground?.api.create(maps(namespace), again).then(
        () => allow,
        (error: unknown) => deny(`${error}`),
      ) ?? allow
    )
  }
}

/** Webhooks of others that do what they should not, each asked about one namespace. */
const hostile: Readonly<Record<string, Hostile>> = {
  'asks for itself': {
    client: (path) => server.serve(path, asksItself(namespaceOf(0))),
    says: 'failed calling webhook',
  },
  'answers nothing': raw(() => '', 'failed calling webhook'),
  'answers no JSON': raw(() => 'yes', 'failed calling webhook'),
  'answers another kind': raw(() => '{"kind":"Pod","apiVersion":"v1"}', 'failed calling webhook'),
  'answers for another request': raw(() => JSON.stringify(review('x', { allowed: true })), invalid),
  'answers nobody': raw(() => '{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview"}', invalid),
  'answers an error': raw(() => 'no', 'failed calling webhook', 500),
  'leads elsewhere': {
    client: (path) =>
      server.serveRaw(path, (response) =>
        response.writeHead(307, { location: `${ground?.to.server}/api/v1/secrets` }).end(),
      ),
    says: 'failed calling webhook',
  },
  'answers without an end': {
    client: (path) =>
      server.serveRaw(path, (response) => {
        const more = (): void => {
          if (!response.destroyed) response.write(' '.repeat(1000), () => setTimeout(more, 5))
        }
        more()
      }),
    says: 'context deadline exceeded',
  },
  'never answers': { client: (path) => server.serveRaw(path, () => {}), says: 'context deadline exceeded' },
  'hangs up': {
    client: (path) => server.serveRaw(path, (response) => response.destroy()),
    says: 'failed calling webhook',
  },
  'is of another authority': {
    client: (path) => ({
      ...server.serve(path, () => allow),
      caBundle: Buffer.from(ground?.key('ca.crt') ?? '').toString('base64'),
    }),
    says: 'x509',
  },
  'is of no authority that is known': {
    client: (path) => ({ url: server.serve(path, () => allow).url }),
    says: 'x509',
  },
  'is nowhere': { client: () => ({ url: 'https://127.0.0.1:1/x' }), says: 'connection refused' },
  'is a service that is not there': {
    client: () => ({ service: { namespace: 'default', name: 'nobody' } }),
    says: 'service \\"nobody\\" not found',
  },
  'patches what is no patch': answering(patch('x'), 'Internal error'),
  'patches what is not there': answering(patch('[{"op":"remove","path":"/data/x"}]'), 'Internal error'),
  'patches without a type': answering(patch('[]', { patchType: undefined }), invalid),
  'patches of another type': answering(
    patch('[{"op":"add","path":"/data","value":{}}]', { patchType: 'MergePatch' }),
    'unsupported patch type',
  ),
  'patches another kind': answering(
    patch('[{"op":"replace","path":"/kind","value":"Secret"}]'),
    'Internal error',
  ),
  'patches more than there may be': {
    ...answering(
      () => patchOf({ op: 'add', path: '/data', value: { a: 'x'.repeat(2 * 1024 * 1024) } }),
      'Too long',
    ),
    code: 422,
  },
  'patches a name that cannot be': {
    ...answering(() => patchOf({ op: 'replace', path: '/metadata/name', value: '../x' }), 'metadata.name'),
    code: 422,
  },
  'patches where it only validates': { ...answering(patch('[]'), invalid), kind: 'validating' },
}

async function prepare(made: Ground): Promise<void> {
  ground = made
  const { api } = made
  const rbac = '/apis/rbac.authorization.k8s.io/v1'
  const grant = async (name: string, rules: readonly object[]): Promise<void> => {
    await api.create(`${rbac}/clusterroles`, { metadata: { name }, rules })
    await api.create(`${rbac}/clusterrolebindings`, {
      metadata: { name },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name },
      subjects: [{ kind: 'User', apiGroup: 'rbac.authorization.k8s.io', name }],
    })
  }
  const verbs = ['create', 'update', 'patch', 'get', 'list', 'delete']
  await grant(writer, [
    { apiGroups: ['', 'admissionregistration.k8s.io', 'apiextensions.k8s.io'], resources: ['*'], verbs },
  ])
  await grant(guest, [{ apiGroups: [''], resources: ['configmaps'], verbs }])
  for (const [index, { client, kind = 'mutating' }] of Object.values(hostile).entries()) {
    const name = namespaceOf(index)
    await api.create('/api/v1/namespaces', { metadata: { name } })
    const webhook = { ...hookOf(name), clientConfig: client(`/${name}`) }
    await api.create(kind === 'mutating' ? mutating : validating, { metadata: { name }, webhooks: [webhook] })
  }
  await api.create('/api/v1/namespaces', { metadata: { name: 'costly' } })
  await api.create(policies, { metadata: { name: 'costly' }, spec: costly })
  await api.create(`${root}/validatingadmissionpolicybindings`, {
    metadata: { name: 'costly' },
    spec: { policyName: 'costly', validationActions: ['Deny'] },
  })
  for (const namespace of [namespaceOf(Object.keys(hostile).length - 1), 'costly'])
    await vi.waitFor(
      () =>
        expect(api.create(maps(namespace), { metadata: { name: 'x' } }, { dryRun: 'All' })).rejects.toThrow(),
      { timeout: 10_000, interval: 50 },
    )
}

const by = (user: string, what: string, attempt: Attempt, code: number, says: string | RegExp): Row => ({
  what: `${user}: ${what}`,
  attempt: (at) => ({ certificate: at.certificate(user), ...attempt }),
  code,
  says,
})

const asked: readonly Row[] = Object.entries(hostile).map(([what, { code = 500, says }], index) =>
  by(
    guest,
    `a webhook that ${what}`,
    { path: maps(namespaceOf(index)), body: { metadata: { name: 'x' } } },
    code,
    says,
  ),
)

const configuration = (clientConfig: object, more: object = {}): object => ({
  metadata: { name: 'mine' },
  webhooks: [{ ...hookOf('mine'), clientConfig, ...more }],
})
const here = { url: 'https://127.0.0.1/x' }
const rule = { operations: ['*'], apiGroups: ['*'], apiVersions: ['*'], resources: ['*'] }

const configured: readonly Row[] = [
  by(guest, 'asks to see what others write', { path: mutating, body: configuration(here) }, 403, 'forbidden'),
  by(guest, 'asks to see what others write, by a policy', { path: policies, body: {} }, 403, 'forbidden'),
  ...(
    [
      ['plain HTTP', { url: 'http://127.0.0.1/x' }, {}],
      ['a user in the address', { url: 'https://a:b@127.0.0.1/x' }, {}],
      ['a fragment', { url: 'https://127.0.0.1/x#y' }, {}],
      ['a query', { url: 'https://127.0.0.1/x?y' }, {}],
      ['no host', { url: 'https:///x' }, {}],
      ['a file', { url: 'file:///etc/passwd' }, {}],
      ['an address and a service', { ...here, service: { namespace: 'default', name: 'x' } }, {}],
      ['nothing', {}, {}],
      ['a path that leads back', { service: { namespace: 'default', name: 'x', path: '/../x//' } }, {}],
      ['a port that cannot be', { service: { namespace: 'default', name: 'x', port: 70_000 } }, {}],
      ['side effects that are unknown', here, { sideEffects: 'Some' }],
      ['an eternity', here, { timeoutSeconds: 31 }],
      ['a name without a domain', here, { name: 'x' }],
      ['a version that nobody knows', here, { admissionReviewVersions: ['v9'] }],
      ['a condition that cannot be read', here, { matchConditions: [{ name: 'x', expression: '(' }] }],
      ['a condition that is no condition', here, { matchConditions: [{ name: 'x', expression: '1' }] }],
      ['a rule of all subresources and one', here, { rules: [{ ...rule, resources: ['*/*', 'pods/x'] }] }],
      ['a rule of all and one', here, { rules: [{ ...rule, resources: ['*', 'pods'] }] }],
    ] as const
  ).map(([what, clientConfig, more]) =>
    by(
      writer,
      `a webhook with ${what}`,
      { path: validating, body: configuration(clientConfig, more) },
      422,
      'webhooks[0]',
    ),
  ),
  by(
    guest,
    'a policy that would take for ever',
    { path: maps('costly'), body: { metadata: { name: 'x' } } },
    422,
    'cost limit exceeded',
  ),
  by(
    writer,
    'a rule of a definition that would take for ever',
    { path: '/apis/apiextensions.k8s.io/v1/customresourcedefinitions', body: slowDefinition },
    422,
    'estimated rule cost',
  ),
]

attempts('webhooks and policies that do what they should not', prepare, [...asked, ...configured])

describe('webhooks and policies that come in each other’s way', () => {
  let own: Ground
  beforeAll(async () => {
    own = await Ground.start()
  })
  afterAll(() => own?.stop())

  const toggles =
    (key: string): Hook =>
    ({ object }) => {
      const { labels = {} } = (object?.metadata ?? {}) as {
        readonly labels?: { readonly who?: string }
      }
      const value = labels.who === key ? `${key}-again` : key
      return patchOf({ op: 'add', path: '/metadata/labels', value: { who: value } })
    }

  test('two that undo each other are asked twice at most', async () => {
    const { api } = own
    let asked = 0
    const counted =
      (hook: Hook): Hook =>
      (shown) => {
        asked++
        return hook(shown)
      }
    const webhooks = ['a', 'b'].map((name) => ({
      ...hookOf('default'),
      name: `${name}.example.com`,
      clientConfig: server.serve(`/undo-${name}`, counted(toggles(name))),
      reinvocationPolicy: 'IfNeeded',
    }))
    await api.create(mutating, { metadata: { name: 'undo' }, webhooks })
    await vi.waitFor(async () => {
      asked = 0
      await api.create(maps('default'), { metadata: { name: 'x' } }, { dryRun: 'All' })
      expect(asked).toBeGreaterThan(0)
    })
    expect(asked).toBeLessThanOrEqual(4)
    await api.delete(`${mutating}/undo`)
  })

  test('one that denies everything, itself included, can be taken away', async () => {
    const { api } = own
    const clientConfig = server.serve('/all', () => deny('no'))
    const all = { ...hookOf('all'), clientConfig, rules: [{ ...rule, scope: '*' }], namespaceSelector: {} }
    await api.create(validating, { metadata: { name: 'all' }, webhooks: [all] })
    const create = (): Promise<unknown> =>
      api.create(maps('default'), { metadata: { name: 'x' } }, { dryRun: 'All' })
    await vi.waitFor(() => expect(create()).rejects.toThrow('denied the request: no'))
    await api.create(mutating, { metadata: { name: 'other' } })
    await api.delete(`${mutating}/other`)
    await api.delete(`${validating}/all`)
    await vi.waitFor(create)
  })
})
