import { beforeEach, describe, expect, it } from 'vitest'
import type { core } from '../../api/generated/types/index.ts'
import { realHost } from '../../base/host/real-host.ts'
import { PrometheusMetrics } from '../../base/prometheus.ts'
import { FakeReader } from '../testing/fake-reader.ts'
import { ServiceAllocator } from './service-allocator.ts'

type Service = core.v1.Service
type Spec = core.v1.ServiceSpec

const service = (name: string, spec: Spec): Service => ({ metadata: { namespace: 'default', name }, spec })

let reader: FakeReader
let allocator: ServiceAllocator
let metrics: PrometheusMetrics
const start = (serviceCidrs: readonly string[]): void => {
  reader = new FakeReader()
  metrics = new PrometheusMetrics()
  allocator = new ServiceAllocator({
    host: realHost,
    metrics,
    reader,
    serviceCidrs,
    nodePorts: { first: 30000, last: 32767 },
  })
  allocator.start()
}
beforeEach(() => start(['10.96.0.0/12']))

/** What REST does: set aside, store, settle. */
const write = (object: Service, old?: Service): Service => {
  const { object: got, settle } = allocator.reserve(object, old)
  reader.put('services', got)
  settle()
  return got as Service
}
const create = (name: string, spec: Spec): Service => write(service(name, spec))
const ports = [{ port: 80 }]

describe('ServiceAllocator', () => {
  it('gives an address and its family', () => {
    const { spec } = create('a', { type: 'ClusterIP', selector: { a: 'b' }, ports })
    expect(spec?.clusterIP).toMatch(/^10\.(9[6-9]|10\d|11[01])\.\d+\.\d+$/)
    expect(spec).toMatchObject({
      clusterIPs: [spec?.clusterIP],
      ipFamilies: ['IPv4'],
      ipFamilyPolicy: 'SingleStack',
    })
  })

  it('gives the address that was asked for, once', () => {
    create('a', { type: 'ClusterIP', clusterIP: '10.96.0.10', clusterIPs: ['10.96.0.10'], ports })
    expect(() =>
      create('b', { type: 'ClusterIP', clusterIP: '10.96.0.10', clusterIPs: ['10.96.0.10'], ports }),
    ).toThrow(
      'Service "b" is invalid: spec.clusterIPs: Invalid value: ["10.96.0.10"]: failed to allocate IP 10.96.0.10: provided IP is already allocated',
    )
    for (const ip of ['10.96.0.0', '10.111.255.255', '192.0.2.1']) {
      expect(() => create('c', { type: 'ClusterIP', clusterIP: ip, clusterIPs: [ip], ports })).toThrow(
        `failed to allocate IP ${ip}: the provided network does not match the current range`,
      )
    }
  })

  it('gives nothing to headless and external services', () => {
    expect(
      create('a', { type: 'ClusterIP', clusterIP: 'None', clusterIPs: ['None'], selector: { a: 'b' } }).spec,
    ).toMatchObject({ clusterIPs: ['None'], ipFamilies: ['IPv4'], ipFamilyPolicy: 'SingleStack' })
    expect(create('b', { type: 'ClusterIP', clusterIP: 'None', clusterIPs: ['None'] }).spec).toMatchObject({
      ipFamilies: ['IPv4', 'IPv6'],
      ipFamilyPolicy: 'RequireDualStack',
    })
    expect(create('c', { type: 'ExternalName', externalName: 'x.org' }).spec).toEqual({
      type: 'ExternalName',
      externalName: 'x.org',
    })
  })

  it('gives node ports, the same to the same port over two protocols', () => {
    const { spec } = create('a', {
      type: 'NodePort',
      ports: [
        { name: 'x', port: 53, protocol: 'TCP' },
        { name: 'y', port: 53, protocol: 'UDP' },
        { name: 'z', port: 80 },
      ],
    })
    const [x, y, z] = spec?.ports?.map(({ nodePort }) => nodePort) ?? []
    expect(x).toBe(y)
    expect(z).not.toBe(x)
    expect(z).toBeGreaterThanOrEqual(30000)
  })

  it('refuses a node port that is taken or outside', () => {
    create('a', { type: 'NodePort', ports: [{ port: 80, nodePort: 30080 }] })
    expect(() => create('b', { type: 'NodePort', ports: [{ port: 80, nodePort: 30080 }] })).toThrow(
      'Service "b" is invalid: spec.ports[0].nodePort: Invalid value: 30080: provided port is already allocated',
    )
    expect(() => create('b', { type: 'NodePort', ports: [{ port: 80, nodePort: 80 }] })).toThrow(
      'provided port is not in the valid range. The range of valid ports is 30000-32767',
    )
  })

  it('releases what a write that fails, a deletion or a change of type leaves', () => {
    const spec: Spec = {
      type: 'NodePort',
      clusterIP: '10.96.0.9',
      clusterIPs: ['10.96.0.9'],
      ports: [{ port: 80, nodePort: 30080 }],
    }
    allocator.reserve(service('a', spec), undefined).settle()
    const stored = create('a', spec)
    reader.remove('services', 'default', 'a')
    const again = create('b', spec)
    expect(again.spec?.clusterIP).toBe(stored.spec?.clusterIP)
    write(
      service('b', {
        type: 'ClusterIP',
        clusterIP: '10.96.0.9',
        clusterIPs: ['10.96.0.9'],
        ipFamilies: ['IPv4'],
        ipFamilyPolicy: 'SingleStack',
        ports,
      }),
      again,
    )
    create('c', { type: 'NodePort', ports: [{ port: 80, nodePort: 30080 }] })
  })

  it('keeps what a service has and adds what it lacks', () => {
    const first = create('a', { type: 'ClusterIP', selector: { a: 'b' }, ports })
    const second = write(service('a', { ...first.spec, type: 'NodePort' }), first)
    expect(second.spec?.clusterIP).toBe(first.spec?.clusterIP)
    const nodePort = second.spec?.ports?.[0]?.nodePort
    const third = write(
      service('a', {
        ...second.spec,
        type: 'NodePort',
        ports: [{ port: 80, nodePort: nodePort ?? 0 }, { port: 81 }],
      }),
      second,
    )
    expect(third.spec?.ports?.[0]?.nodePort).toBe(nodePort)
    expect(third.spec?.ports?.[1]?.nodePort).toBeGreaterThanOrEqual(30000)
  })

  it('tells what is taken and how', () => {
    create('a', { type: 'ClusterIP', clusterIP: '10.96.0.10', clusterIPs: ['10.96.0.10'], ports })
    create('b', { type: 'NodePort', ports })
    expect(() =>
      create('c', { type: 'ClusterIP', clusterIP: '10.96.0.10', clusterIPs: ['10.96.0.10'] }),
    ).toThrow()
    const text = metrics.expose()
    for (const line of [
      'clusterip_allocator_allocation_total{cidr="10.96.0.0/12",scope="static"} 1',
      'clusterip_allocator_allocation_total{cidr="10.96.0.0/12",scope="dynamic"} 1',
      'clusterip_allocator_allocation_errors_total{cidr="10.96.0.0/12",scope="static"} 1',
      'clusterip_allocator_allocated_ips{cidr="10.96.0.0/12"} 2',
      'clusterip_allocator_available_ips{cidr="10.96.0.0/12"} 1.048572e+06',
      'nodeport_allocator_allocation_total{scope="dynamic"} 1',
      'nodeport_allocator_allocated_ports 1',
      'nodeport_allocator_available_ports 2767',
    ])
      expect(text).toContain(`kube_apiserver_${line}\n`)
  })

  it('knows after a restart what is taken', () => {
    create('a', { type: 'ClusterIP', clusterIP: '10.96.0.10', clusterIPs: ['10.96.0.10'], ports })
    const later = new ServiceAllocator({
      host: realHost,
      metrics: new PrometheusMetrics(),
      reader,
      serviceCidrs: ['10.96.0.0/12'],
      nodePorts: { first: 1, last: 2 },
    })
    later.start()
    expect(() =>
      later.reserve(
        service('b', { type: 'ClusterIP', clusterIP: '10.96.0.10', clusterIPs: ['10.96.0.10'] }),
        undefined,
      ),
    ).toThrow('already allocated')
  })

  it('gives a health check port to local load balancers', () => {
    const { spec } = create('a', {
      type: 'LoadBalancer',
      externalTrafficPolicy: 'Local',
      allocateLoadBalancerNodePorts: false,
      ports,
    })
    expect(spec?.healthCheckNodePort).toBeGreaterThanOrEqual(30000)
    expect(spec?.ports?.[0]?.nodePort).toBe(undefined)
  })

  it('says when nothing is left', () => {
    start(['10.0.0.0/29'])
    for (let index = 0; index < 6; index++) create(`s${index}`, { type: 'ClusterIP', ports })
    expect(() => create('last', { type: 'ClusterIP', ports })).toThrow(
      'Internal error occurred: failed to allocate a serviceIP for Service "last": range is full',
    )
  })

  it('refuses two families where there is one', () => {
    expect(() =>
      create('a', { type: 'ClusterIP', ipFamilyPolicy: 'RequireDualStack', selector: { a: 'b' }, ports }),
    ).toThrow(
      'spec.ipFamilyPolicy: Invalid value: "RequireDualStack": this cluster is not configured for dual-stack services',
    )
    expect(() => create('a', { type: 'ClusterIP', ipFamilies: ['IPv6'], ports })).toThrow(
      'spec.ipFamilies[0]: Invalid value: "IPv6": not configured on this cluster',
    )
    expect(
      create('a', { type: 'ClusterIP', ipFamilyPolicy: 'PreferDualStack', ports }).spec?.ipFamilies,
    ).toEqual(['IPv4'])
  })

  it('gives two addresses where there are two families', () => {
    start(['10.96.0.0/16', 'fd00:10:96::/112'])
    const dual = create('a', {
      type: 'ClusterIP',
      ipFamilyPolicy: 'PreferDualStack',
      selector: { a: 'b' },
      ports,
    })
    expect(dual.spec?.clusterIPs).toHaveLength(2)
    expect(dual.spec?.clusterIPs?.[1]).toMatch(/^fd00:10:96::/)
    const single = write(service('a', { ...dual.spec, ipFamilyPolicy: 'SingleStack' }), dual)
    expect(single.spec).toMatchObject({ clusterIPs: [dual.spec?.clusterIP], ipFamilies: ['IPv4'] })
    const upgraded = write(service('a', { ...single.spec, ipFamilyPolicy: 'RequireDualStack' }), single)
    expect(upgraded.spec?.clusterIPs).toHaveLength(2)
  })
})
