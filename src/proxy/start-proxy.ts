import type { Server } from 'node:http'
import { Node } from '../api/core/node/kind.ts'
import { Service } from '../api/core/service/kind.ts'
import { EndpointSlice } from '../api/discovery/endpoint-slice/kind.ts'
import type { discovery } from '../api/generated/types/index.ts'
import { ServiceCIDR } from '../api/networking/service-cidr/kind.ts'
import { type RunProgram, runProgram } from '../base/host/run-program.ts'
import type { Host } from '../base/host.ts'
import type { Logger } from '../base/logger.ts'
import type { Metrics } from '../base/metrics.ts'
import type { Indexers, InformerFactory } from '../client/informer.ts'
import { serviceOfSlice } from './endpoint.ts'
import { FamilyProxy, slicesOfService } from './family-proxy.ts'
import { HealthState } from './health.ts'
import { familyOf, familyOfCidr, type IpFamily } from './ip-family.ts'
import { type PodTraffic, podMatch } from './pod-traffic.ts'
import { createProxyMetrics } from './proxy-metrics.ts'
import { ServiceHealth } from './service-health.ts'
import { close, type ListenAddress, serveHealth, serveMetrics } from './status-server.ts'

export interface ProxyOptions {
  readonly informers: InformerFactory
  readonly host: Host
  readonly logger: Logger
  readonly metrics: Metrics
  readonly nodeName: string
  /** The node's own, one of a family that it serves: where NodePorts are, unless `nodePortAddresses` says otherwise. */
  readonly nodeAddresses: readonly string[]
  /** Absent: pods' traffic cannot be told from that of others. */
  readonly podTraffic?: PodTraffic
  /** Pods' traffic to cluster IPs is masqueraded, too. */
  readonly masqueradesAll?: boolean
  /** Addresses of Services: `10.96.0.0/12`; 'announced': those of the ServiceCIDRs. */
  readonly serviceCidrs: readonly string[] | 'announced'
  /** Cluster IPs that the node itself answers at (cluster DNS): their Services get no rules. */
  readonly nodeLocalAddresses?: readonly string[]
  /** 'all' means every address of the node but loopback; upstream's `primary` (only `nodeAddresses`) when absent. */
  readonly nodePortAddresses?: readonly string[] | 'all'
  /** Upstream: 0.0.0.0:10256. Absent: not served. */
  readonly healthAddress?: ListenAddress
  /** Upstream: 127.0.0.1:10249. Absent: not served. */
  readonly metricsAddress?: ListenAddress
  readonly minSyncPeriodMs?: number
  /** Half of how long a change may wait for its rules in a proxy that is well. */
  readonly syncPeriodMs?: number
  /** How programs are run; on the machine itself when absent. */
  readonly run?: RunProgram
}

export interface RunningProxy {
  /** Resolves when the rules for all Services are in force for the first time. */
  readonly inForce: Promise<void>
  /** Rules stay in force unless `cleanUp` says that the node's part of the cluster ends. */
  stop(options: { readonly cleanUp: boolean }): Promise<void>
}

interface Family {
  readonly family: IpFamily
  readonly proxy: FamilyProxy
}

const defaultMinSyncPeriodMs = 20
const triggerTimeAnnotation = 'endpoints.kubernetes.io/last-change-trigger-time'
const zoneLabel = 'topology.kubernetes.io/zone'

/** Of all interfaces. */
const everyAddress = { IPv4: '0.0.0.0', IPv6: '::' } as const

const sliceIndexers: Indexers<discovery.v1.EndpointSlice> = {
  [slicesOfService]: (slice) => {
    const service = serviceOfSlice(slice)
    return service === undefined ? [] : [service]
  },
}

function createFamilies(options: ProxyOptions, health: HealthState): readonly Family[] {
  const { informers, podTraffic, nodeAddresses, masqueradesAll = false } = options
  const slices = informers.informer(EndpointSlice)
  slices.addIndexers(sliceIndexers)
  const metrics = createProxyMetrics(options.metrics)
  const portAddresses = options.nodePortAddresses ?? nodeAddresses
  return nodeAddresses.flatMap((nodeAddress) => {
    const family = familyOf(nodeAddress)
    if (family === undefined) return []
    const ofFamily = (addresses: readonly string[]) => addresses.filter((each) => familyOf(each) === family)
    const pods = podTraffic === undefined ? undefined : podMatch(podTraffic, family)
    const proxy = new FamilyProxy({
      family,
      services: informers.informer(Service).lister,
      slices: slices.lister,
      base: {
        ...(pods === undefined ? {} : { pods }),
        masqueradesAll,
        nodePortAddresses: portAddresses === 'all' ? 'all' : ofFamily(portAddresses),
        nodeLocalAddresses: ofFamily(options.nodeLocalAddresses ?? []),
      },
      nodeName: options.nodeName,
      nodeAddress,
      minSyncPeriodMs: options.minSyncPeriodMs ?? defaultMinSyncPeriodMs,
      host: options.host,
      logger: options.logger,
      metrics,
      health,
      run: options.run ?? runProgram,
    })
    return [{ family, proxy }]
  })
}

/** Tells the families which addresses are Services', now and whenever that changes; what is given resolves when it is known. */
function followServiceCidrs(
  { serviceCidrs, informers }: ProxyOptions,
  families: readonly Family[],
): { readonly known: Promise<void>; readonly stop: () => void } {
  const tell = (cidrs: readonly string[]): void => {
    for (const { family, proxy } of families)
      proxy.serviceCidrsAre(cidrs.filter((cidr) => familyOfCidr(cidr) === family))
  }
  if (serviceCidrs !== 'announced') {
    tell(serviceCidrs)
    return { known: Promise.resolve(), stop: () => {} }
  }
  const ranges = informers.informer(ServiceCIDR)
  const tellAll = (): void =>
    tell([...new Set(ranges.lister.list().flatMap(({ spec }) => spec?.cidrs ?? []))].sort())
  const stop = ranges.onChange(tellAll)
  return { known: ranges.whenSynced().then(tellAll), stop }
}

/** The time that the endpoints' controller noted, if it belongs to what happens now and not to an earlier life. */
function triggeredMs(slice: discovery.v1.EndpointSlice, sinceMs: number): number | undefined {
  const text = slice.metadata?.annotations?.[triggerTimeAnnotation]
  const ms = text === undefined ? Number.NaN : Date.parse(text)
  return ms > sinceMs ? ms : undefined
}

/** Routes Services on this node, in upstream's nftables mode. Resolves when it listens; rules follow as soon as the caches are filled. */
export async function startProxy(options: ProxyOptions): Promise<RunningProxy> {
  const { informers, host, logger, nodeName } = options
  const health = new HealthState(host, options.syncPeriodMs)
  const metrics = createProxyMetrics(options.metrics)
  const families = createFamilies(options, health)
  const services = informers.informer(Service)
  const slices = informers.informer(EndpointSlice)
  const nodes = informers.informer(Node, { fieldSelector: `metadata.name=${nodeName}` })
  const ranges = followServiceCidrs(options, families)
  const startedMs = host.now()
  const servers: Server[] = []
  if (options.healthAddress !== undefined)
    servers.push(await serveHealth(options.healthAddress, health, metrics))
  if (options.metricsAddress !== undefined)
    servers.push(await serveMetrics(options.metricsAddress, options.metrics))
  for (const { family } of families) health.updated(family)
  const { nodePortAddresses = options.nodeAddresses } = options
  const ports = new ServiceHealth({
    hosts:
      nodePortAddresses === 'all' ? families.map(({ family }) => everyAddress[family]) : nodePortAddresses,
    ...{ nodeName, slices: slices.lister, health, host, logger },
  })

  const unsubscribe = [
    services.onChange((service, old) => {
      const { namespace, name } = (service ?? old)?.metadata ?? {}
      metrics.serviceChanges.inc()
      metrics.serviceChangesPending.add(1)
      ports.serviceIs(`${namespace}/${name}`, service)
      for (const { proxy } of families) proxy.serviceChanged(`${namespace}/${name}`)
    }),
    slices.onChange((slice, old) => {
      metrics.endpointChanges.inc()
      metrics.endpointChangesPending.add(1)
      const since = slice === undefined ? undefined : triggeredMs(slice, startedMs)
      const owners = new Set([slice, old].map((each) => each && serviceOfSlice(each)))
      const type = (slice ?? old)?.addressType
      for (const owner of owners) {
        if (owner === undefined) continue
        for (const { family, proxy } of families) if (family === type) proxy.serviceChanged(owner, since)
      }
    }),
    nodes.onChange((node) => {
      health.nodeIs(node)
      for (const { proxy } of families) proxy.placeIs(node?.metadata?.labels?.[zoneLabel] ?? '')
    }),
  ]
  Promise.all([services.whenSynced(), slices.whenSynced(), ranges.known]).then(
    () => {
      for (const { proxy } of families) proxy.start()
    },
    (error) => logger.debug('the proxy ends before its caches are filled', { error }),
  )
  const inForce = Promise.all(families.map(({ proxy }) => proxy.inForce)).then(() => {})
  // Nobody has to wait for what a stop prevents.
  inForce.catch(() => {})
  return {
    inForce,
    stop: async ({ cleanUp }) => {
      for (const remove of unsubscribe) remove()
      ranges.stop()
      await Promise.all([...servers.map(close), ports.stop()])
      await Promise.all(families.map(({ proxy }) => proxy.stop({ cleanUp })))
    },
  }
}
