import { expect, test } from 'vitest'
import { endpointNames, isAffinitySet, isServiceChain, serviceChainNames } from './chain-names.ts'
import type { Endpoint } from './endpoint.ts'
import type { ServicePort } from './service-port.ts'

const port: ServicePort = {
  namespace: 'ns1',
  service: 'svc1',
  portName: 'p80',
  protocol: 'tcp',
  clusterIp: '172.30.0.41',
  port: 80,
  nodePort: 0,
  externalIps: [],
  loadBalancerIps: [],
  sourceRanges: [],
  affinitySeconds: undefined,
  internalPolicyLocal: false,
  externalPolicyLocal: false,
}

const endpoint = (ip: string): Endpoint => ({
  ip,
  port: 80,
  ready: true,
  serving: true,
  terminating: false,
  local: false,
  zoneHints: [],
  nodeHints: [],
})

test('serviceChainNames() gives upstream’s names', () => {
  expect(serviceChainNames(port)).toEqual({
    cluster: 'service-ULMVA6XW-ns1/svc1/tcp/p80',
    local: 'local-ULMVA6XW-ns1/svc1/tcp/p80',
    external: 'external-ULMVA6XW-ns1/svc1/tcp/p80',
    firewall: 'firewall-ULMVA6XW-ns1/svc1/tcp/p80',
  })
})

test('endpointNames() gives upstream’s names', () => {
  expect(endpointNames(port, endpoint('10.180.0.1'))).toEqual({
    chain: 'endpoint-5OJB2KTY-ns1/svc1/tcp/p80__10.180.0.1/80',
    affinitySet: 'affinity-5OJB2KTY-ns1/svc1/tcp/p80__10.180.0.1/80',
  })
})

test('endpointNames() keeps out colons, and within nftables’ length', () => {
  const long = { ...port, namespace: 'n'.repeat(63), service: 's'.repeat(63), portName: 'p'.repeat(63) }
  const { chain } = endpointNames(long, endpoint('2001:db8:1111:2222:3333:4444:5555:6666'))
  expect(chain).not.toContain(':')
  expect(chain.length).toBeLessThanOrEqual('endpoint-'.length + 240)
  expect(chain.endsWith('...')).toBe(true)
  expect(isServiceChain(chain)).toBe(true)
  expect(isAffinitySet(chain)).toBe(false)
})
