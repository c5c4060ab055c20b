import type { KubernetesObject } from '../../../../src/apimachinery/meta.ts'
import { statusError } from '../../../../src/apimachinery/status-error.ts'
import type { ApiRequest } from '../../../../src/apimachinery/transport.ts'
import type { Host } from '../../../../src/base/host.ts'
import type { Random } from '../../../../src/base/random.ts'
import { sleep } from '../../../../src/base/sleep.ts'
import type { Weather } from '../world/link.ts'
import type { Log } from './log.ts'

/** How often each fault comes, of a call that may have it. */
export interface Violence {
  readonly delay: number
  readonly refused: number
  readonly conflict: number
  readonly lostAnswer: number
  readonly crash: number
  readonly brokenWatch: number
  readonly staleWatch: number
}

interface StormOptions {
  readonly who: string
  readonly host: Host
  readonly random: Random
  readonly violence: Violence
  readonly log: Log
  readonly isDead: () => boolean
  /** Ends the process that is asking, where it stands. */
  readonly crash: (who: string) => void
  /** An object is created, or updated, without its writer ever hearing of it. */
  readonly onUnheardCreate: (object: KubernetesObject) => void
  readonly onUnheardUpdate: (object: KubernetesObject) => void
}

const mostDelayMs = 2_000
const mostStaleMs = 25_000

/** Bad weather on the way between one process and the API server. It can be told to end. */
export class Storm implements Weather {
  readonly #options: StormOptions
  isOver = false
  readonly #fates = new WeakMap<ApiRequest, 'crash' | 'answer lost'>()
  /** Writes that the server has and has not answered: it may hold them for a while. */
  readonly #underWay = new Set<ApiRequest>()

  constructor(options: StormOptions) {
    this.#options = options
  }

  async onWay(request: ApiRequest): Promise<void> {
    if (this.isOver) return
    const { violence, random, isDead } = this.#options
    const isWrite = request.method !== 'GET'
    await this.#delay(request, mostDelayMs)
    if (isWrite && this.#happens(violence.crash)) await this.#crash(request, 'before')
    if (this.#happens(violence.refused)) {
      const reasons = ['ServiceUnavailable', 'InternalError', 'TooManyRequests', 'Timeout'] as const
      const reason = reasons[Math.floor(random.next() * reasons.length)] ?? 'ServiceUnavailable'
      this.#tell(request, reason)
      throw statusError(reason, 'the storm')
    }
    if ((request.method === 'PUT' || request.method === 'PATCH') && this.#happens(violence.conflict)) {
      this.#tell(request, 'Conflict')
      throw statusError('Conflict', 'the storm')
    }
    if (!isWrite) return
    this.#tell(request, isDead() ? 'done, by one that is dead' : 'done')
    if (this.#happens(violence.crash)) this.#fates.set(request, 'crash')
    else if (this.#happens(violence.lostAnswer)) this.#fates.set(request, 'answer lost')
    this.#underWay.add(request)
    // Whoever sent it never hears of it: told before it happens, since others may see it at once.
    if (this.#fates.has(request)) this.#noteCreate(request)
  }

  /** Tells of what a dead process has under way: to be asked before anything is judged. */
  tellUnheard(): void {
    if (this.#underWay.size === 0 || !this.#options.isDead()) return
    for (const request of this.#underWay) {
      if (!this.#fates.has(request)) this.#noteCreate(request)
      this.#noteUpdate(request)
    }
    this.#underWay.clear()
  }

  async onReturn(request: ApiRequest): Promise<void> {
    this.#underWay.delete(request)
    const fate = this.#fates.get(request)
    if (fate === 'crash') await this.#crash(request, 'after')
    if (this.isOver) return
    await this.#delay(request, mostDelayMs)
    if (fate === undefined) return
    this.#tell(request, fate)
    throw statusError('Timeout', 'the storm took the answer')
  }

  async onBatch(request: ApiRequest): Promise<void> {
    if (this.isOver) return
    const { violence } = this.#options
    if (this.#happens(violence.brokenWatch)) {
      this.#tell(request, 'watch broken')
      throw statusError('ServiceUnavailable', 'the storm broke the watch')
    }
    if (this.#happens(violence.staleWatch)) {
      this.#tell(request, 'watch stale')
      await this.#pause(request, mostStaleMs)
    } else await this.#delay(request, mostDelayMs)
  }

  #noteCreate({ method, body }: ApiRequest): void {
    // What was sent to be created is an object.
    if (method === 'POST' && body !== undefined) this.#options.onUnheardCreate(body as KubernetesObject)
  }

  #noteUpdate({ method, path, body }: ApiRequest): void {
    if (method === 'PUT' && !path.endsWith('/status')) this.#options.onUnheardUpdate(body as KubernetesObject)
  }

  #happens(share: number): boolean {
    return this.#options.random.next() < share
  }

  async #delay(request: ApiRequest, mostMs: number): Promise<void> {
    if (this.#happens(this.#options.violence.delay)) await this.#pause(request, mostMs)
  }

  #pause({ signal }: ApiRequest, mostMs: number): Promise<void> {
    const { host, random } = this.#options
    return sleep(host, mostMs * random.next() ** 3, signal)
  }

  async #crash(request: ApiRequest, when: string): Promise<void> {
    const { who, crash } = this.#options
    this.#tell(request, `crash ${when} it`)
    crash(who)
    await new Promise<void>(() => {})
  }

  #tell({ method, path }: ApiRequest, what: string): void {
    this.#options.log.add(`${this.#options.who}: ${method} ${path}: ${what}`)
  }
}
