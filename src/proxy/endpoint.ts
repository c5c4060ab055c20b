import type { discovery } from '../api/generated/types/index.ts'
import type { IpFamily } from './ip-family.ts'
import { isOurs, protocolOf } from './service-port.ts'

/** Where a Service's port may send a connection. */
export interface Endpoint {
  readonly ip: string
  readonly port: number
  readonly ready: boolean
  readonly serving: boolean
  readonly terminating: boolean
  /** On this node. */
  readonly local: boolean
  readonly zoneHints: readonly string[]
  readonly nodeHints: readonly string[]
}

const serviceNameLabel = 'kubernetes.io/service-name'

/** `namespace/name` of the Service that a slice belongs to; undefined for slices that get no rules. */
export function serviceOfSlice(slice: discovery.v1.EndpointSlice): string | undefined {
  const service = slice.metadata?.labels?.[serviceNameLabel]
  if (service === undefined || service === '' || !isOurs(slice.metadata?.labels)) return undefined
  return `${slice.metadata?.namespace ?? ''}/${service}`
}

/** Under what endpoints of a port are found: a Service's port and its slices' agree on name and protocol. */
export function portKey(portName: string, protocol: string): string {
  return `${portName}/${protocol}`
}

export function addressOf(endpoint: { readonly ip: string; readonly port: number }): string {
  return endpoint.ip.includes(':') ? `[${endpoint.ip}]:${endpoint.port}` : `${endpoint.ip}:${endpoint.port}`
}

function endpointOf(endpoint: discovery.v1.Endpoint, port: number, nodeName: string): Endpoint | undefined {
  const ip = endpoint.addresses[0]
  if (ip === undefined) return undefined
  const { ready = true, serving = true, terminating = false } = endpoint.conditions ?? {}
  return {
    ip,
    port,
    ready,
    serving,
    terminating,
    local: nodeName !== '' && endpoint.nodeName === nodeName,
    zoneHints: (endpoint.hints?.forZones ?? []).map(({ name }) => name),
    nodeHints: (endpoint.hints?.forNodes ?? []).map(({ name }) => name),
  }
}

/**
 * The endpoints in a Service's slices by `portKey`, in the order of their addresses. An address that is in
 * two slices counts once; one that is not terminating wins, for a new pod may have an old pod's address.
 */
export function endpointsByPort(
  slices: readonly discovery.v1.EndpointSlice[],
  family: IpFamily,
  nodeName: string,
): ReadonlyMap<string, readonly Endpoint[]> {
  const byPort = new Map<string, Map<string, Endpoint>>()
  for (const slice of slices) {
    if (slice.addressType !== family) continue
    for (const port of slice.ports ?? []) {
      const protocol = protocolOf(port.protocol)
      if (protocol === undefined || port.port === undefined || port.port === 0) continue
      const key = portKey(port.name ?? '', protocol)
      const found = byPort.get(key) ?? new Map<string, Endpoint>()
      byPort.set(key, found)
      for (const each of slice.endpoints ?? []) {
        const endpoint = endpointOf(each, port.port, nodeName)
        if (endpoint === undefined) continue
        const address = addressOf(endpoint)
        if (!found.has(address) || !endpoint.terminating) found.set(address, endpoint)
      }
    }
  }
  const compare = (a: readonly [string, Endpoint], b: readonly [string, Endpoint]): number =>
    a[0] < b[0] ? -1 : a[0] > b[0] ? 1 : 0
  return new Map(
    [...byPort].map(([key, found]) => [key, [...found].sort(compare).map(([, endpoint]) => endpoint)]),
  )
}
