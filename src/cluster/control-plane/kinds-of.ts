import type { ApiServer } from '../../apiserver/api-server.ts'
import type { KindSource } from '../../reconcile/kind-source.ts'
import { DiscoveredKinds, type DiscoveredKindsOptions, groupVersionOf } from './discovered-kinds.ts'

/**
 * What a server of the same process serves: its own kinds at every moment, those of servers behind it from their
 * discovery.
 */
export class KindsOfServer implements KindSource {
  readonly #served: ApiServer['served']
  readonly #remote: DiscoveredKinds
  readonly #leave: () => void
  #own: ReadonlySet<string> = new Set()

  constructor({ served }: ApiServer, options: Omit<DiscoveredKindsOptions, 'isLeftOut'>) {
    this.#served = served
    this.#noteOwn()
    this.#leave = served.onChange(() => this.#noteOwn())
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
    const leave = [this.#served.onChange(handler), this.#remote.onChange(handler)]
    return () => {
      for (const each of leave) each()
    }
  }

  refresh: KindSource['refresh'] = () => this.#remote.refresh()

  #noteOwn(): void {
    this.#own = new Set(this.#served.list().map(({ kind }) => groupVersionOf(kind.group, kind.version)))
  }
}
