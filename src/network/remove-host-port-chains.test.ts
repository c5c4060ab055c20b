import { expect, test } from 'vitest'
import { hostPortRemovals, isBareTable } from './remove-host-port-chains.ts'

const listing = `-P PREROUTING ACCEPT
-P OUTPUT ACCEPT
-N CNI-HOSTPORT-DNAT
-N CNI-HOSTPORT-MASQ
-N CNI-HOSTPORT-SETMARK
-N DOCKER
-A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER
-A PREROUTING -m addrtype --dst-type LOCAL -j CNI-HOSTPORT-DNAT
-A POSTROUTING -m comment --comment "CNI portfwd requiring masquerade" -j CNI-HOSTPORT-MASQ
-A CNI-HOSTPORT-MASQ -m mark --mark 0x2000/0x2000 -j MASQUERADE
-A CNI-HOSTPORT-SETMARK -m comment --comment "CNI portfwd masquerade mark" -j MARK --set-xmark 0x2000/0x2000
`

test('hostPortRemovals() takes away what the last port left, and nothing of others', () => {
  expect(hostPortRemovals(listing, 'net-1')).toEqual([
    ['-D', 'PREROUTING', '-m', 'addrtype', '--dst-type', 'LOCAL', '-j', 'CNI-HOSTPORT-DNAT'],
    [
      '-D',
      'POSTROUTING',
      '-m',
      'comment',
      '--comment',
      'CNI portfwd requiring masquerade',
      '-j',
      'CNI-HOSTPORT-MASQ',
    ],
    ['-F', 'CNI-HOSTPORT-DNAT'],
    ['-F', 'CNI-HOSTPORT-MASQ'],
    ['-F', 'CNI-HOSTPORT-SETMARK'],
    ['-X', 'CNI-HOSTPORT-DNAT'],
    ['-X', 'CNI-HOSTPORT-MASQ'],
    ['-X', 'CNI-HOSTPORT-SETMARK'],
  ])
})

const port = (network: string, chain: string): string =>
  `-A CNI-HOSTPORT-DNAT -p tcp -m comment --comment "dnat name: \\"${network}\\" id: \\"x\\"" -j ${chain}\n`

test('hostPortRemovals() takes away ports that were left, and leaves others’', () => {
  const ours = [
    ['-p', 'tcp', '-m', 'comment', '--comment', 'dnat name: "net-1" id: "x"', '-j', 'CNI-DN-1'],
  ].map((words) => ['-D', 'CNI-HOSTPORT-DNAT', ...words])
  expect(
    hostPortRemovals(`${listing}${port('net-1', 'CNI-DN-1')}${port('net-10', 'CNI-DN-2')}`, 'net-1'),
  ).toEqual([...ours, ['-F', 'CNI-DN-1'], ['-X', 'CNI-DN-1']])
  expect(hostPortRemovals(`${listing}${port('net-1', 'CNI-DN-1')}`, 'net-1')).toHaveLength(3 + 8)
})

test.each([
  ['table ip6 nat {\n}\n', true],
  [
    'table ip nat {\n\tchain OUTPUT {\n\t\ttype nat hook output priority -100; policy accept;\n\t}\n}\n',
    true,
  ],
  ['table ip nat {\n\tchain DOCKER {\n\t}\n}\n', false],
  [
    'table ip nat {\n\tchain OUTPUT {\n\t\ttype nat hook output priority -100; policy accept;\n\t\tmasquerade\n\t}\n}\n',
    false,
  ],
])('isBareTable(%j) is %s', (text, expected) => {
  expect(isBareTable(text)).toBe(expected)
})
