import type { Timer } from '../../base/host.ts'
import type { Logger } from '../../base/logger.ts'
import type { RemoteClient } from './remote-client.ts'
import { fetchOpenApi, type RemoteOpenApi } from './remote-open-api.ts'
import { keyOf, type RemoteService, type RemoteServices } from './remote-services.ts'
import { asVersionDiscovery, type VersionDiscovery, versionDiscoveries } from './version-discovery.ts'

export interface RemoteDiscoveryOptions {
  readonly client: RemoteClient
  readonly services: RemoteServices
  readonly logger: Logger
  /** Called after each change of what is known. */
  readonly onChange: () => void
}

/** What another server says of one group and version; `Stale` when it could not be asked again. */
export interface RemoteVersion {
  readonly service: RemoteService
  readonly discovery: VersionDiscovery
  readonly openApi: RemoteOpenApi | undefined
  readonly freshness: 'Current' | 'Stale'
}

/** Upstream's: all are asked again that often. */
const refreshMs = 60_000
const firstRetryMs = 500
const settleMs = 10
const aggregatedAccept =
  'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList'

/** What tells one answer from the next. */
const digestOf = ({ discovery, openApi }: RemoteVersion): string =>
  JSON.stringify([discovery, [...(openApi?.v3 ?? [])], openApi?.v2])

/** What the servers behind APIServices serve, for the aggregated discovery document. */
export class RemoteDiscovery {
  readonly #options: RemoteDiscoveryOptions
  readonly #known = new Map<string, RemoteVersion>()
  readonly #timers = new Map<string, Timer>()
  readonly #failures = new Map<string, number>()
  #stopped = false

  constructor(options: RemoteDiscoveryOptions) {
    this.#options = options
  }

  /** Returns what ends it. */
  start(): () => void {
    const { services } = this.#options
    const stop = services.onChange((key) => this.#schedule(key, settleMs))
    for (const { group, version } of services.list()) this.#schedule(keyOf(group, version), settleMs)
    return () => {
      this.#stopped = true
      stop()
      for (const timer of this.#timers.values()) timer.cancel()
    }
  }

  /** In the order of discovery. */
  list(): readonly RemoteVersion[] {
    return this.#options.services.list().map((service) => {
      const known = this.#known.get(keyOf(service.group, service.version))
      return known === undefined
        ? {
            service,
            discovery: { version: service.version, resources: [] },
            openApi: undefined,
            freshness: 'Stale',
          }
        : { ...known, service }
    })
  }

  #schedule(key: string, delayMs: number): void {
    if (this.#stopped) return
    const { host } = this.#options.client
    this.#timers.get(key)?.cancel()
    this.#timers.set(
      key,
      host.schedule(delayMs, () => {
        this.#timers.delete(key)
        void host.track(this.#refresh(key))
      }),
    )
  }

  async #refresh(key: string): Promise<void> {
    const { services, onChange, logger } = this.#options
    const [group = '', version = ''] = key.split('/')
    const service = services.find(group, version)
    if (service === undefined) {
      this.#failures.delete(key)
      this.#known.delete(key)
      onChange()
      return
    }
    try {
      const discovery = await this.#fetch(service)
      const openApi = await fetchOpenApi(this.#options.client, service)
      this.#failures.delete(key)
      this.#store(key, { service, discovery, openApi, freshness: 'Current' })
      this.#schedule(key, refreshMs)
    } catch (error) {
      const failures = (this.#failures.get(key) ?? 0) + 1
      this.#failures.set(key, failures)
      if (service.available)
        logger.warn('another API server does not say what it serves', { service: service.name, error })
      const { discovery, openApi } = this.#known.get(key) ?? {
        discovery: { version, resources: [] },
        openApi: undefined,
      }
      this.#store(key, { service, discovery, openApi, freshness: 'Stale' })
      this.#schedule(key, Math.min(firstRetryMs * 2 ** (failures - 1), refreshMs))
    }
  }

  #store(key: string, version: RemoteVersion): void {
    const before = this.#known.get(key)
    this.#known.set(key, version)
    const same = before?.freshness === version.freshness && digestOf(before) === digestOf(version)
    if (!same) this.#options.onChange()
  }

  /** The aggregated document where the server has it, else its plain list. */
  async #fetch(service: RemoteService): Promise<VersionDiscovery> {
    const { client } = this.#options
    const { group, version } = service
    const all = await client.get(service, '/apis', aggregatedAccept)
    if (all.status === 503) throw new Error(`service ${service.name} returned non-success response code: 503`)
    if (all.status === 200 && all.contentType.includes('as=APIGroupDiscoveryList')) {
      const found = versionDiscoveries(JSON.parse(all.text)).get(keyOf(group, version))
      return found ?? { version, resources: [] }
    }
    const path = `/apis/${group}/${version}`
    const plain = await client.get(service, path, 'application/json')
    if (plain.status !== 200)
      throw new Error(`failed to download legacy discovery for ${path}: ${plain.text}`)
    return asVersionDiscovery(group, version, JSON.parse(plain.text))
  }
}
