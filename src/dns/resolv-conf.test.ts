import { expect, test } from 'vitest'
import { parseUpstream } from './exchange.ts'
import { nameservers } from './resolv-conf.ts'

test('nameservers() reads what resolv.conf(5) describes', () => {
  const text = `# nameserver 192.0.2.1
nameserver 192.0.2.53
  nameserver\t2001:db8::53
nameserver fe80::1%eth0
nameserver nonsense
search example.com
options ndots:5
`
  expect(nameservers(text)).toEqual(['192.0.2.53', '2001:db8::53', 'fe80::1%eth0'])
})

test.each([
  ['192.0.2.53', '192.0.2.53', 53],
  ['192.0.2.53:5353', '192.0.2.53', 5353],
  ['2001:db8::53', '2001:db8::53', 53],
  ['[2001:db8::53]:54', '2001:db8::53', 54],
])('parseUpstream() reads %s', (text, address, port) => {
  expect(parseUpstream(text)).toEqual({ address, port })
})
