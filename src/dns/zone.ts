import type { core, discovery } from '../api/generated/types/index.ts'
import { parseIp } from '../apimachinery/ip-address.ts'
import { podAddress } from './pod-name.ts'
import type { DnsRecord, ZoneAnswer } from './record.ts'
import { addressOfReverseName } from './reverse-name.ts'

/** What the zone is made of. */
export interface ZoneView {
  hasNamespace(name: string): boolean
  service(namespace: string, name: string): core.v1.Service | undefined
  slices(namespace: string, service: string): readonly discovery.v1.EndpointSlice[]
  serviceOfIp(ip: string): core.v1.Service | undefined
  /** Slices that hold an endpoint with that address and a hostname. */
  slicesOfIp(ip: string): readonly discovery.v1.EndpointSlice[]
}

export interface ZoneOptions {
  /** `cluster.local` */
  readonly domain: string
  readonly ttlSeconds: number
  /** Where the cluster's DNS is reached. */
  readonly dnsAddress: string
  /** Seconds since the epoch. */
  readonly serial: number
}

export interface Question {
  /** In lower case, without the final dot. */
  readonly name: string
  /** As a number (`recordTypes`): unknown types have answers too. */
  readonly type: number
}

/** Of the Kubernetes DNS specification that is followed here. */
const schemaVersion = '1.1.0'

export const serviceNameLabel = 'kubernetes.io/service-name'

/** Shares of SRV records add up to this, as in CoreDNS. */
const totalWeight = 100

interface Endpoint {
  readonly hostname: string
  readonly addresses: readonly string[]
}

interface Port {
  readonly name: string
  readonly protocol: string
  readonly port: number
}

/** An endpoint's own label: its hostname where it has one, else its address in dashes. */
function endpointLabel(hostname: string | undefined, address: string): string {
  return hostname !== undefined && hostname !== '' ? hostname : address.replaceAll(/[.:]/g, '-')
}

const isHeadless = (service: core.v1.Service): boolean => service.spec?.clusterIP === 'None'

const clusterIpsOf = (service: core.v1.Service): readonly string[] => {
  const spec = service.spec
  const all = spec?.clusterIPs ?? (spec?.clusterIP === undefined ? [] : [spec.clusterIP])
  return all.filter((ip) => ip !== 'None' && ip !== '')
}

/** What stands at a name: addresses with their own names, and the ports there. */
interface Place {
  readonly target: string
  readonly addresses: readonly string[]
  readonly ports: readonly Port[]
}

/** The cluster's zone, as the Kubernetes DNS specification 1.1 has it; where that is silent, as CoreDNS does. Pure. */
export class Zone {
  readonly #view: ZoneView
  readonly #options: ZoneOptions

  constructor(view: ZoneView, options: ZoneOptions) {
    this.#view = view
    this.#options = options
  }

  /** undefined for names that are none of the cluster's. */
  lookup(question: Question): ZoneAnswer | undefined {
    const { name } = question
    const { domain } = this.#options
    if (name === domain) return this.#apex(question)
    if (name.endsWith(`.${domain}`)) {
      const labels = name.slice(0, -domain.length - 1).split('.')
      return this.#inside(question, labels)
    }
    if (name.endsWith('.arpa')) return this.#reverse(question)
    return undefined
  }

  #inside(question: Question, labels: readonly string[]): ZoneAnswer {
    const subdomain = labels.at(-1)
    const namespace = labels.at(-2)
    if (subdomain === 'svc' || subdomain === 'pod') {
      // Names have something below them even where nothing stands at themselves.
      if (namespace === undefined) return this.#noData()
      if (!this.#view.hasNamespace(namespace)) return this.#noName()
      if (labels.length === 2) return this.#noData()
      const rest = labels.slice(0, -2)
      return subdomain === 'svc' ? this.#service(question, namespace, rest) : this.#pod(question, rest)
    }
    if (labels.length === 1 && subdomain === 'dns-version') return this.#version(question)
    if (labels.join('.') === 'ns.dns') return this.#addresses(question, [this.#options.dnsAddress])
    if (labels.join('.') === 'dns') return this.#noData()
    return this.#noName()
  }

  #apex({ name, type }: Question): ZoneAnswer {
    const { domain, ttlSeconds: ttl, dnsAddress } = this.#options
    if (type === 6) return this.#answer([this.#authority()])
    if (type !== 2) return this.#noData()
    const target = `ns.dns.${domain}`
    return {
      ...this.#answer([{ name, ttl, type: 'NS', target }]),
      additionals: this.#addressRecords(target, [dnsAddress], 255),
    }
  }

  #version({ name, type }: Question): ZoneAnswer {
    if (type !== 16) return this.#noData()
    return this.#answer([{ name, ttl: this.#options.ttlSeconds, type: 'TXT', text: schemaVersion }])
  }

  #pod(question: Question, rest: readonly string[]): ZoneAnswer {
    const address = rest.length === 1 ? podAddress(rest[0] ?? '') : undefined
    return address === undefined ? this.#noName() : this.#addresses(question, [address])
  }

  #service(question: Question, namespace: string, rest: readonly string[]): ZoneAnswer {
    const name = rest.at(-1) ?? ''
    const prefix = rest.slice(0, -1)
    const service = this.#view.service(namespace, name)
    if (service === undefined || prefix.length > 2) return this.#noName()
    if (service.spec?.type === 'ExternalName') return this.#external(question, service, prefix)
    const places = this.#places(service, namespace, name, prefix)
    if (places.length === 0)
      return this.#hasBelow(service, namespace, name, prefix) ? this.#noData() : this.#noName()
    if (question.type === 33) return this.#srv(question, places)
    return this.#addresses(
      question,
      places.flatMap(({ addresses }) => addresses),
    )
  }

  /** `_tcp.NAME`: nothing there, but something below. */
  #hasBelow(service: core.v1.Service, namespace: string, name: string, prefix: readonly string[]): boolean {
    const [protocol = ''] = prefix
    if (prefix.length !== 1 || !protocol.startsWith('_')) return false
    return this.#places(service, namespace, name, []).some(({ ports }) =>
      ports.some((port) => `_${port.protocol}` === protocol),
    )
  }

  #external(question: Question, service: core.v1.Service, prefix: readonly string[]): ZoneAnswer {
    const target = (service.spec?.externalName ?? '').replace(/\.$/, '')
    if (target === '' || prefix.length > 0) return this.#noName()
    if (parseIp(target) !== undefined) return this.#addresses(question, [target])
    return this.#answer([{ name: question.name, ttl: this.#options.ttlSeconds, type: 'CNAME', target }])
  }

  /** What a name of a Service stands for; empty when there is no such name. */
  #places(
    service: core.v1.Service,
    namespace: string,
    name: string,
    prefix: readonly string[],
  ): readonly Place[] {
    const own = `${name}.${namespace}.svc.${this.#options.domain}`
    const places =
      isHeadless(service) || prefix.length === 1
        ? this.#endpointPlaces(namespace, name, own)
        : [{ target: own, addresses: clusterIpsOf(service), ports: portsOf(service) }]
    if (prefix.length === 0) return places
    if (prefix.length === 1) return places.filter(({ target }) => target === `${prefix[0]}.${own}`)
    const [port = '', protocol = ''] = prefix.map((label) => label.replace(/^_/, ''))
    return places
      .map((place) => ({
        ...place,
        ports: place.ports.filter((each) => each.name === port && each.protocol === protocol),
      }))
      .filter(({ ports }) => ports.length > 0)
  }

  /** Each name once: an endpoint's slices of both families say the same hostname. */
  #endpointPlaces(namespace: string, name: string, own: string): readonly Place[] {
    const places = new Map<string, { addresses: Set<string>; ports: Map<string, Port> }>()
    for (const slice of this.#view.slices(namespace, name)) {
      if (slice.addressType === 'FQDN') continue
      const ports = slicePorts(slice)
      for (const { hostname, addresses } of readyEndpoints(slice)) {
        const target = `${hostname}.${own}`
        const place = places.get(target) ?? { addresses: new Set<string>(), ports: new Map<string, Port>() }
        places.set(target, place)
        for (const address of addresses) place.addresses.add(address)
        for (const port of ports) place.ports.set(`${port.name}/${port.protocol}/${port.port}`, port)
      }
    }
    return [...places].map(([target, { addresses, ports }]) => ({
      target,
      addresses: [...addresses],
      ports: [...ports.values()],
    }))
  }

  #srv({ name }: Question, places: readonly Place[]): ZoneAnswer {
    const { ttlSeconds: ttl } = this.#options
    const all = places.flatMap(({ target, ports }) => ports.map(({ port }) => ({ target, port })))
    if (all.length === 0) return this.#noData()
    const weight = Math.max(1, Math.floor(totalWeight / all.length))
    return {
      ...this.#answer(
        all.map(({ target, port }) => ({ name, ttl, type: 'SRV', priority: 0, weight, port, target })),
      ),
      additionals: places.flatMap(({ target, addresses }) => this.#addressRecords(target, addresses, 255)),
    }
  }

  #reverse({ name, type }: Question): ZoneAnswer | undefined {
    const address = addressOfReverseName(name)
    if (address === undefined) return undefined
    const targets = this.#namesOf(address)
    if (targets.length === 0) return undefined
    if (type !== 12 && type !== 255) return this.#noData()
    const { ttlSeconds: ttl } = this.#options
    return this.#answer(targets.map((target) => ({ name, ttl, type: 'PTR', target })))
  }

  #namesOf(address: string): readonly string[] {
    const { domain } = this.#options
    const service = this.#view.serviceOfIp(address)
    if (service !== undefined) {
      return [`${service.metadata?.name}.${service.metadata?.namespace}.svc.${domain}`]
    }
    return this.#view.slicesOfIp(address).flatMap((slice) => {
      const { namespace, labels } = slice.metadata ?? {}
      return (slice.endpoints ?? [])
        .filter(({ addresses, hostname = '' }) => hostname !== '' && addresses.includes(address))
        .map(({ hostname }) => `${hostname}.${labels?.[serviceNameLabel]}.${namespace}.svc.${domain}`)
    })
  }

  #addresses({ name, type }: Question, addresses: readonly string[]): ZoneAnswer {
    const records = this.#addressRecords(name, [...new Set(addresses)], type)
    return records.length > 0 ? this.#answer(records) : this.#noData()
  }

  /** `type` 255: of both families. */
  #addressRecords(name: string, addresses: readonly string[], type: number): readonly DnsRecord[] {
    const { ttlSeconds: ttl } = this.#options
    return addresses
      .map((address): DnsRecord => ({ name, ttl, type: address.includes(':') ? 'AAAA' : 'A', address }))
      .filter((record) => type === 255 || type === (record.type === 'AAAA' ? 28 : 1))
  }

  #answer(answers: readonly DnsRecord[]): ZoneAnswer {
    return { rcode: 'NOERROR', answers, authorities: [], additionals: [] }
  }

  /** The name is there, a record of that type is not. */
  #noData(): ZoneAnswer {
    return { rcode: 'NOERROR', answers: [], authorities: [this.#authority()], additionals: [] }
  }

  #noName(): ZoneAnswer {
    return { rcode: 'NXDOMAIN', answers: [], authorities: [this.#authority()], additionals: [] }
  }

  #authority(): DnsRecord {
    const { domain, ttlSeconds, serial } = this.#options
    return {
      name: domain,
      ttl: ttlSeconds,
      type: 'SOA',
      primary: `ns.dns.${domain}`,
      mailbox: `hostmaster.${domain}`,
      serial,
      refresh: 7200,
      retry: 1800,
      expire: 86_400,
      minimum: ttlSeconds,
    }
  }
}

function portsOf(service: core.v1.Service): readonly Port[] {
  return (service.spec?.ports ?? []).map(({ name = '', protocol = 'TCP', port }) => ({
    name: name.toLowerCase(),
    protocol: protocol.toLowerCase(),
    port,
  }))
}

function slicePorts(slice: discovery.v1.EndpointSlice): readonly Port[] {
  return (slice.ports ?? []).flatMap(({ name = '', protocol = 'TCP', port }) =>
    port === undefined ? [] : [{ name: name.toLowerCase(), protocol: protocol.toLowerCase(), port }],
  )
}

/** `publishNotReadyAddresses` is in the slices already: their endpoints are then ready at once. */
function readyEndpoints(slice: discovery.v1.EndpointSlice): readonly Endpoint[] {
  return (slice.endpoints ?? [])
    .filter(({ conditions }) => conditions?.ready ?? true)
    .map(({ hostname, addresses }) => ({ hostname: endpointLabel(hostname, addresses[0] ?? ''), addresses }))
}
