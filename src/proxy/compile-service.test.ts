import { describe, expect, test } from 'vitest'
import type { core } from '../api/generated/types/index.ts'
import { compileService } from './compile-service.ts'
import { endpointsByPort } from './endpoint.ts'
import { servicePorts } from './service-port.ts'
import { type SliceEndpoint, serviceOf, sliceOf } from './testing/objects.ts'

/** The fragment as text, with the names' hashes left out. */
function compile(service: core.v1.Service, endpoints: readonly SliceEndpoint[]): string {
  const [port] = servicePorts(service, 'IPv4')
  const found = endpointsByPort([sliceOf('web', endpoints)], 'IPv4', 'here').get('http/tcp') ?? []
  if (port === undefined) return 'no port'
  const { chains, affinitySets, elements } = compileService(port, found, {
    family: 'IPv4',
    place: { nodeName: 'here', zone: '' },
    pods: { isOfPods: 'ip saddr 10.244.0.0/16', isOfOthers: 'ip saddr != 10.244.0.0/16' },
    nodeAddress: '192.0.2.2',
  })
  const lines = [
    ...[...chains].flatMap(([chain, rules]) => [`${chain}:`, ...rules.map((rule) => `  ${rule}`)]),
    ...affinitySets.map((name) => `set ${name}`),
    ...elements.map(
      ({ container, key, value }) => `@${container} ${key}${value === '' ? '' : ` : ${value}`}`,
    ),
  ]
  return lines.join('\n').replaceAll(/-[A-Z2-7]{8}-default\/web\/tcp\/http/g, '-web')
}

const here: SliceEndpoint = { ip: '10.244.0.2', node: 'here' }
const there: SliceEndpoint = { ip: '10.244.1.3', node: 'there' }
const nodePort: core.v1.ServiceSpec = {
  type: 'NodePort',
  ports: [{ name: 'http', port: 80, protocol: 'TCP', nodePort: 30080 }],
}

describe('compileService()', () => {
  test('a cluster IP with two endpoints', () => {
    expect(compile(serviceOf('web', '10.96.0.1'), [here, there])).toMatchInlineSnapshot(`
      "service-web:
        meta l4proto tcp numgen random mod 2 0 dnat to 10.244.0.2:8080
        meta l4proto tcp dnat to 10.244.1.3:8080
      @cluster-ips 10.96.0.1
      @service-ips 10.96.0.1 . tcp . 80 : goto service-web
      @hairpin-connections 10.244.0.2 . 10.244.0.2 . tcp . 8080"
    `)
  })

  test('many endpoints are a map', () => {
    const many = Array.from({ length: 17 }, (_, i): SliceEndpoint => ({ ip: `10.244.1.${100 + i}` }))
    expect(compile(serviceOf('web', '10.96.0.1'), many).split('\n')[1]).toMatch(
      /^ {2}meta l4proto tcp dnat ip addr \. port to numgen random mod 17 map \{ 0 : 10\.244\.1\.100 \. 8080, 1 : /,
    )
  })

  test('without endpoints', () => {
    expect(compile(serviceOf('web', '10.96.0.1', nodePort), [])).toMatchInlineSnapshot(`
      "@cluster-ips 10.96.0.1
      @no-endpoint-services 10.96.0.1 . tcp . 80 : goto reject-chain
      @no-endpoint-nodeports tcp . 30080 : goto reject-chain"
    `)
  })

  test('a node port masquerades', () => {
    expect(compile(serviceOf('web', '10.96.0.1', nodePort), [there])).toMatchInlineSnapshot(`
      "service-web:
        meta l4proto tcp dnat to 10.244.1.3:8080
      external-web:
        meta mark set meta mark or 0x4000
        goto service-web
      @cluster-ips 10.96.0.1
      @service-ips 10.96.0.1 . tcp . 80 : goto service-web
      @service-nodeports tcp . 30080 : goto external-web"
    `)
  })

  test('external traffic that must stay on the node, with and without an endpoint here', () => {
    const service = serviceOf('web', '10.96.0.1', { ...nodePort, externalTrafficPolicy: 'Local' })
    expect(compile(service, [here, there])).toMatchInlineSnapshot(`
      "service-web:
        meta l4proto tcp numgen random mod 2 0 dnat to 10.244.0.2:8080
        meta l4proto tcp dnat to 10.244.1.3:8080
      local-web:
        meta l4proto tcp dnat to 10.244.0.2:8080
      external-web:
        ip saddr 10.244.0.0/16 goto service-web
        fib saddr type local meta mark set meta mark or 0x4000
        fib saddr type local goto service-web
        goto local-web
      @cluster-ips 10.96.0.1
      @service-ips 10.96.0.1 . tcp . 80 : goto service-web
      @service-nodeports tcp . 30080 : goto external-web
      @hairpin-connections 10.244.0.2 . 10.244.0.2 . tcp . 8080"
    `)
    expect(compile(service, [there])).toMatchInlineSnapshot(`
      "service-web:
        meta l4proto tcp dnat to 10.244.1.3:8080
      external-web:
        ip saddr 10.244.0.0/16 goto service-web
        fib saddr type local meta mark set meta mark or 0x4000
        fib saddr type local goto service-web
      @cluster-ips 10.96.0.1
      @service-ips 10.96.0.1 . tcp . 80 : goto service-web
      @service-nodeports tcp . 30080 : goto external-web
      @no-endpoint-nodeports tcp . 30080 : drop"
    `)
  })

  test('internal traffic that must stay on the node is dropped where nobody is here', () => {
    const service = serviceOf('web', '10.96.0.1', { internalTrafficPolicy: 'Local' })
    expect(compile(service, [there])).toMatchInlineSnapshot(`
      "@cluster-ips 10.96.0.1
      @no-endpoint-services 10.96.0.1 . tcp . 80 : drop"
    `)
  })

  test('session affinity has a chain and a set for each endpoint', () => {
    const service = serviceOf('web', '10.96.0.1', {
      sessionAffinity: 'ClientIP',
      sessionAffinityConfig: { clientIP: { timeoutSeconds: 30 } },
    })
    expect(compile(service, [here, there]).replaceAll(/-[A-Z2-7]{8}-/g, '-')).toMatchInlineSnapshot(`
      "service-web:
        ip saddr @affinity-web__10.244.0.2/8080 goto endpoint-web__10.244.0.2/8080
        ip saddr @affinity-web__10.244.1.3/8080 goto endpoint-web__10.244.1.3/8080
        numgen random mod 2 0 goto endpoint-web__10.244.0.2/8080
        goto endpoint-web__10.244.1.3/8080
      endpoint-web__10.244.0.2/8080:
        update @affinity-web__10.244.0.2/8080 { ip saddr timeout 30s }
        meta l4proto tcp dnat to 10.244.0.2:8080
      endpoint-web__10.244.1.3/8080:
        update @affinity-web__10.244.1.3/8080 { ip saddr timeout 30s }
        meta l4proto tcp dnat to 10.244.1.3:8080
      set affinity-web__10.244.0.2/8080
      set affinity-web__10.244.1.3/8080
      @cluster-ips 10.96.0.1
      @service-ips 10.96.0.1 . tcp . 80 : goto service-web
      @hairpin-connections 10.244.0.2 . 10.244.0.2 . tcp . 8080"
    `)
  })

  test('a load balancer’s address lets in only whom it should', () => {
    const service = {
      ...serviceOf('web', '10.96.0.1', {
        ...nodePort,
        type: 'LoadBalancer',
        externalIPs: ['203.0.113.1'],
        loadBalancerSourceRanges: ['192.0.2.0/24', ' 192.0.2.0/25', '198.51.100.7/24'],
      }),
      status: {
        loadBalancer: { ingress: [{ ip: '203.0.113.9' }, { ip: '203.0.113.8', ipMode: 'Proxy' }] },
      },
    }
    expect(compile(service, [there])).toMatchInlineSnapshot(`
      "service-web:
        meta l4proto tcp dnat to 10.244.1.3:8080
      external-web:
        meta mark set meta mark or 0x4000
        goto service-web
      firewall-web:
        ip saddr != { 192.0.2.0/24, 198.51.100.0/24, 203.0.113.9 } drop
      @cluster-ips 10.96.0.1
      @service-ips 10.96.0.1 . tcp . 80 : goto service-web
      @service-ips 203.0.113.1 . tcp . 80 : goto external-web
      @service-ips 203.0.113.9 . tcp . 80 : goto external-web
      @firewall-ips 203.0.113.9 . tcp . 80 : goto firewall-web
      @service-nodeports tcp . 30080 : goto external-web"
    `)
  })
})

describe('servicePorts()', () => {
  test.each([
    ['headless', serviceOf('web', 'None')],
    ['without an address yet', serviceOf('web', '')],
    ['an alias', serviceOf('web', '10.96.0.1', { type: 'ExternalName' })],
    [
      'another proxy’s',
      {
        ...serviceOf('web', '10.96.0.1'),
        metadata: { name: 'web', labels: { 'service.kubernetes.io/service-proxy-name': 'x' } },
      },
    ],
  ])('has none for a Service that is %s', (_, service) => {
    expect(servicePorts(service, 'IPv4')).toEqual([])
  })

  test('takes the address of the family', () => {
    const service = serviceOf('web', '10.96.0.1', { clusterIPs: ['10.96.0.1', 'fd00::1'] })
    expect(servicePorts(service, 'IPv6').map(({ clusterIp }) => clusterIp)).toEqual(['fd00::1'])
  })
})
