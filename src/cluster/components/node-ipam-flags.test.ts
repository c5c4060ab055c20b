import { expect, test } from 'vitest'
import { nodeIpamFlags, nodeIpamOptions } from './node-ipam-flags.ts'

const defaults = {
  'allocate-node-cidrs': true,
  'cluster-cidr': '10.244.0.0/16',
  'node-cidr-mask-size': nodeIpamFlags['node-cidr-mask-size'].fallback,
  'node-cidr-mask-size-ipv4': 0,
  'node-cidr-mask-size-ipv6': 0,
  'service-cluster-ip-range': '10.96.0.0/16,fd00:96::/112',
}

const options = (values: Partial<typeof defaults>) => nodeIpamOptions({ ...defaults, ...values })

test('nodeIpamOptions() gives each address family its size', () => {
  expect(options({})).toEqual({
    ranges: [{ cidr: '10.244.0.0/16', nodeBits: 24 }],
    serviceCidrs: ['10.96.0.0/16', 'fd00:96::/112'],
  })
  expect(options({ 'node-cidr-mask-size': 26 })?.ranges).toEqual([{ cidr: '10.244.0.0/16', nodeBits: 26 }])
  const both = { 'cluster-cidr': '10.244.0.0/16,fd00:10::/56' }
  expect(options({ ...both, 'node-cidr-mask-size-ipv4': 25 })?.ranges).toEqual([
    { cidr: '10.244.0.0/16', nodeBits: 25 },
    { cidr: 'fd00:10::/56', nodeBits: 64 },
  ])
  expect(options({ 'allocate-node-cidrs': false, 'cluster-cidr': '' })).toBeUndefined()
})

test('nodeIpamOptions() refuses what does not go together', () => {
  const both = { 'cluster-cidr': '10.244.0.0/16,fd00:10::/56' }
  const refused: readonly (readonly [Partial<typeof defaults>, RegExp])[] = [
    [{ 'cluster-cidr': '' }, /needs --cluster-cidr/],
    [{ 'cluster-cidr': '10.0.0.0/8,192.168.0.0/16' }, /not configured as dual stack/],
    [{ 'cluster-cidr': '10.0.0.0/8,192.168.0.0/16,fd00::/56' }, /more than max allowed of 2/],
    [{ ...both, 'node-cidr-mask-size': 24 }, /not allowed with dual-stack clusters/],
    [
      { 'node-cidr-mask-size': 24, 'node-cidr-mask-size-ipv4': 24 },
      /not allowed if --node-cidr-mask-size is set/,
    ],
    [{ 'node-cidr-mask-size-ipv6': 64 }, /single-stack IPv4/],
    [{ 'cluster-cidr': 'fd00:10::/56', 'node-cidr-mask-size-ipv4': 24 }, /single-stack IPv6/],
    [{ 'node-cidr-mask-size': 12 }, /does not fit/],
    [{ 'cluster-cidr': 'x' }, /invalid CIDR address: x/],
  ]
  for (const [values, message] of refused) expect(() => options(values)).toThrow(message)
})
