import { kinds as builtIn } from '../../api/kinds.ts'
import { defineKind, type Verb } from '../../apimachinery/define-kind.ts'
import type { Transport } from '../../apimachinery/transport.ts'
import type { Host, Timer } from '../../base/host.ts'
import type { Logger } from '../../base/logger.ts'
import type { AnyKind } from '../../client/informer.ts'
import type { KindSource } from '../../reconcile/kind-source.ts'

interface ResourceEntry {
  readonly name: string
  readonly kind: string
  readonly namespaced: boolean
  readonly verbs: readonly Verb[]
}

interface GroupList {
  readonly groups?: readonly {
    readonly name: string
    readonly preferredVersion?: { readonly version: string }
  }[]
}

interface ResourceList {
  readonly resources?: readonly ResourceEntry[]
}

/** Upstream's garbage collector looks as often. */
const intervalMs = 30_000

/** Where a kind keeps its scale is its server's business: clients ask for the subresource. */
const unknownPaths = { specReplicas: '', statusReplicas: '' }

const idOf = ({ group, version, resource }: AnyKind): string => `${group}/${version}/${resource}`

/**
 * What a server serves, from its discovery and in each group's preferred version, looked at again and again. A group
 * whose resources cannot be read keeps those it had.
 */
export class DiscoveredKinds implements KindSource {
  readonly #host: Host
  readonly #logger: Logger
  readonly #transport: Transport
  readonly #handlers = new Set<() => void>()
  readonly #byGroup = new Map<string, readonly AnyKind[]>()
  readonly #known = new Map(builtIn.map((kind): [string, AnyKind] => [idOf(kind), kind]))
  #timer: Timer | undefined
  #stopped = false

  constructor(host: Host, logger: Logger, transport: Transport) {
    this.#host = host
    this.#logger = logger
    this.#transport = transport
  }

  /** Resolves when the server has been asked once. Rejects when it does not answer. */
  async start(): Promise<void> {
    await this.#refresh()
    this.#schedule()
  }

  stop(): void {
    this.#stopped = true
    this.#timer?.cancel()
  }

  list(): readonly AnyKind[] {
    return [...this.#byGroup.values()].flat()
  }

  onChange(handler: () => void): () => void {
    this.#handlers.add(handler)
    return () => this.#handlers.delete(handler)
  }

  #schedule(): void {
    if (this.#stopped) return
    this.#timer = this.#host.schedule(intervalMs, () => {
      void this.#refresh()
        .catch((error: unknown) => this.#logger.warn('discovery has failed', { error }))
        .then(() => this.#schedule())
    })
  }

  async #refresh(): Promise<void> {
    const before = this.#names()
    const { groups = [] } = await this.#get<GroupList>('/apis')
    const wanted = new Map(groups.map(({ name, preferredVersion }) => [name, preferredVersion?.version]))
    await this.#readGroup('', 'v1', '/api/v1')
    for (const [group, version] of wanted)
      if (version !== undefined) await this.#readGroup(group, version, `/apis/${group}/${version}`)
    for (const group of this.#byGroup.keys())
      if (group !== '' && !wanted.has(group)) this.#byGroup.delete(group)
    if (this.#names() !== before) for (const handler of this.#handlers) handler()
  }

  #names(): string {
    return this.list().map(idOf).join()
  }

  async #readGroup(group: string, version: string, path: string): Promise<void> {
    try {
      const { resources = [] } = await this.#get<ResourceList>(path)
      const own = resources.filter(({ name }) => !name.includes('/'))
      this.#byGroup.set(
        group,
        own.map((entry) => {
          const scales = resources.some(({ name }) => name === `${entry.name}/scale`)
          return this.#kindOf(group, version, entry, scales)
        }),
      )
    } catch (error) {
      this.#logger.warn('the resources of a group cannot be read', { group, version, error })
    }
  }

  #kindOf(group: string, version: string, entry: ResourceEntry, scales: boolean): AnyKind {
    const { name, kind, namespaced, verbs } = entry
    const known = this.#known.get(`${group}/${version}/${name}`)
    if (known !== undefined && (known.subresources.scale !== undefined) === scales) return known
    const made: AnyKind = defineKind({
      ...{ group, version, kind, namespaced, verbs },
      resource: name,
      schema: '',
      ...(scales ? { subresources: { scale: unknownPaths } } : {}),
    })
    this.#known.set(idOf(made), made)
    return made
  }

  /** Discovery's documents are the server's own. */
  async #get<T>(path: string): Promise<T> {
    return (await this.#transport.request({ method: 'GET', path })).body as T
  }
}
