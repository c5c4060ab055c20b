import { expect } from 'vitest'
import { eventually } from './support/eventually.ts'
import { firstContainer, podSpec } from './support/samples.ts'
import { behaviours } from './support/suite.ts'

const authorization = '/apis/authorization.k8s.io/v1'

behaviours('Auth', {
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
