import type { core, discovery } from '../../api/generated/types/index.ts'

export interface SliceEndpoint {
  readonly ip: string
  readonly node?: string
  readonly ready?: boolean
  readonly serving?: boolean
  readonly terminating?: boolean
  readonly zones?: readonly string[]
  readonly nodes?: readonly string[]
}

/** A Service `default/NAME` with one TCP port 80 named http. */
export function serviceOf(name: string, clusterIp: string, spec: core.v1.ServiceSpec = {}): core.v1.Service {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { namespace: 'default', name },
    spec: {
      type: 'ClusterIP',
      clusterIP: clusterIp,
      clusterIPs: [clusterIp],
      ports: [{ name: 'http', port: 80, protocol: 'TCP' }],
      ...spec,
    },
  }
}

/** Its slice, with port 8080. */
export function sliceOf(
  service: string,
  endpoints: readonly SliceEndpoint[],
  ports: readonly discovery.v1.EndpointPort[] = [{ name: 'http', port: 8080, protocol: 'TCP' }],
  name = `${service}-abcde`,
): discovery.v1.EndpointSlice {
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { namespace: 'default', name, labels: { 'kubernetes.io/service-name': service } },
    addressType: 'IPv4',
    ports,
    endpoints: endpoints.map(
      ({ ip, node, ready = true, serving = true, terminating = false, zones, nodes }) => ({
        addresses: [ip],
        conditions: { ready, serving, terminating },
        ...(node === undefined ? {} : { nodeName: node }),
        ...(zones === undefined && nodes === undefined
          ? {}
          : {
              hints: {
                forZones: (zones ?? []).map((zone) => ({ name: zone })),
                forNodes: (nodes ?? []).map((each) => ({ name: each })),
              },
            }),
      }),
    ),
  }
}
