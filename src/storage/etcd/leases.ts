import type { Host } from '../../base/host.ts'
import type { EtcdConnection } from './etcd-connection.ts'
import type { LeaseGrantResponse } from './messages.ts'

/** Upstream's `--lease-reuse-duration-seconds`, a twentieth of the time to live at the most. */
const maxReuseSeconds = 60
const reuseShare = 0.05
/** Upstream's `--lease-max-object-count`. */
const maxKeys = 1000
/** Identities that a JavaScript number holds. */
const maxId = 2 ** 53

interface Lease {
  readonly id: number
  readonly endMs: number
  keys: number
}

/**
 * Times to live: keys that end at about the same time share a lease, as upstream does, because leases are dear to
 * etcd. A key lives up to a minute, or a twentieth, longer than it was asked for.
 */
export class Leases {
  readonly #host: Host
  readonly #connection: EtcdConnection
  #lease: Lease | undefined
  /** One at a time, so that many writes at once share what the first one is granted. */
  #granting: Promise<unknown> = Promise.resolve()

  constructor(host: Host, connection: EtcdConnection) {
    this.#host = host
    this.#connection = connection
  }

  /** The lease for a key that is to live `timeToLiveMs` from now. */
  get(timeToLiveMs: number): Promise<number> {
    const lease = this.#granting.then(() => this.#share(Math.ceil(timeToLiveMs / 1000)))
    this.#granting = lease.catch(() => {})
    return lease
  }

  /** etcd does not know the lease any more. */
  forget(id: number): void {
    if (this.#lease?.id === id) this.#lease = undefined
  }

  async #share(seconds: number): Promise<number> {
    const nowMs = this.#host.monotonicMs()
    const reuseSeconds = Math.min(maxReuseSeconds, Math.floor(seconds * reuseShare))
    const lease = this.#lease
    if (lease !== undefined && lease.keys < maxKeys) {
      const enough = nowMs + seconds * 1000 < lease.endMs
      const notTooMuch = nowMs + (seconds + reuseSeconds) * 1000 > lease.endMs
      if (enough && notTooMuch) {
        lease.keys++
        return lease.id
      }
    }
    const id = 1 + Math.floor(this.#host.random() * (maxId - 1))
    const granted = await this.#connection.write<LeaseGrantResponse>('etcdserverpb.Lease', 'LeaseGrant', {
      ID: id,
      TTL: seconds + reuseSeconds,
    })
    this.#lease = { id, endMs: nowMs + granted.TTL * 1000, keys: 1 }
    return id
  }
}
