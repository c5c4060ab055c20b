import type { apiregistration } from '../../api/generated/types/index.ts'
import { isStatus } from '../../apimachinery/status-error.ts'
import type { Transport } from '../../apimachinery/transport.ts'
import type { Host, Timer } from '../../base/host.ts'
import type { Logger } from '../../base/logger.ts'
import { isBuiltIn, localPriority, ownGroup } from '../discovery/group-priorities.ts'
import type { ObjectReader } from '../object-reader.ts'
import { type TypedReader, typedReader } from '../typed-reader.ts'
import { type APIService, apiServices } from './remote-services.ts'

export interface GroupVersion {
  readonly group: string
  readonly version: string
}

export interface AutoRegisterOptions {
  readonly host: Host
  readonly logger: Logger
  readonly reader: ObjectReader
  /** As the server itself. */
  readonly transport: Transport
  /** What this server answers itself, now. */
  readonly served: () => readonly GroupVersion[]
}

const managedLabel = 'kube-aggregator.kubernetes.io/automanaged'
const path = '/apis/apiregistration.k8s.io/v1/apiservices'
const settleMs = 5
const retryMs = 1_000

/** What an APIService of this server's own looks like. */
export function localApiService({ group, version }: GroupVersion): APIService {
  const priority = localPriority(group, version)
  const spec: apiregistration.v1.APIServiceSpec = {
    group,
    version,
    groupPriorityMinimum: priority.group,
    versionPriority: priority.version,
  }
  return {
    apiVersion: 'apiregistration.k8s.io/v1',
    kind: 'APIService',
    metadata: {
      name: `${version}.${group}`,
      labels: { [managedLabel]: isBuiltIn(group) ? 'onstart' : 'true' },
    },
    spec,
  }
}

/** What to write so that every API of this server has its APIService: those of others' making are left alone. */
export function planRegistrations(
  served: readonly GroupVersion[],
  present: readonly APIService[],
): { readonly create: readonly APIService[]; readonly remove: readonly string[] } {
  const wanted = new Map<string, APIService>(
    served
      .filter(({ group }) => group !== ownGroup)
      .map((each) => [`${each.version}.${each.group}`, localApiService(each)] as const),
  )
  const names = new Set(present.map(({ metadata }) => metadata?.name ?? ''))
  const stale = present.filter(
    ({ metadata }) => metadata?.labels?.[managedLabel] !== undefined && !wanted.has(metadata.name ?? ''),
  )
  return {
    create: [...wanted].flatMap(([name, service]) => (names.has(name) ? [] : [service])),
    remove: stale.map(({ metadata }) => metadata?.name ?? ''),
  }
}

/** Keeps an APIService for every group and version that this server answers itself, custom resources as they come and go. */
export class AutoRegister {
  readonly #options: AutoRegisterOptions
  readonly #services: TypedReader<APIService>
  #timer: Timer | undefined
  #stopped = false
  /** Whether every API had its APIService at least once. */
  complete = false

  constructor(options: AutoRegisterOptions) {
    this.#options = options
    this.#services = typedReader(options.reader, apiServices)
  }

  /** Resolves when it has been tried once. Returns what ends it. */
  async start(): Promise<() => void> {
    // Whoever removes one of them gets it back.
    const stop = this.#services.onChange((object) => object === undefined && this.changed())
    await this.#sync()
    return () => {
      this.#stopped = true
      this.#timer?.cancel()
      stop()
    }
  }

  /** To be called when other groups or versions are served than before. */
  changed(delayMs = settleMs): void {
    if (this.#stopped) return
    const { host } = this.#options
    this.#timer?.cancel()
    this.#timer = host.schedule(delayMs, () => void host.track(this.#sync()))
  }

  async #sync(): Promise<void> {
    const { transport, served, logger } = this.#options
    const { create, remove } = planRegistrations(served(), this.#services.list())
    try {
      await Promise.all([
        ...create.map((body) => transport.request({ method: 'POST', path, body })),
        ...remove.map((name) => transport.request({ method: 'DELETE', path: `${path}/${name}` })),
      ])
      this.complete = true
    } catch (error) {
      if (!isStatus(error, 'AlreadyExists', 'NotFound', 'Conflict'))
        logger.warn('API services could not be registered', { error })
      this.changed(retryMs)
    }
  }
}
