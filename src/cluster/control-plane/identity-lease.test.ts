import { expect, test } from 'vitest'
import { Lease as leaseKind } from '../../api/coordination/lease/kind.ts'
import { silentLogger } from '../../base/logger.ts'
import { createClient } from '../../client/create-client.ts'
import { FakeApi } from '../../client/testing/fake-api.ts'
import { testHost } from '../../client/testing/test-host.ts'
import { identityLeaseName, keepIdentityLease } from './identity-lease.ts'

test('identityLeaseName() is upstream’s', () => {
  expect(identityLeaseName(testHost(), 'vm')).toBe('apiserver-wlv32tlttr4jl3gtroqexyxapa')
})

test('keepIdentityLease() renews its own, and removes those that are over for an hour', async () => {
  const host = testHost()
  const client = createClient(new FakeApi(host))
  const leases = client.resource(leaseKind)
  const labels = { 'apiserver.kubernetes.io/identity': 'kube-apiserver' }
  const make = (name: string, more: object = {}, spec: object = {}) =>
    leases.create({ metadata: { name, namespace: 'kube-system', ...more }, spec })
  await make('apiserver-gone', { labels })
  await make('another')
  const stop = keepIdentityLease({ host, logger: silentLogger, client, hostname: 'vm', instance: 'one' })
  await host.advance(0)
  const names = async (): Promise<readonly (string | undefined)[]> =>
    (await leases.list({ namespace: 'kube-system' })).items.map(({ metadata }) => metadata?.name)
  const own = 'apiserver-wlv32tlttr4jl3gtroqexyxapa'
  expect(await names()).toEqual(['another', own])
  const first = await leases.get('kube-system', own)
  expect(first).toMatchObject({
    metadata: { labels: { ...labels, 'kubernetes.io/hostname': 'vm' } },
    spec: { holderIdentity: `${own}_one`, leaseDurationSeconds: 3600 },
  })
  await leases.delete('kube-system', own)
  await host.advance(20_000)
  expect((await leases.get('kube-system', own)).spec?.renewTime).not.toBe(first.spec?.renewTime)
  await stop()
})
