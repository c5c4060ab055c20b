import type { Duplex } from 'node:stream'
import { type IpRange, isWithin, parseIp, rangesOf } from '../apimachinery/ip-address.ts'
import type { BackendAddress } from '../apiserver/connect/backend.ts'
import type { KubeletInProcess } from '../kubelet/server/kubelet-in-process.ts'

/** Where simulated nodes and their pods live: addresses that nobody has, or a stranger. */
const nodeRange = '10.0.0.0/16'

/** Of the nodes' own. */
export const simulatedNodeAddress = (index: number): string =>
  `10.0.${Math.floor(index / 250)}.${(index % 250) + 1}`

/**
 * How the API server reaches simulated nodes: agents are asked in memory, behind the addresses of pods there is
 * nothing, and neither is ever looked for by a socket.
 */
export class InProcessNodes {
  readonly #agents = new Map<string, KubeletInProcess>()

  readonly #ranges: readonly IpRange[]

  constructor(podCidr: string) {
    this.#ranges = rangesOf(nodeRange, podCidr)
  }

  add(address: string, agent: KubeletInProcess): void {
    this.#agents.set(address, agent)
  }

  remove(address: string): void {
    this.#agents.get(address)?.close()
    this.#agents.delete(address)
  }

  /** Undefined for what lies outside of the simulation. Throws where nothing listens. */
  readonly dial = ({ host, port }: BackendAddress): Duplex | undefined => {
    const agent = this.#agents.get(host)
    if (agent !== undefined) return agent.connect()
    const ip = parseIp(host)
    if (ip === undefined || !isWithin(ip, this.#ranges)) return undefined
    throw new Error(`nothing listens at ${host}:${port}: the nodes of this cluster are simulated`)
  }

  close(): void {
    for (const agent of this.#agents.values()) agent.close()
    this.#agents.clear()
  }
}
