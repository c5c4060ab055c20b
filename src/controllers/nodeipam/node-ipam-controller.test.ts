import { expect, test } from 'vitest'
import { Node } from '../../api/core/node/kind.ts'
import { TestCluster } from '../../reconcile/testing/test-cluster.ts'
import { CidrPool } from './cidr-pool.ts'
import { nodeIpamController } from './node-ipam-controller.ts'

test('CidrPool gives each owner one range, and free ones again', () => {
  const pool = new CidrPool('10.244.0.0/22', 24)
  expect(pool.take('a')).toBe('10.244.0.0/24')
  expect(pool.take('b')).toBe('10.244.1.0/24')
  expect(pool.take('a')).toBe('10.244.0.0/24')
  pool.occupy('c', '10.244.2.0/24')
  pool.occupy('elsewhere', '192.168.0.0/24')
  expect(pool.take('d')).toBe('10.244.3.0/24')
  expect(pool.take('e')).toBeUndefined()
  pool.release('b')
  expect(pool.take('e')).toBe('10.244.1.0/24')
})

test('CidrPool counts in IPv6', () => {
  const pool = new CidrPool('fd00:10::/48', 64)
  expect([pool.take('a'), pool.take('b')]).toEqual(['fd00:10::/64', 'fd00:10:0:1::/64'])
})

test('nodeIpamController gives every node a range of its own, and says when there is none', async () => {
  const cluster = new TestCluster()
  await cluster.create(Node, { metadata: { name: 'old' }, spec: { podCIDR: '10.244.0.0/24' } })
  cluster.start(nodeIpamController({ clusterCidr: '10.244.0.0/23' }))
  await cluster.create(Node, { metadata: { name: 'n1' }, spec: {} })
  expect((await cluster.get(Node, 'n1')).spec).toEqual({
    podCIDR: '10.244.1.0/24',
    podCIDRs: ['10.244.1.0/24'],
  })
  await cluster.create(Node, { metadata: { name: 'n2' }, spec: {} })
  expect((await cluster.get(Node, 'n2')).spec?.podCIDR).toBeUndefined()
  expect((await cluster.events())[0]).toBe('Normal CIDRNotAvailable Node n2 status is now: CIDRNotAvailable')
  await cluster.do(cluster.client.resource(Node).delete('', 'old'))
  await cluster.host.advance(1_000_000)
  expect((await cluster.get(Node, 'n2')).spec?.podCIDR).toBe('10.244.0.0/24')
  await cluster.stop()
})
