import { Endpoints } from '../../api/core/endpoints/kind.ts'
import { Service } from '../../api/core/service/kind.ts'
import { EndpointSlice } from '../../api/discovery/endpoint-slice/kind.ts'
import type { core, discovery } from '../../api/generated/types/index.ts'
import { isLoopbackIp } from '../../apimachinery/ip-address.ts'
import { semanticallyEqual } from '../../apimachinery/semantically-equal.ts'
import { type BootstrapContext, ensure } from './ensure.ts'
import type { ServerLeases } from './server-leases.ts'

/** Where the API server is reached from pods. */
export interface KubernetesServiceOptions {
  /** `kubernetes.default`'s address, the first of the service range: `10.96.0.1`. */
  readonly serviceAddress: string
  /** Where this server listens, as pods and nodes reach it. A loopback address, which nobody else could use, is not published. */
  readonly advertiseAddress: string
  readonly port: number
  /** Where there may be other servers; absent: this is the only one. */
  readonly leases?: ServerLeases
  /** False: where the service leads is left to others. */
  readonly keepsEndpoints?: boolean
}

const portName = 'https'
const servicePort = 443

function expectedService({ serviceAddress, port }: KubernetesServiceOptions): core.v1.Service {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: {
      namespace: 'default',
      name: 'kubernetes',
      labels: { component: 'apiserver', provider: 'kubernetes' },
    },
    spec: {
      ports: [{ name: portName, port: servicePort, targetPort: port, protocol: 'TCP' }],
      clusterIP: serviceAddress,
      clusterIPs: [serviceAddress],
      sessionAffinity: 'None',
      type: 'ClusterIP',
    },
  }
}

function expectedEndpoints(addresses: readonly string[], port: number): core.v1.Endpoints {
  return {
    apiVersion: 'v1',
    kind: 'Endpoints',
    metadata: {
      namespace: 'default',
      name: 'kubernetes',
      labels: { 'endpointslice.kubernetes.io/skip-mirror': 'true' },
    },
    subsets: [
      { addresses: addresses.map((ip) => ({ ip })), ports: [{ name: portName, port, protocol: 'TCP' }] },
    ],
  }
}

function expectedSlice(addresses: readonly string[], port: number): discovery.v1.EndpointSlice {
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: {
      namespace: 'default',
      name: 'kubernetes',
      labels: { 'kubernetes.io/service-name': 'kubernetes' },
    },
    addressType: addresses[0]?.includes(':') ? 'IPv6' : 'IPv4',
    endpoints: addresses.map((address) => ({ addresses: [address], conditions: { ready: true } })),
    ports: [{ name: portName, port, protocol: 'TCP' }],
  }
}

function repairService(expected: core.v1.Service, present: core.v1.Service): core.v1.Service | undefined {
  const { ports = [], type, sessionAffinity } = expected.spec ?? {}
  if (semanticallyEqual(present.spec?.ports, ports) && present.spec?.type === type) return undefined
  return {
    ...present,
    spec: {
      ...present.spec,
      ports,
      ...(type === undefined ? {} : { type }),
      ...(sessionAffinity === undefined ? {} : { sessionAffinity }),
    },
  }
}

/** The service by which pods find the API server, and where it leads: the server keeps both itself, since there is no pod behind it. */
export async function ensureKubernetesService(
  context: BootstrapContext,
  options: KubernetesServiceOptions,
): Promise<void> {
  const service = expectedService(options)
  const writes = [
    ensure(context, { kind: Service, object: service, repair: (present) => repairService(service, present) }),
  ]
  const { advertiseAddress, leases, port, keepsEndpoints = true } = options
  if (keepsEndpoints && !isLoopbackIp(advertiseAddress)) {
    const addresses = leases === undefined ? [advertiseAddress] : await leases.renew()
    writes.push(...publish(context, addresses, port))
  }
  await Promise.all(writes)
}

function publish(
  context: BootstrapContext,
  addresses: readonly string[],
  port: number,
): readonly Promise<void>[] {
  const endpoints = expectedEndpoints(addresses, port)
  const slice = expectedSlice(addresses, port)
  return [
    ensure(context, {
      kind: Endpoints,
      object: endpoints,
      repair: (present) =>
        semanticallyEqual(present.subsets, endpoints.subsets)
          ? undefined
          : { ...present, ...(endpoints.subsets === undefined ? {} : { subsets: endpoints.subsets }) },
    }),
    ensure(context, {
      kind: EndpointSlice,
      object: slice,
      repair: (present) =>
        semanticallyEqual(present.endpoints, slice.endpoints) && semanticallyEqual(present.ports, slice.ports)
          ? undefined
          : { ...slice, metadata: { ...slice.metadata, ...present.metadata } },
    }),
  ]
}
