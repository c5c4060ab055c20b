import { expect, test } from 'vitest'
import type { core } from '../../../api/generated/types/index.ts'
import { hostsFile, kernelHostname, podDns, podHostname } from './pod-network-identity.ts'

type Pod = core.v1.Pod

const pod: Pod = {
  metadata: { name: 'web-0', namespace: 'shop' },
  spec: { containers: [], hostname: 'web-0', subdomain: 'web' },
}
const dns = {
  servers: ['10.96.0.10'],
  domain: 'cluster.local',
  host: { servers: ['1.1.1.1'], searches: ['corp.example'], options: ['rotate'] },
}

test('podHostname() and kernelHostname() use hostname and subdomain', () => {
  expect(podHostname(pod, 'cluster.local')).toEqual({
    hostname: 'web-0',
    domain: 'web.shop.svc.cluster.local',
  })
  expect(kernelHostname({ ...pod, spec: { containers: [], hostNetwork: true } }, 'cluster.local')).toBe('')
  const long: Pod = { metadata: { name: `${'a'.repeat(62)}-b` }, spec: { containers: [] } }
  expect(kernelHostname(long, 'cluster.local')).toBe('a'.repeat(62))
})

test('podDns() follows the policy', () => {
  expect(podDns(pod, dns).config).toEqual({
    servers: ['10.96.0.10'],
    searches: ['shop.svc.cluster.local', 'svc.cluster.local', 'cluster.local', 'corp.example'],
    options: ['ndots:5'],
  })
  const policy = (dnsPolicy: string, more: Partial<core.v1.PodSpec> = {}) =>
    podDns({ ...pod, spec: { containers: [], dnsPolicy, ...more } }, dns).config
  expect(policy('Default')).toEqual(dns.host)
  expect(policy('ClusterFirst', { hostNetwork: true })).toEqual(dns.host)
  expect(policy('ClusterFirstWithHostNet', { hostNetwork: true }).servers).toEqual(['10.96.0.10'])
  const dnsConfig = {
    nameservers: ['9.9.9.9'],
    options: [{ name: 'ndots', value: '2' }, { name: 'edns0' }],
  }
  expect(policy('None', { dnsConfig })).toEqual({
    servers: ['9.9.9.9'],
    searches: [],
    options: ['ndots:2', 'edns0'],
  })
})

test('hostsFile() names the pod and its aliases', () => {
  const aliased: Pod = {
    ...pod,
    spec: { containers: [], hostAliases: [{ ip: '1.2.3.4', hostnames: ['a', 'b'] }] },
  }
  const text = hostsFile(aliased, { hostname: 'web-0', domain: 'web.shop.svc' }, ['10.0.0.5'], '')
  expect(text.split('\n').slice(-6)).toEqual([
    'fe00::2\tip6-allrouters',
    '10.0.0.5\tweb-0.web.shop.svc\tweb-0',
    '',
    '# Entries added by HostAliases.',
    '1.2.3.4\ta\tb',
    '',
  ])
})
