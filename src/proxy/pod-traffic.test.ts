import { expect, test } from 'vitest'
import { podMatch } from './pod-traffic.ts'

test('podMatch() tells pods by their addresses or their interfaces', () => {
  const ranges = { cidrs: ['10.244.0.0/16', 'fd00:10::/64'] }
  expect(podMatch(ranges, 'IPv6')).toEqual({
    isOfPods: 'ip6 saddr fd00:10::/64',
    isOfOthers: 'ip6 saddr != fd00:10::/64',
  })
  expect(podMatch({ cidrs: ['10.244.0.0/16'] }, 'IPv6')).toBeUndefined()
  expect(podMatch({ interfaceName: 'veth*' }, 'IPv4')).toEqual({
    isOfPods: 'iifname "veth*"',
    isOfOthers: 'iifname != "veth*"',
  })
})
