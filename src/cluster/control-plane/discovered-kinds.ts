import { kinds as builtIn } from '../../api/kinds.ts'
import { defineKind, type Verb } from '../../apimachinery/define-kind.ts'
import type { Transport } from '../../apimachinery/transport.ts'
import type { Host, Timer } from '../../base/host.ts'
import type { Logger } from '../../base/logger.ts'
import type { AnyKind } from '../../client/informer.ts'
import type { KindSource } from '../../reconcile/kind-source.ts'

interface ResourceEntry {
  readonly resource: string
  readonly responseKind?: { readonly kind?: string }
  readonly scope: string
  readonly verbs: readonly Verb[]
  readonly subresources?: readonly { readonly subresource: string }[]
}

/** `apidiscovery.k8s.io/v2` (KEP-3352): versions in the order of preference. */
interface DiscoveryList {
  readonly items?: readonly {
    readonly metadata?: { readonly name?: string }
    readonly versions?: readonly {
      readonly version: string
      readonly freshness?: string
      readonly resources?: readonly ResourceEntry[]
    }[]
  }[]
}

const accept = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json'

/** Upstream's garbage collector looks as often. */
const intervalMs = 30_000

/** Where a kind keeps its scale is its server's business: clients ask for the subresource. */
const unknownPaths = { specReplicas: '', statusReplicas: '' }

const idOf = ({ group, version, resource }: AnyKind): string => `${group}/${version}/${resource}`

export const groupVersionOf = (group: string, version: string): string =>
  group === '' ? version : `${group}/${version}`

export interface DiscoveredKindsOptions {
  readonly host: Host
  readonly logger: Logger
  readonly transport: Transport
  /** Group versions (`apps/v1`) that are not looked at; none where absent. */
  readonly isLeftOut?: (groupVersion: string) => boolean
}

/**
 * What a server serves, from its discovery, looked at again and again; of each group the preferred version first. A
 * group version that its own server cannot tell of keeps what it had.
 */
export class DiscoveredKinds implements KindSource {
  readonly #options: DiscoveredKindsOptions
  readonly #handlers = new Set<() => void>()
  readonly #made = new Map(builtIn.map((kind): [string, AnyKind] => [idOf(kind), kind]))
  #byVersion: ReadonlyMap<string, readonly AnyKind[]> = new Map()
  #refreshing: Promise<ReadonlyMap<string, string>> | undefined
  #timer: Timer | undefined
  #stopped = false

  constructor(options: DiscoveredKindsOptions) {
    this.#options = options
  }

  /** Resolves when the server has been asked once. Rejects when it does not answer. */
  async start(): Promise<void> {
    await this.refresh()
    this.#schedule()
  }

  stop(): void {
    this.#stopped = true
    this.#timer?.cancel()
  }

  list(): readonly AnyKind[] {
    return [...this.#byVersion.values()].flat()
  }

  onChange(handler: () => void): () => void {
    this.#handlers.add(handler)
    return () => this.#handlers.delete(handler)
  }

  /** Those who ask at the same time share an answer that is not older than their question. */
  async refresh(): Promise<ReadonlyMap<string, string>> {
    await this.#refreshing?.catch(() => {})
    this.#refreshing ??= this.#refresh().finally(() => {
      this.#refreshing = undefined
    })
    return this.#refreshing
  }

  #schedule(): void {
    if (this.#stopped) return
    const { host, logger } = this.#options
    this.#timer = host.schedule(intervalMs, () => {
      void this.refresh()
        .catch((error: unknown) => logger.warn('discovery has failed', { error }))
        .then(() => this.#schedule())
    })
  }

  async #refresh(): Promise<ReadonlyMap<string, string>> {
    const { isLeftOut = () => false } = this.#options
    const failures = new Map<string, string>()
    const found = new Map<string, readonly AnyKind[]>()
    const documents = await Promise.all(['/api', '/apis'].map((path) => this.#read(path)))
    for (const { metadata: { name: group = '' } = {}, versions = [] } of documents.flatMap(
      ({ items = [] }) => items,
    )) {
      for (const { version, freshness, resources = [] } of versions) {
        const groupVersion = groupVersionOf(group, version)
        if (isLeftOut(groupVersion)) continue
        if (freshness === 'Stale') failures.set(groupVersion, `stale GroupVersion discovery: ${groupVersion}`)
        const kinds =
          freshness === 'Stale'
            ? this.#byVersion.get(groupVersion)
            : resources.flatMap((entry) => this.#kindOf(group, version, entry))
        if (kinds !== undefined) found.set(groupVersion, kinds)
      }
    }
    const before = this.#names()
    this.#byVersion = found
    if (this.#names() !== before) for (const handler of this.#handlers) handler()
    return failures
  }

  #names(): string {
    return this.list().map(idOf).join()
  }

  /** The documents are the server's own. */
  async #read(path: string): Promise<DiscoveryList> {
    return (await this.#options.transport.request({ method: 'GET', path, accept })).body as DiscoveryList
  }

  /** None where the server does not tell of what kind the resource is. */
  #kindOf(group: string, version: string, entry: ResourceEntry): readonly AnyKind[] {
    const { resource, responseKind: { kind = '' } = {}, scope, verbs, subresources = [] } = entry
    if (kind === '') return []
    const scales = subresources.some(({ subresource }) => subresource === 'scale')
    const known = this.#made.get(`${group}/${version}/${resource}`)
    if (known !== undefined && (known.subresources.scale !== undefined) === scales) return [known]
    const made: AnyKind = defineKind({
      ...{ group, version, kind, resource, verbs, namespaced: scope === 'Namespaced' },
      schema: '',
      ...(scales ? { subresources: { scale: unknownPaths } } : {}),
    })
    this.#made.set(idOf(made), made)
    return [made]
  }
}
