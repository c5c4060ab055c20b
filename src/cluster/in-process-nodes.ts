import type { Duplex } from 'node:stream'
import type { BackendAddress } from '../apiserver/connect/backend.ts'
import type { KubeletInProcess } from '../kubelet/server/kubelet-in-process.ts'

/**
 * How the API server reaches simulated nodes: their addresses belong to nobody, or to a stranger, so no socket is
 * ever opened; agents are asked in memory, and behind the addresses of pods there is nothing.
 */
export class InProcessNodes {
  readonly #agents = new Map<string, KubeletInProcess>()

  add(address: string, agent: KubeletInProcess): void {
    this.#agents.set(address, agent)
  }

  /** Throws where nothing listens. */
  readonly dial = ({ host, port }: BackendAddress): Duplex => {
    const agent = this.#agents.get(host)
    if (agent !== undefined) return agent.connect()
    throw new Error(`nothing listens at ${host}:${port}: the nodes of this cluster are simulated`)
  }

  close(): void {
    for (const agent of this.#agents.values()) agent.close()
    this.#agents.clear()
  }
}
