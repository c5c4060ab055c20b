import { expect, test } from 'vitest'
import { firstAddress } from '../first-address.ts'
import { serviceRanges } from './service-ranges.ts'

test('serviceRanges() takes one range, or one of each family', () => {
  expect(serviceRanges('10.96.0.0/16', '192.0.2.1')).toEqual(['10.96.0.0/16'])
  expect(serviceRanges('fd00::/112,10.96.0.0/16', '2001:db8::1')).toEqual(['fd00::/112', '10.96.0.0/16'])
})

test.each([
  ['10.96.0.0', 'service-cluster-ip-range[0] is not a valid cidr'],
  ['10.96.0.0/16,x', 'service-cluster-ip-range[1] is not an ip net'],
  [
    '10.96.0.0/16,fd00::/112,10.0.0.0/16',
    '--service-cluster-ip-range must not contain more than two entries',
  ],
  [
    '10.96.0.0/16,10.97.0.0/16',
    '--service-cluster-ip-range[0] and --service-cluster-ip-range[1] must be of different IP family',
  ],
  ['fd00::/112', 'service IP family "fd00::/112" must match public address family "192.0.2.1"'],
])('serviceRanges() refuses %s as upstream does', (text, message) => {
  expect(() => serviceRanges(text, '192.0.2.1')).toThrow(message)
})

test('firstAddress() is the one after the network’s own', () => {
  expect(['10.96.0.0/12', '10.0.0.255/32', 'fd00:10:96::/112'].map(firstAddress)).toEqual([
    ...['10.96.0.1', '10.0.1.0', 'fd00:10:96::1'],
  ])
})
