import type { ApiServer } from '../../apiserver/api-server.ts'
import type { Host, Timer } from '../../base/host.ts'
import type { KindSource } from '../../reconcile/kind-source.ts'
import { DiscoveredKinds, type DiscoveredKindsOptions, groupVersionOf } from './discovered-kinds.ts'

/** Definitions often come many at once, and whoever follows all kinds looks through all of them. */
const settleMs = 100

/**
 * What a server of the same process serves: its own kinds at every moment, those of servers behind it from their
 * discovery.
 */
export class KindsOfServer implements KindSource {
  readonly #served: ApiServer['served']
  readonly #host: Host
  readonly #remote: DiscoveredKinds
  readonly #leave: () => void
  /** Groups and versions; looked up when somebody asks. */
  #known: ReadonlySet<string> | undefined

  constructor({ served }: ApiServer, options: Omit<DiscoveredKindsOptions, 'isLeftOut'>) {
    this.#served = served
    this.#host = options.host
    this.#leave = served.onChange(() => {
      this.#known = undefined
    })
    this.#remote = new DiscoveredKinds({ ...options, isLeftOut: (version) => this.#own.has(version) })
  }

  start(): Promise<void> {
    return this.#remote.start()
  }

  stop(): void {
    this.#leave()
    this.#remote.stop()
  }

  list: KindSource['list'] = () => [
    ...this.#served.list().map(({ kind }) => kind),
    ...this.#remote.list().filter(({ group, version }) => !this.#own.has(groupVersionOf(group, version))),
  ]

  onChange: KindSource['onChange'] = (handler) => {
    let timer: Timer | undefined
    const changed = (): void => {
      timer ??= this.#host.schedule(settleMs, () => {
        timer = undefined
        handler()
      })
    }
    const leave = [this.#served.onChange(changed), this.#remote.onChange(changed)]
    return () => {
      for (const each of leave) each()
      timer?.cancel()
    }
  }

  refresh: KindSource['refresh'] = () => this.#remote.refresh()

  get #own(): ReadonlySet<string> {
    this.#known ??= new Set(this.#served.list().map(({ kind }) => groupVersionOf(kind.group, kind.version)))
    return this.#known
  }
}
