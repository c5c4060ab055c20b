import { ResourceSlice } from '../../../api/resource/resource-slice/kind.ts'
import { isStatus } from '../../../apimachinery/status-error.ts'
import type { Host, Timer } from '../../../base/host.ts'
import type { Logger } from '../../../base/logger.ts'
import { messageOf } from '../../../base/message-of.ts'
import { sleep } from '../../../base/sleep.ts'
import type { Client } from '../../../client/client.ts'
import type { Driver } from './driver.ts'

export interface DriversOptions {
  readonly client: Client
  readonly host: Host
  readonly logger: Logger
  readonly nodeName: string
}

interface Registered {
  readonly endpoint: string
  readonly driver: Driver
  connected: boolean
}

/** What a driver that is gone has to come back before its ResourceSlices are deleted; upstream's. */
const wipeDelayMs = 30_000
const firstRetryMs = 1_000
const maxRetryMs = 5 * 60_000

/** Drivers of this node by name; of a driver that is replaced both may be there for a while, and the newer counts. */
export class Drivers {
  readonly #options: DriversOptions
  readonly #drivers = new Map<string, Registered[]>()
  readonly #wipes = new Map<string, Timer>()
  readonly #abort = new AbortController()

  constructor(options: DriversOptions) {
    this.#options = options
  }

  /** What drivers of this node published before the agent started is deleted: those that are there do it anew. */
  start(): void {
    void this.#wipe(undefined)
  }

  stop(): void {
    this.#abort.abort()
    for (const timer of this.#wipes.values()) timer.cancel()
  }

  /** Throws an Error where there is none of that name. */
  get(name: string): Driver {
    const all = this.#drivers.get(name) ?? []
    const found = all.findLast(({ connected }) => connected) ?? all.at(-1)
    if (found === undefined) throw new Error(`DRA driver ${name} is not registered`)
    return found.driver
  }

  /** Throws an Error where that endpoint is known already. */
  add(name: string, endpoint: string, driver: Driver): void {
    const all = this.#drivers.get(name) ?? []
    if (all.some((each) => each.endpoint === endpoint))
      throw new Error(`endpoint ${endpoint} already registered for DRA driver plugin ${name}`)
    this.#drivers.set(name, [...all, { endpoint, driver, connected: true }])
    this.#settle(name)
  }

  remove(name: string, endpoint: string): void {
    const left = (this.#drivers.get(name) ?? []).filter((each) => each.endpoint !== endpoint)
    if (left.length === 0) this.#drivers.delete(name)
    else this.#drivers.set(name, left)
    this.#settle(name)
  }

  /** Its socket answers, or does not any more. */
  connection(name: string, endpoint: string, isConnected: boolean): void {
    const found = this.#drivers.get(name)?.find((each) => each.endpoint === endpoint)
    if (found === undefined || found.connected === isConnected) return
    found.connected = isConnected
    this.#settle(name)
  }

  #settle(name: string): void {
    const isThere = (this.#drivers.get(name) ?? []).some(({ connected }) => connected)
    if (isThere) {
      this.#wipes.get(name)?.cancel()
      this.#wipes.delete(name)
    } else if (!this.#wipes.has(name)) {
      const wipe = (): void => {
        this.#wipes.delete(name)
        void this.#wipe(name)
      }
      this.#wipes.set(name, this.#options.host.schedule(wipeDelayMs, wipe))
    }
  }

  /** Of one driver, or of all. */
  async #wipe(driver: string | undefined): Promise<void> {
    const { client, host, logger, nodeName } = this.#options
    const { signal } = this.#abort
    const own = `spec.nodeName=${nodeName}`
    const fieldSelector = driver === undefined ? own : `${own},spec.driver=${driver}`
    let retryMs = firstRetryMs
    while (!signal.aborted) {
      try {
        await client.resource(ResourceSlice).deleteCollection({ fieldSelector })
        return
      } catch (error) {
        if (isStatus(error, 'NotFound')) return
        logger.warn('ResourceSlices of this node could not be deleted', { driver, error: messageOf(error) })
        await sleep(host, retryMs, signal)
        retryMs = Math.min(retryMs * 2, maxRetryMs)
      }
    }
  }
}
