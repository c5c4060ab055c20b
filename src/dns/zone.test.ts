import { describe, expect, test } from 'vitest'
import type { core, discovery } from '../api/generated/types/index.ts'
import type { DnsRecord } from './record.ts'
import { Zone, type ZoneView } from './zone.ts'

const services: readonly core.v1.Service[] = [
  {
    metadata: { namespace: 'default', name: 'web' },
    spec: {
      type: 'ClusterIP',
      clusterIP: '10.96.0.20',
      clusterIPs: ['10.96.0.20', 'fd00::20'],
      ports: [
        { name: 'http', port: 80, protocol: 'TCP' },
        { name: 'metrics', port: 9100 },
      ],
    },
  },
  {
    metadata: { namespace: 'default', name: 'single' },
    spec: { clusterIP: '10.96.0.21', clusterIPs: ['10.96.0.21'], ports: [{ port: 80, protocol: 'TCP' }] },
  },
  {
    metadata: { namespace: 'data', name: 'db' },
    spec: { clusterIP: 'None', clusterIPs: ['None'], ports: [{ name: 'sql', port: 5432, protocol: 'TCP' }] },
  },
  { metadata: { namespace: 'data', name: 'empty' }, spec: { clusterIP: 'None', clusterIPs: ['None'] } },
  {
    metadata: { namespace: 'default', name: 'outside' },
    spec: { type: 'ExternalName', externalName: 'example.com.' },
  },
  {
    metadata: { namespace: 'default', name: 'outside-ip' },
    spec: { type: 'ExternalName', externalName: '192.0.2.7' },
  },
]

const slices: readonly discovery.v1.EndpointSlice[] = [
  {
    metadata: { namespace: 'data', name: 'db-1', labels: { 'kubernetes.io/service-name': 'db' } },
    addressType: 'IPv4',
    ports: [{ name: 'sql', port: 5432, protocol: 'TCP' }],
    endpoints: [
      { addresses: ['10.244.0.5'], hostname: 'db-0', conditions: { ready: true } },
      { addresses: ['10.244.1.6'], conditions: {} },
      { addresses: ['10.244.1.7'], hostname: 'db-2', conditions: { ready: false } },
    ],
  },
  {
    metadata: { namespace: 'data', name: 'db-2', labels: { 'kubernetes.io/service-name': 'db' } },
    addressType: 'IPv6',
    ports: [{ name: 'sql', port: 5432, protocol: 'TCP' }],
    endpoints: [{ addresses: ['fd00::5'], hostname: 'db-0' }],
  },
  {
    metadata: { namespace: 'default', name: 'web-1', labels: { 'kubernetes.io/service-name': 'web' } },
    addressType: 'IPv4',
    ports: [{ name: 'http', port: 8080, protocol: 'TCP' }],
    endpoints: [{ addresses: ['10.244.0.9'] }],
  },
]

const view: ZoneView = {
  hasNamespace: (name) => ['default', 'data'].includes(name),
  service: (namespace, name) =>
    services.find(({ metadata }) => metadata?.namespace === namespace && metadata.name === name),
  slices: (namespace, service) =>
    slices.filter(
      ({ metadata }) =>
        metadata?.namespace === namespace && metadata.labels?.['kubernetes.io/service-name'] === service,
    ),
  serviceOfIp: (ip) => services.find(({ spec }) => spec?.clusterIPs?.includes(ip)),
  slicesOfIp: (ip) =>
    slices.filter(({ endpoints = [] }) =>
      endpoints?.some(({ addresses, hostname }) => hostname !== undefined && addresses.includes(ip)),
    ),
}

const zone = new Zone(view, {
  domain: 'cluster.local',
  ttlSeconds: 30,
  dnsAddress: '10.96.0.10',
  serial: 1_700_000_000,
})

const types = { A: 1, NS: 2, CNAME: 5, SOA: 6, PTR: 12, TXT: 16, AAAA: 28, SRV: 33, MX: 15 } as const

function dataOf(record: DnsRecord): string {
  switch (record.type) {
    case 'A':
    case 'AAAA':
      return record.address
    case 'SRV':
      return `${record.priority} ${record.weight} ${record.port} ${record.target}`
    case 'TXT':
      return record.text
    case 'SOA':
      return `${record.primary} ${record.mailbox} ${record.serial} ${record.refresh} ${record.retry} ${record.expire} ${record.minimum}`
    default:
      return record.target
  }
}

/** Answers as text, or the response code and `+soa`, or `not ours`. */
function ask(name: string, type: keyof typeof types): string {
  const found = zone.lookup({ name, type: types[type] })
  if (found === undefined) return 'not ours'
  const answers = found.answers.map((record) => `${record.type} ${dataOf(record)}`)
  const soa = found.authorities.some(({ type: kind }) => kind === 'SOA') ? ' +soa' : ''
  return answers.length > 0 ? answers.join(', ') + soa : found.rcode + soa
}

describe('Zone.lookup()', () => {
  test.each([
    ['web.default.svc.cluster.local', 'A', 'A 10.96.0.20'],
    ['web.default.svc.cluster.local', 'AAAA', 'AAAA fd00::20'],
    ['single.default.svc.cluster.local', 'AAAA', 'NOERROR +soa'],
    ['web.default.svc.cluster.local', 'MX', 'NOERROR +soa'],
    ['web.data.svc.cluster.local', 'A', 'NXDOMAIN +soa'],
    ['web.nowhere.svc.cluster.local', 'A', 'NXDOMAIN +soa'],
    ['default.svc.cluster.local', 'A', 'NOERROR +soa'],
    ['nowhere.svc.cluster.local', 'A', 'NXDOMAIN +soa'],
    ['svc.cluster.local', 'A', 'NOERROR +soa'],
    ['cluster.local', 'A', 'NOERROR +soa'],
    ['other.cluster.local', 'A', 'NXDOMAIN +soa'],
    ['a.b.c.web.default.svc.cluster.local', 'A', 'NXDOMAIN +soa'],
    ['example.com', 'A', 'not ours'],
    ['local', 'A', 'not ours'],
    ['notcluster.local', 'A', 'not ours'],
  ] as const)('a name of a Service with an address: %s %s', (name, type, expected) => {
    expect(ask(name, type)).toBe(expected)
  })

  test.each([
    ['db.data.svc.cluster.local', 'A', 'A 10.244.0.5, A 10.244.1.6'],
    ['db.data.svc.cluster.local', 'AAAA', 'AAAA fd00::5'],
    ['db-0.db.data.svc.cluster.local', 'A', 'A 10.244.0.5'],
    ['db-0.db.data.svc.cluster.local', 'AAAA', 'AAAA fd00::5'],
    ['10-244-1-6.db.data.svc.cluster.local', 'A', 'A 10.244.1.6'],
    ['db-2.db.data.svc.cluster.local', 'A', 'NXDOMAIN +soa'],
    ['empty.data.svc.cluster.local', 'A', 'NXDOMAIN +soa'],
    ['10-244-0-9.web.default.svc.cluster.local', 'A', 'A 10.244.0.9'],
  ] as const)('names of endpoints that are ready: %s %s', (name, type, expected) => {
    expect(ask(name, type)).toBe(expected)
  })

  test.each([
    ['_http._tcp.web.default.svc.cluster.local', 'SRV 0 100 80 web.default.svc.cluster.local'],
    ['_metrics._tcp.web.default.svc.cluster.local', 'SRV 0 100 9100 web.default.svc.cluster.local'],
    ['_http._udp.web.default.svc.cluster.local', 'NXDOMAIN +soa'],
    ['_tcp.web.default.svc.cluster.local', 'NOERROR +soa'],
    [
      '_sql._tcp.db.data.svc.cluster.local',
      'SRV 0 50 5432 db-0.db.data.svc.cluster.local, SRV 0 50 5432 10-244-1-6.db.data.svc.cluster.local',
    ],
    [
      'web.default.svc.cluster.local',
      'SRV 0 50 80 web.default.svc.cluster.local, SRV 0 50 9100 web.default.svc.cluster.local',
    ],
  ])('SRV records of named ports: %s', (name, expected) => {
    expect(ask(name, 'SRV')).toBe(expected)
  })

  test('SRV answers carry the addresses of their targets', () => {
    const found = zone.lookup({ name: '_sql._tcp.db.data.svc.cluster.local', type: types.SRV })
    expect(found?.additionals.map((record) => `${record.name} ${dataOf(record)}`)).toEqual([
      'db-0.db.data.svc.cluster.local 10.244.0.5',
      'db-0.db.data.svc.cluster.local fd00::5',
      '10-244-1-6.db.data.svc.cluster.local 10.244.1.6',
    ])
  })

  test.each([
    ['outside.default.svc.cluster.local', 'CNAME', 'CNAME example.com'],
    ['outside.default.svc.cluster.local', 'A', 'CNAME example.com'],
    ['x.outside.default.svc.cluster.local', 'A', 'NXDOMAIN +soa'],
    ['outside-ip.default.svc.cluster.local', 'A', 'A 192.0.2.7'],
  ] as const)('an external name is an alias: %s %s', (name, type, expected) => {
    expect(ask(name, type)).toBe(expected)
  })

  test.each([
    ['20.0.96.10.in-addr.arpa', 'PTR', 'PTR web.default.svc.cluster.local'],
    ['20.0.96.10.in-addr.arpa', 'A', 'NOERROR +soa'],
    ['5.0.244.10.in-addr.arpa', 'PTR', 'PTR db-0.db.data.svc.cluster.local'],
    ['6.1.244.10.in-addr.arpa', 'PTR', 'not ours'],
    ['1.0.0.127.in-addr.arpa', 'PTR', 'not ours'],
    [
      '0.2.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.d.f.ip6.arpa',
      'PTR',
      'PTR web.default.svc.cluster.local',
    ],
  ] as const)('reverse names: %s %s', (name, type, expected) => {
    expect(ask(name, type)).toBe(expected)
  })

  test.each([
    ['10-244-0-5.default.pod.cluster.local', 'A', 'A 10.244.0.5'],
    ['10-244-0-5.default.pod.cluster.local', 'AAAA', 'NOERROR +soa'],
    ['fd00--5.default.pod.cluster.local', 'AAAA', 'AAAA fd00::5'],
    ['10-244-0-500.default.pod.cluster.local', 'A', 'NXDOMAIN +soa'],
    ['10-244-0-5.nowhere.pod.cluster.local', 'A', 'NXDOMAIN +soa'],
    ['x.10-244-0-5.default.pod.cluster.local', 'A', 'NXDOMAIN +soa'],
    ['default.pod.cluster.local', 'A', 'NOERROR +soa'],
  ] as const)('names of pods stand for the address in them: %s %s', (name, type, expected) => {
    expect(ask(name, type)).toBe(expected)
  })

  test.each([
    ['dns-version.cluster.local', 'TXT', 'TXT 1.1.0'],
    ['cluster.local', 'NS', 'NS ns.dns.cluster.local'],
    ['ns.dns.cluster.local', 'A', 'A 10.96.0.10'],
    [
      'cluster.local',
      'SOA',
      'SOA ns.dns.cluster.local hostmaster.cluster.local 1700000000 7200 1800 86400 30',
    ],
  ] as const)('the zone itself: %s %s', (name, type, expected) => {
    expect(ask(name, type)).toBe(expected)
  })
})
