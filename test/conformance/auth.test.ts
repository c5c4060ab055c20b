import { expect } from 'vitest'
import { eventually, eventuallyGone } from './support/eventually.ts'
import { firstContainer, podSpec } from './support/samples.ts'
import { type Behave, behaviours } from './support/suite.ts'

const authorization = '/apis/authorization.k8s.io/v1'

/** Of e2e.example.com, by `openssl req -new`; the key is nowhere. */
const certificateRequest = `-----BEGIN CERTIFICATE REQUEST-----
MIIBAjCBqQIBADAaMRgwFgYDVQQDDA9lMmUuZXhhbXBsZS5jb20wWTATBgcqhkjO
PQIBBggqhkjOPQMBBwNCAAS5pX16Baw/rG3TlqBQyaVAeDYAalfWhPQUvXmHXgYL
cr0KuH9EEFKwAX6xZg735vgEAToTkRCoixfYIrUWf1spoC0wKwYJKoZIhvcNAQkO
MR4wHDAaBgNVHREEEzARgg9lMmUuZXhhbXBsZS5jb20wCgYIKoZIzj0EAwIDSAAw
RQIge3Xxi794Ip/iQPrLWF9u9oKqyROiJO0cFmk3p8XMpYECIQDBK88HHG3ARKUL
Nuy/xaSn7s2Hvw1NYy5tf1L83b1EKw==
-----END CERTIFICATE REQUEST-----
`

const base64 = (text: string): string => Buffer.from(text).toString('base64')

/** Reading and writing, then the decision, then what a signer writes. */
const signingRequests: Behave = async ({ api, namespace }) => {
  const group = '/apis/certificates.k8s.io'
  const path = `${group}/v1/certificatesigningrequests`
  expect(JSON.stringify(await api.get('/apis'))).toContain('certificates.k8s.io/v1')
  expect(JSON.stringify(await api.get(group))).toContain('certificates.k8s.io/v1')
  const { resources } = await api.get(`${group}/v1`)
  const names = JSON.parse(JSON.stringify(resources)).map(({ name }: { name: string }) => name)
  for (const part of ['', '/approval', '/status'])
    expect(names).toContain(`certificatesigningrequests${part}`)

  const signerName = `example.com/e2e-${namespace}`
  const spec = {
    request: base64(certificateRequest),
    signerName,
    expirationSeconds: 3600,
    usages: ['digital signature', 'key encipherment', 'server auth'],
  }
  const make = () => api.create(path, { metadata: { generateName: 'e2e-example-csr-' }, spec })
  const [one] = [await make(), await make(), await make()]
  const of = `${path}/${one.metadata?.name}`
  expect(await api.get(of)).toMatchObject({
    metadata: { uid: one.metadata?.uid },
    spec: { expirationSeconds: 3600, username: expect.any(String) },
  })
  const selector = { fieldSelector: `spec.signerName=${signerName}` }
  const list = await api.get(path, selector)
  expect(list.items).toHaveLength(3)
  const watched = api.watch(
    path,
    {
      fieldSelector: `metadata.name=${one.metadata?.name}`,
      resourceVersion: list.metadata?.resourceVersion ?? '',
    },
    (events) => events.some(({ object }) => object.metadata?.annotations?.updated === 'true'),
  )
  const patched = await api.patch(of, { metadata: { annotations: { patched: 'true' } } })
  const annotations = { ...patched.metadata?.annotations, updated: 'true' }
  await api.update(of, { ...patched, metadata: { ...patched.metadata, annotations } })
  for (const { type } of await watched) expect(type).toBe('MODIFIED')

  expect((await api.get(`${of}/approval`)).metadata?.uid).toBe(one.metadata?.uid)
  const first = { type: 'ApprovalPatch', status: 'True', reason: 'e2e' }
  const half = await api.patch(`${of}/approval`, {
    metadata: { annotations: { patchedapproval: 'true' } },
    status: { conditions: [first] },
  })
  expect(half.status?.conditions).toMatchObject([first])
  expect(half.metadata?.annotations).toMatchObject({ patchedapproval: 'true' })
  const approved = { type: 'Approved', status: 'True', reason: 'E2E', message: 'Set from an e2e test' }
  const conditions: readonly object[] = JSON.parse(JSON.stringify(half.status?.conditions))
  const whole = await api.update(`${of}/approval`, {
    ...half,
    status: { ...half.status, conditions: [...conditions, approved] },
  })
  expect(whole.status?.conditions).toMatchObject([first, approved])

  expect((await api.get(`${of}/status`)).metadata?.uid).toBe(one.metadata?.uid)
  const root = await api.get('/api/v1/namespaces/default/configmaps/kube-root-ca.crt')
  const certificate = base64(JSON.parse(JSON.stringify(root.data))['ca.crt'])
  const signed = await api.patch(`${of}/status`, {
    metadata: { annotations: { patchedstatus: 'true' } },
    status: { certificate },
  })
  expect(signed.status).toMatchObject({ certificate })
  const last = { ...approved, type: 'StatusUpdate' }
  const noted: readonly object[] = JSON.parse(JSON.stringify(signed.status?.conditions))
  const shown = await api.update(`${of}/status`, {
    ...signed,
    status: { ...signed.status, conditions: [...noted, last] },
  })
  expect(shown.status?.conditions).toMatchObject([first, approved, last])

  await api.delete(of)
  await eventuallyGone(() => api.get(of))
  expect(await api.list(path, selector)).toHaveLength(2)
  await api.delete(path, selector)
  await eventually(async () => expect(await api.list(path, selector)).toEqual([]))
}

behaviours('Auth', {
  '[sig-auth] Certificates API [Privileged:ClusterAdmin] should support CSR API operations': signingRequests,
  '[sig-auth] SubjectReview should support SubjectReview API operations': async ({ api, namespace }) => {
    const user = `system:serviceaccount:${namespace}:default`
    const groups = ['system:authenticated', 'system:serviceaccounts', `system:serviceaccounts:${namespace}`]
    const resourceAttributes = { verb: 'list', resource: 'configmaps', namespace, version: 'v1' }
    const spec = { user, groups, resourceAttributes }
    expect((await api.create(`${authorization}/subjectaccessreviews`, { spec })).status).toMatchObject({
      allowed: false,
    })
    const local = `${authorization}/namespaces/${namespace}/localsubjectaccessreviews`
    expect((await api.create(local, { metadata: { namespace }, spec })).status).toMatchObject({
      allowed: false,
    })
    const own = await api.create(`${authorization}/selfsubjectaccessreviews`, {
      spec: { resourceAttributes },
    })
    expect(own.status).toMatchObject({ allowed: true })
  },
  '[sig-auth] ServiceAccounts should create a serviceAccountToken and ensure a successful TokenReview':
    async ({ api, namespace }) => {
      const accounts = `/api/v1/namespaces/${namespace}/serviceaccounts`
      await api.create(accounts, { metadata: { name: 'e2e' } })
      const { status } = await api.create(`${accounts}/e2e/token`, {
        apiVersion: 'authentication.k8s.io/v1',
        kind: 'TokenRequest',
        spec: {},
      })
      const review = await api.create('/apis/authentication.k8s.io/v1/tokenreviews', {
        spec: { token: status?.token },
      })
      expect(review.status).toMatchObject({
        authenticated: true,
        user: {
          username: `system:serviceaccount:${namespace}:e2e`,
          groups: expect.arrayContaining(['system:serviceaccounts']),
        },
      })
    },
  '[sig-auth] ServiceAccounts should guarantee kube-root-ca.crt exist in any namespace': async ({
    api,
    namespace,
  }) => {
    const path = `/api/v1/namespaces/${namespace}/configmaps/kube-root-ca.crt`
    const first = await eventually(() => api.get(path))
    await api.delete(path)
    const second = await eventually(() => api.get(path))
    expect(second.data).toEqual(first.data)
    await api.patch(path, { data: { 'ca.crt': '' } })
    await eventually(async () => expect((await api.get(path)).data).toEqual(first.data))
  },
  '[sig-auth] ServiceAccounts should update a ServiceAccount': async ({ api, namespace }) => {
    const accounts = `/api/v1/namespaces/${namespace}/serviceaccounts`
    const made = await api.create(accounts, {
      metadata: { name: 'e2e' },
      automountServiceAccountToken: false,
    })
    const updated = await api.update(`${accounts}/e2e`, { ...made, automountServiceAccountToken: true })
    expect(updated.automountServiceAccountToken).toBe(true)
  },
  '[sig-auth] ServiceAccounts should allow opting out of API token automount': async ({ api, namespace }) => {
    const accounts = `/api/v1/namespaces/${namespace}/serviceaccounts`
    await api.create(accounts, { metadata: { name: 'mount' }, automountServiceAccountToken: true })
    await api.create(accounts, { metadata: { name: 'nomount' }, automountServiceAccountToken: false })
    const rows: readonly (readonly [account: string, pod: boolean | undefined, mounted: boolean])[] = [
      ['default', undefined, true],
      ['mount', undefined, true],
      ['nomount', undefined, false],
      ['default', true, true],
      ['nomount', true, true],
      ['default', false, false],
      ['mount', false, false],
    ]
    for (const [index, [serviceAccountName, automount, mounted]] of rows.entries()) {
      const own = automount === undefined ? {} : { automountServiceAccountToken: automount }
      const pod = await eventually(() =>
        api.create(`/api/v1/namespaces/${namespace}/pods`, {
          metadata: { name: `p-${index}` },
          spec: { ...podSpec, serviceAccountName, ...own },
        }),
      )
      const paths = (firstContainer(pod).volumeMounts ?? []).map(({ mountPath }) => mountPath)
      expect(paths.includes('/var/run/secrets/kubernetes.io/serviceaccount')).toBe(mounted)
    }
  },
})
