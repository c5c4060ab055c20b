import { isHeadless } from '../../api/core/service/service-type.ts'
import { familyOfIp } from '../../api/core/service/validate-cluster-ips.ts'
import type { core } from '../../api/generated/types/index.ts'
import type { KindDeclaration } from '../../apimachinery/define-kind.ts'
import { invalidValue } from '../../apimachinery/field-errors.ts'
import { formatIp, parseIp } from '../../apimachinery/ip-address.ts'
import type { KubernetesObject } from '../../apimachinery/meta.ts'
import { internalError, invalid } from '../../apimachinery/status-error.ts'
import type { Host } from '../../base/host.ts'
import type { ObjectReader } from '../object-reader.ts'
import { type TypedReader, typedReader } from '../typed-reader.ts'
import type { Reservation, WriteAllocator } from '../write-allocator.ts'
import { AddressPool } from './address-pool.ts'
import { AllocationError } from './allocation-error.ts'
import { settleFamilies } from './ip-families.ts'
import { allocateNodePorts, nodePortsOf } from './node-ports.ts'
import { PortPool, type PortRange } from './port-pool.ts'

type Service = core.v1.Service

export interface ServiceAllocatorOptions {
  readonly host: Host
  readonly reader: ObjectReader
  /** One or two, of different families; the first is the default: `10.96.0.0/12`. */
  readonly serviceCidrs: readonly string[]
  readonly nodePorts: PortRange
}

/** What one write has set aside. */
class Taken {
  readonly ips: { readonly pool: AddressPool; readonly ip: string }[] = []
  readonly ports: number[] = []

  release(ports: PortPool): void {
    for (const { pool, ip } of this.ips) pool.claims.remove([ip])
    ports.claims.remove(this.ports)
  }
}

const hasClusterIps = (service: Service): boolean =>
  service.spec?.type !== 'ExternalName' && !isHeadless(service)

/** Addresses that a stored service holds, in canonical form. */
function clusterIpsOf(service: Service): readonly string[] {
  if (!hasClusterIps(service)) return []
  return (service.spec?.clusterIPs ?? [])
    .map((text) => parseIp(text, { allowLeadingZeros: true }))
    .filter((ip) => ip !== undefined)
    .map(formatIp)
}

/**
 * Cluster IPs and node ports of services. What is taken is what the watch cache shows, and what writes under way
 * have set aside: nothing else is stored, so nothing can leak or be lost at a restart.
 */
export class ServiceAllocator implements WriteAllocator {
  readonly #services: TypedReader<Service>
  readonly #pools: readonly AddressPool[]
  readonly #ports: PortPool

  constructor({ host, reader, serviceCidrs, nodePorts }: ServiceAllocatorOptions) {
    this.#services = typedReader(reader, { group: '', resource: 'services' })
    this.#pools = serviceCidrs.map((cidr) => new AddressPool(cidr, host))
    this.#ports = new PortPool(nodePorts, host)
  }

  /** Once, when the watch cache is filled. Returns what stops it. */
  start(): () => void {
    const replace = (now: Service | undefined, before: Service | undefined): void => {
      for (const ip of before === undefined ? [] : clusterIpsOf(before)) this.#pool(ip)?.claims.remove([ip])
      for (const ip of now === undefined ? [] : clusterIpsOf(now)) this.#pool(ip)?.claims.add([ip])
      if (before !== undefined) this.#ports.claims.remove(nodePortsOf(before))
      if (now !== undefined) this.#ports.claims.add(nodePortsOf(now))
    }
    for (const service of this.#services.list()) replace(service, undefined)
    return this.#services.onChange(replace)
  }

  #pool(ip: string): AddressPool | undefined {
    return this.#poolOf(familyOfIp(ip))
  }

  #poolOf(family: string): AddressPool | undefined {
    return this.#pools.find((pool) => pool.family === family)
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
    const configured = this.#pools.map(({ family }) => family)
    const { spec, errors } = settleFamilies(service, old, { configured })
    if (errors.length > 0) throw refuse(service, errors)
    const addressed = this.#withAddresses({ ...service, spec }, old, taken)
    return allocateNodePorts(addressed, old, {
      take: (port) => {
        this.#ports.take(port)
        taken.ports.push(port)
      },
      next: () => {
        const port = this.#ports.next()
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

  #takeAddress(service: Service, family: string, wanted: string, taken: Taken): string {
    const pool = this.#poolOf(family)
    const name = service.metadata?.name ?? ''
    if (pool === undefined) throw internalError(`no addresses of family ${family} for Service "${name}"`)
    try {
      const ip = wanted === '' ? pool.next() : pool.take(wanted)
      taken.ips.push({ pool, ip })
      return ip
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
