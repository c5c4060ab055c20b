import type { core, networking } from '../../api/generated/types/index.ts'
import type { Host, Timer } from '../../base/host.ts'
import { collected, inSteps } from '../../base/in-steps.ts'
import type { Logger } from '../../base/logger.ts'
import { GuardFailedError, type Storage } from '../../storage/storage.ts'
import type { ObjectReader } from '../object-reader.ts'
import { Identities } from '../rest/identities.ts'
import { typedReader } from '../typed-reader.ts'
import { planRepair, type RepairEvent } from './repair.ts'
import { portPrefix } from './service-claims.ts'

export interface AllocationRepairOptions {
  readonly host: Host
  readonly reader: ObjectReader
  readonly storage: Storage
  readonly logger: Logger
  /** Tells of what was wrong. */
  warn(event: RepairEvent): void
  /** Resolves when the reader shows a revision; undefined: it does. */
  reached(revision: number): Promise<void> | undefined
}

/** Upstream's interval of both repair loops. */
const intervalMs = 180_000
const registry = '/registry/'
const pageSize = 1000

/** Compares the claims in the store with what services hold, now and every three minutes, and puts them in order. */
export class AllocationRepair {
  readonly #options: AllocationRepairOptions
  readonly #identities: Identities
  #timer: Timer | undefined
  #stopped = false

  constructor(options: AllocationRepairOptions) {
    this.#options = options
    this.#identities = new Identities(options.host)
  }

  /** Once, when the caches are filled. Resolves after the first run, which never fails: the next one may do better. */
  async start(): Promise<void> {
    const { host, logger } = this.#options
    try {
      await this.run()
    } catch (error) {
      logger.error('the claims of services could not be looked through', { error })
    }
    if (this.#stopped) return
    this.#timer = host.schedule(intervalMs, () => {
      void this.start()
    })
  }

  stop(): void {
    this.#stopped = true
    this.#timer?.cancel()
  }

  /** One look; throws what the store throws. */
  async run(): Promise<void> {
    const { host, reader, logger } = this.#options
    const ports = await this.#ports()
    await this.#options.reached(Math.max(0, ...ports.values()))
    // Both as of one moment.
    const services = typedReader<core.v1.Service>(reader, { group: '', resource: 'services' }).each()
    const claims = { group: 'networking.k8s.io', resource: 'ipaddresses' }
    const addresses = typedReader<networking.v1.IPAddress>(reader, claims).each()
    const { missing, leaked, events } = planRepair({
      services: await inSteps(host, collected(services)),
      addresses: await inSteps(host, collected(addresses)),
      ports,
      nowMs: host.now(),
      identities: this.#identities,
    })
    for (const event of events) this.#options.warn(event)
    for (const { key, object } of missing) {
      const value = new TextEncoder().encode(JSON.stringify(object))
      await this.#commit({ type: 'put', key: `${registry}${key}`, value }, 0)
      logger.info('a service held what was not claimed', { key })
    }
    for (const { key, revision } of leaked) {
      await this.#commit({ type: 'delete', key: `${registry}${key}` }, revision)
      logger.info('what no service holds was claimed', { key })
    }
  }

  /** Somebody else may have been faster. */
  async #commit(write: Parameters<Storage['commit']>[0][number], revision: number): Promise<void> {
    try {
      await this.#options.storage.commit([write], [{ key: write.key, modRevision: revision }])
    } catch (error) {
      if (!(error instanceof GuardFailedError)) throw error
    }
  }

  async #ports(): Promise<ReadonlyMap<number, number>> {
    const prefix = `${registry}${portPrefix}`
    const found = new Map<number, number>()
    for (let after: string | undefined; ; ) {
      const position = after === undefined ? {} : { after }
      const page = await this.#options.storage.range(prefix, { ...position, limit: pageSize })
      for (const { key, modRevision } of page.entries)
        found.set(Number(key.slice(prefix.length)), modRevision)
      after = page.entries.at(-1)?.key
      if (!page.more || after === undefined) return found
    }
  }
}
