import type { Storage } from '../../storage/storage.ts'

/** Upstream's (`DefaultEndpointReconcilerTTL`): a server that has not renewed is taken for gone. */
const timeToLiveMs = 15_000
/** Upstream's. */
const prefix = '/registry/masterleases/'

/**
 * Which API servers work on a store (upstream's lease endpoint reconciler): each keeps a key with its address, which
 * ends with it.
 */
export class ServerLeases {
  readonly #storage: Storage
  readonly #address: string

  /** `address`: under which others reach this server. */
  constructor(storage: Storage, address: string) {
    this.#storage = storage
    this.#address = address
  }

  /** Renews this server's own; gives the addresses of all that are alive, in order. */
  async renew(): Promise<readonly string[]> {
    const value = new TextEncoder().encode(
      JSON.stringify({
        kind: 'Endpoints',
        apiVersion: 'v1',
        subsets: [{ addresses: [{ ip: this.#address }] }],
      }),
    )
    await this.#storage.commit([{ type: 'put', key: `${prefix}${this.#address}`, value, timeToLiveMs }])
    const { entries } = await this.#storage.range(prefix)
    return entries.map(({ key }) => key.slice(prefix.length)).sort()
  }

  /** This server ends. */
  async release(): Promise<void> {
    await this.#storage.commit([{ type: 'delete', key: `${prefix}${this.#address}` }])
  }
}
