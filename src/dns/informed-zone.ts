import { Namespace } from '../api/core/namespace/kind.ts'
import { Service } from '../api/core/service/kind.ts'
import { EndpointSlice } from '../api/discovery/endpoint-slice/kind.ts'
import type { core, discovery } from '../api/generated/types/index.ts'
import { formatIp, parseIp } from '../apimachinery/ip-address.ts'
import type { Indexers, InformerFactory } from '../client/informer.ts'
import { serviceNameLabel, type ZoneView } from './zone.ts'

const byIp = 'dns/ip'
const byService = 'dns/service'

const canonical = (address: string): string => {
  const ip = parseIp(address)
  return ip === undefined ? address : formatIp(ip)
}

const serviceIndexers: Indexers<core.v1.Service> = {
  [byIp]: ({ spec }) => (spec?.clusterIPs ?? (spec?.clusterIP ? [spec.clusterIP] : [])).map(canonical),
}

const sliceIndexers: Indexers<discovery.v1.EndpointSlice> = {
  [byService]: ({ metadata }) => {
    const service = metadata?.labels?.[serviceNameLabel]
    return service === undefined ? [] : [`${metadata?.namespace}/${service}`]
  },
  [byIp]: ({ endpoints }) => {
    const named = (endpoints ?? []).filter(({ hostname = '' }) => hostname !== '')
    return [...new Set(named.flatMap(({ addresses }) => addresses.map(canonical)))]
  },
}

export interface InformedZone {
  readonly view: ZoneView
  /** Whether the caches have been filled: before, what is not there may only be unknown. */
  synced(): boolean
  whenSynced(): Promise<unknown>
}

/** The zone over the caches of Namespaces, Services and EndpointSlices. */
export function informedZone(informers: InformerFactory): InformedZone {
  const namespaces = informers.informer(Namespace)
  const services = informers.informer(Service)
  const slices = informers.informer(EndpointSlice)
  services.addIndexers(serviceIndexers)
  slices.addIndexers(sliceIndexers)
  const all = [namespaces, services, slices]
  return {
    view: {
      hasNamespace: (name) => namespaces.lister.get('', name) !== undefined,
      service: (namespace, name) => services.lister.get(namespace, name),
      slices: (namespace, service) => slices.lister.byIndex(byService, `${namespace}/${service}`),
      serviceOfIp: (ip) => services.lister.byIndex(byIp, canonical(ip))[0],
      slicesOfIp: (ip) => slices.lister.byIndex(byIp, canonical(ip)),
    },
    synced: () => all.every(({ synced }) => synced),
    whenSynced: () => Promise.all(all.map((informer) => informer.whenSynced())),
  }
}
