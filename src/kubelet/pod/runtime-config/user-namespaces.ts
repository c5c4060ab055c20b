import { podUidLabel } from '../../runtime/labels.ts'
import type { SandboxStatus, UserNamespace } from '../../runtime/messages.ts'
import type { Runtime } from '../../runtime/runtime.ts'

/** Upstream's: as many ids for each pod, the first ones being the node's own. */
const idsPerPod = 65_536

const nodeNamespace: UserNamespace = { mode: 'NODE' }

/** The ids on the node that pods with `hostUsers: false` have (KEP-127): no two have one in common. */
export class UserNamespaces {
  readonly #runtime: Runtime
  readonly #maxPods: number
  /** Pod uid → its first id on the node. */
  readonly #firstIds = new Map<string, number>()
  #recovered: Promise<void> | undefined

  constructor(runtime: Runtime, maxPods: number) {
    this.#runtime = runtime
    this.#maxPods = maxPods
  }

  /** What the pod's sandbox and containers are told. Rejects when there is no room. */
  async namespace(podUid: string, hostUsers: boolean): Promise<UserNamespace> {
    if (hostUsers) return nodeNamespace
    // Who ran before the agent was started keeps what its sandbox has.
    this.#recovered ??= this.#recover()
    await this.#recovered
    const hostId = this.#firstIds.get(podUid) ?? this.#take(podUid)
    const mappings = [{ hostId, containerId: 0, length: idsPerPod }]
    return { mode: 'POD', uids: mappings, gids: mappings }
  }

  release(podUid: string): void {
    this.#firstIds.delete(podUid)
  }

  #take(podUid: string): number {
    const taken = new Set(this.#firstIds.values())
    for (let place = 1; place <= this.#maxPods; place++) {
      const firstId = place * idsPerPod
      if (taken.has(firstId)) continue
      this.#firstIds.set(podUid, firstId)
      return firstId
    }
    throw new Error('create user namespace: could not find an empty slot to allocate a user namespace')
  }

  async #recover(): Promise<void> {
    for (const { id, labels } of await this.#runtime.listPodSandbox({})) {
      const hostId = firstIdOf(await this.#runtime.podSandboxStatus(id))
      const podUid = labels[podUidLabel]
      if (hostId !== undefined && podUid !== undefined) this.#firstIds.set(podUid, hostId)
    }
  }
}

const firstIdOf = ({ linux }: SandboxStatus): number | undefined =>
  linux?.namespaces?.options?.usernsOptions?.uids?.[0]?.hostId
