import type { core, networking } from '../../api/generated/types/index.ts'
import { ServiceCIDR } from '../../api/networking/service-cidr/kind.ts'
import { parseCidr } from '../../apimachinery/ip-address.ts'
import type { Host } from '../../base/host.ts'
import type { ObjectReader } from '../object-reader.ts'
import { type TypedReader, typedReader } from '../typed-reader.ts'
import { AddressPool } from './address-pool.ts'
import { AllocationError } from './allocation-error.ts'
import { clusterIpsOf } from './service-claims.ts'

type Range = networking.v1.ServiceCIDR

/** Smaller ranges have no room for a service beside their own addresses. */
const minHostBits = 2

export interface AddressPoolsOptions {
  readonly host: Host
  readonly reader: ObjectReader
  /** As the server was started with; they are there whatever becomes of their object. */
  readonly serviceCidrs: readonly string[]
}

/** Upstream's isReady: a range that nobody has judged is taken for ready, as nobody may be there to judge. */
function isReady({ metadata, status }: Range): boolean {
  if (metadata?.deletionTimestamp !== undefined) return false
  const ready = status?.conditions?.find(({ type }) => type === 'Ready')
  return ready === undefined || ready.status === 'True'
}

function isUsable(cidr: string): boolean {
  const range = parseCidr(cidr)
  const bits = range?.base.family === 4 ? 32 : 128
  return range !== undefined && bits - range.prefixBits >= minHostBits
}

/** The ranges that services have their addresses from: the server's own, and those of ServiceCIDR objects (KEP-1880). */
export class AddressPools {
  readonly #options: AddressPoolsOptions
  readonly #services: TypedReader<core.v1.Service>
  readonly #ranges: TypedReader<Range>
  readonly #pools = new Map<string, AddressPool>()

  constructor(options: AddressPoolsOptions) {
    this.#options = options
    this.#services = typedReader(options.reader, { group: '', resource: 'services' })
    this.#ranges = typedReader(options.reader, ServiceCIDR)
    for (const cidr of options.serviceCidrs) this.#pools.set(cidr, new AddressPool(cidr, options.host))
  }

  /** Once, when the caches are filled. Returns what stops it. */
  start(): () => void {
    for (const service of this.#services.list()) this.#replace(service, undefined)
    const stops = [
      this.#services.onChange((now, before) => this.#replace(now, before)),
      this.#ranges.onChange(() => this.#follow()),
    ]
    this.#follow()
    return () => {
      for (const stop of stops) stop()
    }
  }

  get all(): Iterable<AddressPool> {
    return this.#pools.values()
  }

  /** In the order of the server's own ranges; the first is the default. */
  get families(): readonly string[] {
    return [...new Set([...this.#pools.values()].map(({ family }) => family))]
  }

  /** Sets aside a certain address, in one of the ranges that it is in; gives the pool and its canonical form. */
  take(text: string): { readonly pool: AddressPool; readonly ip: string } {
    const pool = [...this.#pools.values()].find((each) => each.holds(text))
    if (pool === undefined) throw new AllocationError('the provided network does not match the current range')
    return { pool, ip: pool.take(text) }
  }

  /** Sets aside any free address of a family. `isTaken` knows of more than services. */
  next(
    family: string,
    isTaken: (ip: string) => boolean,
  ): { readonly pool: AddressPool; readonly ip: string } {
    for (const pool of this.#pools.values()) {
      const ip = pool.family === family ? pool.next(isTaken) : undefined
      if (ip !== undefined) return { pool, ip }
    }
    throw new AllocationError('range is full', true)
  }

  #replace(now: core.v1.Service | undefined, before: core.v1.Service | undefined): void {
    for (const ip of clusterIpsOf(before)) for (const pool of this.#holding(ip)) pool.claims.remove([ip])
    for (const ip of clusterIpsOf(now)) for (const pool of this.#holding(ip)) pool.claims.add([ip])
  }

  #holding(ip: string): readonly AddressPool[] {
    return [...this.#pools.values()].filter((pool) => pool.holds(ip))
  }

  /** Ranges come and go; the services in a new one are in it already. */
  #follow(): void {
    const { serviceCidrs, host } = this.#options
    const ranges = this.#ranges.list().filter(isReady)
    const wanted = new Set(
      [...serviceCidrs, ...ranges.flatMap(({ spec }) => spec?.cidrs ?? [])].filter(isUsable),
    )
    for (const cidr of this.#pools.keys()) if (!wanted.has(cidr)) this.#pools.delete(cidr)
    for (const cidr of wanted) {
      if (this.#pools.has(cidr)) continue
      const pool = new AddressPool(cidr, host)
      for (const service of this.#services.list())
        pool.claims.add(clusterIpsOf(service).filter((ip) => pool.holds(ip)))
      this.#pools.set(cidr, pool)
    }
  }
}
