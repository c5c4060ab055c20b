import { describe, expect, test } from 'vitest'
import type { core } from '../api/generated/types/index.ts'
import { peerRoutes, planRoutes } from './peer-routes.ts'

const node = (name: string, address: string | undefined, ...podCIDRs: string[]): core.v1.Node => ({
  metadata: { name },
  spec: { podCIDRs },
  status: { addresses: address === undefined ? [] : [{ type: 'InternalIP', address }] },
})

describe('peerRoutes()', () => {
  test('leads to every other node’s pods by its address, family by family', () => {
    const nodes = [
      node('here', '10.89.0.2', '10.244.0.0/24'),
      node('there', '10.89.0.3', '10.244.1.0/24', 'fd00:1::/64'),
      node('without-address', undefined, '10.244.2.0/24'),
      node('without-range', '10.89.0.5'),
    ]
    expect(peerRoutes(nodes, 'here')).toEqual([{ destination: '10.244.1.0/24', via: '10.89.0.3' }])
  })
})

describe('planRoutes()', () => {
  test.each([
    ['what is there stays', [['a', '1', 'eth0']], [['a', '1']], [], []],
    ['what is missing is made', [], [['a', '1']], ['a'], []],
    ['what leads elsewhere is replaced', [['a', '1', 'eth0']], [['a', '2']], ['a'], []],
    ['what nobody wants goes', [['a', '1', 'eth0']], [], [], ['a']],
    ['another device is another route', [['a', '1', 'eth0']], [['a', '1', 'eth1']], ['a'], []],
  ] as const)('%s', (_, existing, desired, replace, remove) => {
    const route = ([destination, via, device]: readonly string[]) => ({
      destination: destination ?? '',
      ...(via === undefined ? {} : { via }),
      ...(device === undefined ? {} : { device }),
    })
    const changes = planRoutes(existing.map(route), desired.map(route))
    expect(changes.replace.map(({ destination }) => destination)).toEqual(replace)
    expect(changes.remove.map(({ destination }) => destination)).toEqual(remove)
  })
})
