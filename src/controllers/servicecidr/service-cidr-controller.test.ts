import { describe, expect, test } from 'vitest'
import { IPAddress } from '../../api/networking/ip-address/kind.ts'
import { ServiceCIDR } from '../../api/networking/service-cidr/kind.ts'
import { TestCluster } from '../../reconcile/testing/test-cluster.ts'
import { mayGo } from './may-go.ts'
import { serviceCidrController } from './service-cidr-controller.ts'

const cidr = (name: string, ...cidrs: readonly string[]) => ({ metadata: { name }, spec: { cidrs } })
const address = (name: string) => ({
  metadata: {
    name,
    labels: {
      'ipaddress.kubernetes.io/managed-by': 'ipallocator.k8s.io',
      'ipaddress.kubernetes.io/ip-family': 'IPv4',
    },
  },
  spec: { parentRef: { resource: 'services', namespace: 'default', name: 's' } },
})

describe('mayGo()', () => {
  const range = cidr('a', '10.0.0.0/24')
  const rows: readonly [string, readonly ReturnType<typeof cidr>[], readonly string[], boolean][] = [
    ['nobody uses it', [range], [], true],
    ['an address is in it', [range], ['10.0.0.5'], false],
    ['an address is elsewhere', [range], ['10.0.1.5'], true],
    ['a larger range covers it', [range, cidr('b', '10.0.0.0/16')], ['10.0.0.5'], true],
    ['the same range is there twice', [range, cidr('b', '10.0.0.0/24')], ['10.0.0.5'], true],
    ['a smaller range has the address, too', [range, cidr('b', '10.0.0.0/28')], ['10.0.0.5'], true],
    ['a smaller range has another address', [range, cidr('b', '10.0.0.0/28')], ['10.0.0.77'], false],
  ]
  for (const [name, all, addresses, expected] of rows)
    test(`says ${expected} where ${name}`, () => expect(mayGo(range, all, addresses)).toBe(expected))

  test('wants both families covered', () => {
    const both = cidr('a', '10.0.0.0/24', 'fd00::/112')
    const all = [both, cidr('b', '10.0.0.0/16')]
    expect(mayGo(both, all, ['fd00::5'])).toBe(false)
    expect(mayGo(both, all, ['10.0.0.5'])).toBe(true)
  })
})

describe('serviceCidrController', () => {
  const conditionOf = async (cluster: TestCluster, name: string) => {
    const { status } = await cluster.get(ServiceCIDR, name)
    return status?.conditions?.map(({ type, status, reason }) => `${type}=${status} ${reason ?? ''}`)
  }

  test('makes ranges ready, and holds them', async () => {
    const cluster = new TestCluster()
    cluster.start(serviceCidrController)
    await cluster.create(ServiceCIDR, cidr('a', '10.0.0.0/24'))
    expect((await cluster.get(ServiceCIDR, 'a')).metadata?.finalizers).toEqual([
      'networking.k8s.io/service-cidr-finalizer',
    ])
    expect(await conditionOf(cluster, 'a')).toEqual(['Ready=True '])
    await cluster.stop()
  })

  test('keeps a range that is in use until its addresses are gone, and ten seconds longer', async () => {
    const cluster = new TestCluster()
    cluster.start(serviceCidrController)
    await cluster.create(ServiceCIDR, cidr('a', '10.0.0.0/24'))
    await cluster.create(IPAddress, address('10.0.0.5'))
    await cluster.do(cluster.client.resource(ServiceCIDR).delete('', 'a'))
    await cluster.host.advance(60_000)
    expect(await conditionOf(cluster, 'a')).toEqual(['Ready=False Terminating'])
    await cluster.do(cluster.client.resource(IPAddress).delete('', '10.0.0.5'))
    await cluster.host.advance(1000)
    expect(await cluster.list(ServiceCIDR)).toEqual([])
    await cluster.create(ServiceCIDR, cidr('b', '10.1.0.0/24'))
    await cluster.do(cluster.client.resource(ServiceCIDR).delete('', 'b'))
    await cluster.host.advance(9000)
    expect(await cluster.list(ServiceCIDR)).toHaveLength(1)
    await cluster.host.advance(2000)
    expect(await cluster.list(ServiceCIDR)).toEqual([])
    await cluster.stop()
  })

  test('lets a range in use go when another comes that covers it', async () => {
    const cluster = new TestCluster()
    cluster.start(serviceCidrController)
    await cluster.create(ServiceCIDR, cidr('a', '10.0.0.0/24'))
    await cluster.create(IPAddress, address('10.0.0.5'))
    await cluster.do(cluster.client.resource(ServiceCIDR).delete('', 'a'))
    await cluster.host.advance(20_000)
    await cluster.create(ServiceCIDR, cidr('b', '10.0.0.0/16'))
    await cluster.host.advance(1000)
    expect((await cluster.list(ServiceCIDR)).map(({ metadata }) => metadata?.name)).toEqual(['b'])
    await cluster.stop()
  })
})
