import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Secret } from '../../api/core/secret/kind.ts'
import { ServiceAccount } from '../../api/core/service-account/kind.ts'
import type { core } from '../../api/generated/types/index.ts'
import { decodeBase64 } from '../../base/base64.ts'
import { TestCluster } from '../../reconcile/testing/test-cluster.ts'
import { serviceAccountTokenController } from './service-account-token-controller.ts'

const namespace = 'shop'
const text = (base64 = ''): string => new TextDecoder().decode(decodeBase64(base64))
const tokenSecret = (name: string, account: string): core.v1.Secret => ({
  metadata: { namespace, name, annotations: { 'kubernetes.io/service-account.name': account } },
  type: 'kubernetes.io/service-account-token',
})

describe('serviceAccountTokenController', () => {
  let cluster: TestCluster
  beforeEach(async () => {
    cluster = new TestCluster()
    const sign = (claims: Readonly<Record<string, string>>): string => JSON.stringify(claims)
    cluster.start(serviceAccountTokenController({ rootCertificate: 'CA', sign }))
    await cluster.create(ServiceAccount, { metadata: { namespace, name: 'web' } })
  })
  afterEach(() => cluster.stop())

  const names = async () => (await cluster.list(Secret)).map(({ metadata }) => metadata?.name)

  it('fills a Secret with a token of its account, once', async () => {
    await cluster.create(Secret, tokenSecret('t', 'web'))
    const made = await cluster.client.resource(Secret).get(namespace, 't')
    const account = await cluster.client.resource(ServiceAccount).get(namespace, 'web')
    expect(made.metadata?.annotations?.['kubernetes.io/service-account.uid']).toBe(account.metadata?.uid)
    expect([text(made.data?.['ca.crt']), text(made.data?.['namespace'])]).toEqual(['CA', 'shop'])
    expect(JSON.parse(text(made.data?.['token']))).toEqual({
      iss: 'kubernetes/serviceaccount',
      'kubernetes.io/serviceaccount/namespace': 'shop',
      'kubernetes.io/serviceaccount/secret.name': 't',
      'kubernetes.io/serviceaccount/service-account.name': 'web',
      'kubernetes.io/serviceaccount/service-account.uid': account.metadata?.uid,
      sub: 'system:serviceaccount:shop:web',
    })
    await cluster.change(Secret, 'shop/t', { metadata: { labels: { a: 'b' } } })
    const later = await cluster.client.resource(Secret).get(namespace, 't')
    expect(later.data).toEqual(made.data)
  })

  it('removes Secrets of accounts that are not there (any more), and no others', async () => {
    await cluster.create(Secret, { ...tokenSecret('other', 'none'), type: 'Opaque' })
    await cluster.create(Secret, tokenSecret('lost', 'none'))
    await cluster.create(Secret, tokenSecret('t', 'web'))
    expect(await names()).toEqual(['other', 't'])
    await cluster.do(cluster.client.resource(ServiceAccount).delete(namespace, 'web'))
    expect(await names()).toEqual(['other'])
  })

  it('takes the name of a Secret that is gone out of its account', async () => {
    await cluster.create(Secret, tokenSecret('t', 'web'))
    await cluster.change(ServiceAccount, 'shop/web', { secrets: [{ name: 't' }, { name: 'kept' }] })
    await cluster.do(cluster.client.resource(Secret).delete(namespace, 't'))
    const account = await cluster.client.resource(ServiceAccount).get(namespace, 'web')
    expect(account.secrets).toEqual([{ name: 'kept' }])
  })
})
