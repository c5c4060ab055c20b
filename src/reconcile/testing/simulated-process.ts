import type { ApiRequest, ApiResponse, Transport } from '../../apimachinery/transport.ts'
import { assert } from '../../base/assert.ts'
import type { Host, Timer } from '../../base/host.ts'

const never = <T>(): Promise<T> => new Promise<T>(() => {})

/**
 * A process of its own under virtual time: what runs on its host, and speaks through its transports, can be made to
 * stand still (SIGSTOP), to go on, or to die between any two of its steps. Time goes on for it while it stands still.
 */
export class SimulatedProcess {
  readonly host: Host
  readonly #outer: Host
  readonly #death = new AbortController()
  readonly #held: (() => void)[] = []
  #isFrozen = false

  constructor(outer: Host) {
    this.#outer = outer
    this.host = {
      now: () => outer.now(),
      monotonicMs: () => outer.monotonicMs(),
      schedule: (delayMs, callback) => this.#schedule(delayMs, callback),
      nextTurn: () => new Promise((resolve) => void outer.nextTurn().then(() => this.#pass(resolve))),
      random: () => outer.random(),
      randomBytes: (length) => outer.randomBytes(length),
      sha256: (data) => outer.sha256(data),
      // What a dead process waits for must not hold up time.
      track: (work) => work,
    }
  }

  get isDead(): boolean {
    return this.#death.signal.aborted
  }

  /** From now on nothing of it moves. */
  freeze(): void {
    this.#isFrozen = true
  }

  /** It goes on where it stood; what it would have heard meanwhile it hears now, in order. */
  thaw(): void {
    assert(!this.isDead, 'a dead process does not go on')
    this.#isFrozen = false
    for (const callback of this.#held.splice(0)) this.#pass(callback)
  }

  /** Ends it where it stands: nothing of it moves any more, and its connections are broken. */
  kill(): void {
    this.#held.length = 0
    this.#death.abort()
  }

  /** A way to the server that belongs to the process. */
  transport(inner: Transport): Transport {
    return {
      request: (request) => (this.isDead ? never() : this.#request(inner, request)),
      watch: (request) => this.#watch(inner, request),
      close: () => inner.close(),
    }
  }

  #pass(callback: () => void): void {
    if (this.isDead) return
    if (this.#isFrozen) this.#held.push(callback)
    else callback()
  }

  #schedule(delayMs: number, callback: () => void): Timer {
    let isCancelled = false
    const fire = (): void => {
      if (!isCancelled) callback()
    }
    const timer = this.#outer.schedule(delayMs, () => this.#pass(fire))
    return {
      cancel: () => {
        isCancelled = true
        timer.cancel()
      },
    }
  }

  #request(inner: Transport, request: ApiRequest): Promise<ApiResponse> {
    return new Promise((resolve, reject) => {
      inner.request(request).then(
        (response) => this.#pass(() => resolve(response)),
        (error: unknown) => this.#pass(() => reject(error)),
      )
    })
  }

  async *#watch(inner: Transport, request: ApiRequest): ReturnType<Transport['watch']> & AsyncGenerator {
    const { signal: death } = this.#death
    const signal = request.signal === undefined ? death : AbortSignal.any([request.signal, death])
    for await (const batch of inner.watch({ ...request, signal })) {
      await new Promise<void>((resolve) => this.#pass(resolve))
      yield batch
    }
    if (this.isDead) await never()
  }
}
