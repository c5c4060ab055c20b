import { expect, test } from 'vitest'
import { endpointText, parseFlows, staleFlows, type UdpFrontend } from './conntrack.ts'

const listing = `udp      17 27 src=10.244.0.3 dst=10.96.0.30 sport=5555 dport=53 src=10.244.0.2 dst=10.244.0.3 sport=8080 dport=5555 mark=0 use=1
udp      17 20 src=192.0.2.9 dst=192.0.2.2 sport=999 dport=30053 [UNREPLIED] src=10.244.0.7 dst=192.0.2.9 sport=8080 dport=999 mark=0 use=1
udp      17 20 src=192.0.2.9 dst=192.0.2.2 sport=998 dport=123 src=192.0.2.2 dst=192.0.2.9 sport=123 dport=998 mark=0 use=1
garbage
`

test('parseFlows() reads both directions', () => {
  expect(parseFlows(listing)).toEqual([
    { destination: '10.96.0.30', destinationPort: 53, replySource: '10.244.0.2', replySourcePort: 8080 },
    { destination: '192.0.2.2', destinationPort: 30053, replySource: '10.244.0.7', replySourcePort: 8080 },
    { destination: '192.0.2.2', destinationPort: 123, replySource: '192.0.2.2', replySourcePort: 123 },
  ])
})

const frontend = (ip: string | undefined, port: number, ...endpoints: string[]): UdpFrontend => ({
  ip,
  port,
  endpoints: new Set(endpoints.map((each) => endpointText(each, 8080))),
})

test.each([
  ['an endpoint that is there', [frontend('10.96.0.30', 53, '10.244.0.2')], 0],
  ['an endpoint that is gone', [frontend('10.96.0.30', 53, '10.244.0.9')], 1],
  ['nobody else to go to', [frontend('10.96.0.30', 53)], 0],
  ['a node port', [frontend(undefined, 30053, '10.244.0.2')], 1],
  ['other traffic', [frontend('10.96.0.31', 53, '10.244.0.9')], 0],
])('staleFlows(): %s', (_, frontends, expected) => {
  expect(staleFlows(parseFlows(listing), frontends)).toHaveLength(expected)
})
