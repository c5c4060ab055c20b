import { expect, test } from 'vitest'
import { Node } from '../../api/core/node/kind.ts'
import { internalError } from '../../apimachinery/status-error.ts'
import { failWith } from '../../client/testing/fake-api.ts'
import { TestCluster } from '../../reconcile/testing/test-cluster.ts'
import { CidrPool } from './cidr-pool.ts'
import { nodeIpamController } from './node-ipam-controller.ts'

test('CidrPool gives each owner one range, and free ones again when all others were taken', () => {
  const pool = new CidrPool('10.244.0.0/22', 24)
  expect(pool.take('a')).toBe('10.244.0.0/24')
  expect(pool.take('b')).toBe('10.244.1.0/24')
  expect(pool.take('a')).toBe('10.244.0.0/24')
  pool.settle('b', '10.244.1.0/24')
  pool.release('10.244.1.0/24')
  pool.occupy('192.168.0.0/24')
  expect([pool.take('c'), pool.take('d'), pool.take('e'), pool.take('f')]).toEqual([
    '10.244.2.0/24',
    '10.244.3.0/24',
    '10.244.1.0/24',
    undefined,
  ])
})

test('CidrPool knows ranges of any size', () => {
  const pool = new CidrPool('10.244.0.0/22', 24)
  pool.occupy('10.244.0.0/23')
  pool.occupy('10.244.2.128/25')
  expect([pool.used, pool.take('a'), pool.take('b')]).toEqual([3, '10.244.3.0/24', undefined])
  pool.occupy('10.0.0.0/8')
  pool.release('10.244.2.128/26')
  expect([pool.used, pool.take('b')]).toEqual([3, '10.244.2.0/24'])
})

test('CidrPool frees what was promised to somebody who shows something else, or goes', () => {
  const pool = new CidrPool('10.244.0.0/23', 24)
  pool.take('a')
  pool.take('b')
  pool.settle('a', '10.244.7.0/24')
  pool.settle('b', undefined)
  expect(pool.used).toBe(0)
})

test('CidrPool counts in IPv6', () => {
  const pool = new CidrPool('fd00:10::/48', 64)
  expect([pool.take('a'), pool.take('b')]).toEqual(['fd00:10::/64', 'fd00:10:0:1::/64'])
})

test('nodeIpamController gives every node a range of its own, and says when there is none', async () => {
  const cluster = new TestCluster()
  await cluster.create(Node, { metadata: { name: 'old' }, spec: { podCIDR: '10.244.0.0/24' } })
  cluster.start(nodeIpamController({ ranges: [{ cidr: '10.244.0.0/23', nodeBits: 24 }] }))
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

test('nodeIpamController gives nodes a range of each address family, none of the Services', async () => {
  const cluster = new TestCluster()
  cluster.start(
    nodeIpamController({
      ranges: [
        { cidr: '10.0.0.0/14', nodeBits: 16 },
        { cidr: 'fd00::/60', nodeBits: 64 },
      ],
      serviceCidrs: ['10.0.0.0/16', 'fd00::/112'],
    }),
  )
  await cluster.create(Node, { metadata: { name: 'n1' }, spec: {} })
  expect((await cluster.get(Node, 'n1')).spec).toEqual({
    podCIDR: '10.1.0.0/16',
    podCIDRs: ['10.1.0.0/16', 'fd00:0:0:1::/64'],
  })
  await cluster.do(cluster.client.resource(Node).delete('', 'n1'))
  const exposed = cluster.metrics.expose()
  expect(exposed).toContain('node_ipam_controller_cidrset_usage_cidrs{clusterCIDR="10.0.0.0/14"} 0.25')
  expect(exposed).toContain('node_ipam_controller_cidrset_cidrs_releases_total{clusterCIDR="fd00::/60"} 1')
  await cluster.stop()
})

test('nodeIpamController tries three times to write a range, and says that it could not', async () => {
  const cluster = new TestCluster()
  let refused = 0
  cluster.api.interceptors.push(({ method, path }) => {
    if (method !== 'PATCH' || path !== '/api/v1/nodes/n1' || refused === 3) return undefined
    refused++
    return failWith(internalError('no'))
  })
  cluster.start(nodeIpamController())
  await cluster.create(Node, { metadata: { name: 'n1' }, spec: {} })
  expect(await cluster.events()).toEqual([
    'Normal CIDRAssignmentFailed Node n1 status is now: CIDRAssignmentFailed',
  ])
  await cluster.host.advance(10_000)
  expect([refused, (await cluster.get(Node, 'n1')).spec?.podCIDR]).toEqual([3, '10.244.0.0/24'])
  await cluster.stop()
})
