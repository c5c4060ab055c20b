import { validateClusterIps } from '../../api/core/service/validate-cluster-ips.ts'
import type { core, networking } from '../../api/generated/types/index.ts'
import { IPAddress } from '../../api/networking/ip-address/kind.ts'
import type { KindDeclaration } from '../../apimachinery/define-kind.ts'
import type { FieldError } from '../../apimachinery/field-error.ts'
import { invalidValue } from '../../apimachinery/field-errors.ts'
import { formatIp, parseIp } from '../../apimachinery/ip-address.ts'
import type { KubernetesObject } from '../../apimachinery/meta.ts'
import { internalError, invalid } from '../../apimachinery/status-error.ts'
import type { Host } from '../../base/host.ts'
import type { Metrics } from '../../base/metrics.ts'
import type { ObjectReader } from '../object-reader.ts'
import { Identities } from '../rest/identities.ts'
import { type TypedReader, typedReader } from '../typed-reader.ts'
import type { ClaimChange, Reservation, WriteAllocator } from '../write-allocator.ts'
import type { AddressPool } from './address-pool.ts'
import { AddressPools } from './address-pools.ts'
import { AllocationError } from './allocation-error.ts'
import { AllocationMetrics } from './allocation-metrics.ts'
import { settleFamilies } from './ip-families.ts'
import { allocateNodePorts, nodePortsOf } from './node-ports.ts'
import { PortPool, type PortRange } from './port-pool.ts'
import { clusterIpsOf, hasClusterIps, serviceClaims } from './service-claims.ts'

type Service = core.v1.Service

export interface ServiceAllocatorOptions {
  readonly host: Host
  readonly reader: ObjectReader
  readonly metrics: Metrics
  /** One or two, of different families; the first is the default: `10.96.0.0/12`. */
  readonly serviceCidrs: readonly string[]
  readonly nodePorts: PortRange
}

interface TakenAddress {
  readonly pool: AddressPool
  readonly ip: string
}

/** What one write has set aside. */
class Taken {
  readonly ips: TakenAddress[] = []
  readonly ports: number[] = []

  release(ports: PortPool): void {
    for (const { pool, ip } of this.ips) pool.claims.remove([ip])
    ports.claims.remove(this.ports)
  }
}

/**
 * Cluster IPs and node ports of services. What is taken is what the watch cache shows, and what writes under way
 * have set aside; the commit that stores a service claims what it holds, so that another server cannot.
 */
export class ServiceAllocator implements WriteAllocator {
  readonly #services: TypedReader<Service>
  readonly #addresses: TypedReader<networking.v1.IPAddress>
  readonly #pools: AddressPools
  readonly #ports: PortPool
  readonly #identities: Identities
  readonly #metrics: AllocationMetrics

  constructor({ host, reader, metrics, serviceCidrs, nodePorts }: ServiceAllocatorOptions) {
    this.#services = typedReader(reader, { group: '', resource: 'services' })
    this.#addresses = typedReader(reader, IPAddress)
    this.#pools = new AddressPools({ host, reader, serviceCidrs })
    this.#ports = new PortPool(nodePorts, host)
    this.#identities = new Identities(host)
    this.#metrics = new AllocationMetrics(host, metrics, () => this.#pools.all, this.#ports)
  }

  /** Once, when the watch cache is filled. Returns what stops it. */
  start(): () => void {
    const replace = (now: Service | undefined, before: Service | undefined): void => {
      if (before !== undefined) this.#ports.claims.remove(nodePortsOf(before))
      if (now !== undefined) this.#ports.claims.add(nodePortsOf(now))
    }
    for (const service of this.#services.list()) replace(service, undefined)
    const stops = [this.#services.onChange(replace), this.#pools.start()]
    return () => {
      for (const stop of stops) stop()
    }
  }

  claims(object: KubernetesObject | undefined, old: KubernetesObject | undefined): ClaimChange {
    return serviceClaims(object, old, this.#identities)
  }

  handles({ group, resource }: KindDeclaration): boolean {
    return group === '' && resource === 'services'
  }

  reserve(object: KubernetesObject, old: KubernetesObject | undefined): Reservation {
    const taken = new Taken()
    try {
      return {
        object: this.#complete(object as Service, old as Service | undefined, taken),
        settle: () => taken.release(this.#ports),
      }
    } catch (error) {
      taken.release(this.#ports)
      throw error
    }
  }

  #complete(service: Service, old: Service | undefined, taken: Taken): Service {
    const wrong: FieldError[] = []
    validateClusterIps(service, old, wrong)
    if (wrong.length > 0) throw refuse(service, wrong)
    const { spec, errors } = settleFamilies(service, old, { configured: this.#pools.families })
    if (errors.length > 0) throw refuse(service, errors)
    const addressed = this.#withAddresses({ ...service, spec }, old, taken)
    return allocateNodePorts(addressed, old, {
      take: (port) => {
        this.#metrics.port(() => this.#ports.take(port), true)
        taken.ports.push(port)
      },
      next: () => {
        const port = this.#metrics.port(() => this.#ports.next(), false)
        taken.ports.push(port)
        return port
      },
    })
  }

  #withAddresses(service: Service, old: Service | undefined, taken: Taken): Service {
    if (!hasClusterIps(service)) return service
    const held = old === undefined ? [] : clusterIpsOf(old)
    const given = service.spec?.clusterIPs ?? []
    const clusterIPs = (service.spec?.ipFamilies ?? []).map((family, index) => {
      const wanted = given[index] ?? ''
      const canonical = wanted === '' ? undefined : parseIp(wanted, { allowLeadingZeros: true })
      if (canonical !== undefined && held.includes(formatIp(canonical))) return wanted
      return this.#takeAddress(service, family, wanted, taken)
    })
    const [clusterIP] = clusterIPs
    return {
      ...service,
      spec: { ...service.spec, clusterIPs, ...(clusterIP === undefined ? {} : { clusterIP }) },
    }
  }

  /** Of which range an attempt is that comes to nothing. */
  #rangeFor(family: string, wanted: string): string {
    const fits = (pool: AddressPool): boolean => (wanted === '' ? pool.family === family : pool.holds(wanted))
    return [...this.#pools.all].find(fits)?.cidr ?? ''
  }

  #isClaimed(ip: string): boolean {
    return this.#addresses.get('', ip) !== undefined
  }

  #nextAddress(family: string): TakenAddress {
    return this.#pools.next(family, (ip) => this.#isClaimed(ip))
  }

  #certainAddress(text: string): TakenAddress {
    const got = this.#pools.take(text)
    if (!this.#isClaimed(got.ip)) return got
    got.pool.claims.remove([got.ip])
    throw new AllocationError('provided IP is already allocated')
  }

  #takeAddress(service: Service, family: string, wanted: string, taken: Taken): string {
    const name = service.metadata?.name ?? ''
    try {
      const isCertain = wanted !== ''
      const take = () => (isCertain ? this.#certainAddress(wanted) : this.#nextAddress(family))
      const got = this.#metrics.address(take, isCertain, () => this.#rangeFor(family, wanted))
      taken.ips.push(got)
      return got.ip
    } catch (error) {
      if (!(error instanceof AllocationError)) throw error
      if (error.full)
        throw internalError(`failed to allocate a serviceIP for Service "${name}": ${error.message}`)
      const detail = `failed to allocate IP ${wanted}: ${error.message}`
      throw refuse(service, [invalidValue('spec.clusterIPs', service.spec?.clusterIPs ?? [], detail)])
    }
  }
}

const refuse = (service: Service, errors: Parameters<typeof invalid>[1]): Error =>
  invalid({ group: '', kind: 'Service', name: service.metadata?.name ?? '' }, errors)
