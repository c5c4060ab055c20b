import { Pod } from '../../api/core/pod/kind.ts'
import type { core } from '../../api/generated/types/index.ts'
import { isStatus } from '../../apimachinery/status-error.ts'
import { formatTime } from '../../apimachinery/time.ts'
import { defined } from '../../base/defined.ts'
import type { Host, Timer } from '../../base/host.ts'
import type { Logger } from '../../base/logger.ts'
import { TokenBucket } from '../../base/token-bucket.ts'
import type { Client } from '../../client/client.ts'
import { tryAgain } from './try-again.ts'

/** How many statuses are written. */
export interface WriteLimits {
  readonly perSecond: number
  readonly burst: number
}

export interface FailureWriterOptions {
  readonly client: Client
  readonly host: Host
  readonly logger: Logger
  /** Absent: upstream's for the scheduler's client (`clientConnection` of its configuration). */
  readonly statusLimits?: WriteLimits
}

/** Why a pod has no node. */
export interface Failure {
  readonly reason: 'Unschedulable' | 'SchedulerError'
  readonly message: string
}

const defaultLimits: WriteLimits = { perSecond: 50, burst: 100 }

interface Waiting {
  readonly pod: core.v1.Pod
  readonly failure: Failure | undefined
  /** `status.nominatedNodeName` as it shall be; undefined: it is left alone. */
  readonly nomination: string | undefined
}

/**
 * Tells in the pods' status why they have found no node (the condition PodScheduled), and where room is made for them.
 * At upstream's rate: thousands of pods that fit nowhere do not crowd out those who use the API. Of a pod that waits
 * only the newest news are written.
 */
export class FailureWriter {
  readonly #options: FailureWriterOptions
  readonly #bucket: TokenBucket
  /** By the pod's uid, those that have waited longest first. */
  readonly #waiting = new Map<string, Waiting>()
  /** What has been written as nomination, by uid: caches may not know of it yet. */
  readonly #nominations = new Map<string, string>()
  #timer: Timer | undefined
  #stopped = false

  constructor(options: FailureWriterOptions) {
    this.#options = options
    const { perSecond, burst } = options.statusLimits ?? defaultLimits
    this.#bucket = new TokenBucket(options.host, perSecond, burst)
  }

  write(pod: core.v1.Pod, failure: Failure | undefined, nomination?: string): void {
    const uid = pod.metadata?.uid ?? ''
    const before = this.#waiting.get(uid)
    const waiting: Waiting = {
      pod,
      failure: failure ?? before?.failure,
      nomination: nomination ?? before?.nomination,
    }
    if (this.#stopped || this.#patchOf(waiting) === undefined) return
    this.#waiting.set(uid, waiting)
    if (this.#timer === undefined) this.#drain()
  }

  /** The pod has a node now, or is gone. */
  forget(uid: string): void {
    this.#waiting.delete(uid)
    this.#nominations.delete(uid)
  }

  stop(): void {
    this.#stopped = true
    this.#timer?.cancel()
    this.#waiting.clear()
  }

  #drain(): void {
    const { host } = this.#options
    this.#timer = undefined
    for (const [uid, waiting] of this.#waiting) {
      if (!this.#bucket.tryTake()) {
        this.#timer = host.schedule(this.#bucket.untilNextMs(), () => this.#drain())
        return
      }
      this.#waiting.delete(uid)
      void this.#patch(waiting)
    }
  }

  async #patch(waiting: Waiting): Promise<void> {
    const { client, host, logger } = this.#options
    const patch = this.#patchOf(waiting)
    if (patch === undefined) return
    const { namespace = '', name = '', uid = '' } = waiting.pod.metadata ?? {}
    if (waiting.nomination !== undefined) this.#nominations.set(uid, waiting.nomination)
    try {
      const pods = client.resource(Pod)
      const type = 'application/strategic-merge-patch+json'
      await tryAgain(host, () => pods.patch(namespace, name, type, patch, { subresource: 'status' }))
    } catch (error) {
      this.#nominations.delete(uid)
      if (!isStatus(error, 'NotFound', 'Conflict') && !this.#stopped) {
        logger.warn('the condition PodScheduled could not be written', { pod: name, error })
      }
    }
  }

  /** Undefined where the pod says all of it already. */
  #patchOf({ pod, failure, nomination }: Waiting): object | undefined {
    const uid = pod.metadata?.uid
    const known = this.#nominations.get(uid ?? '') ?? pod.status?.nominatedNodeName ?? ''
    const condition = failure === undefined ? undefined : conditionFor(pod, failure, this.#options.host)
    const nominates = nomination !== undefined && nomination !== known
    if (condition === undefined && !nominates) return undefined
    const status = defined({
      conditions: condition === undefined ? undefined : [condition],
      nominatedNodeName: nominates ? nomination || null : undefined,
    })
    return { metadata: { uid }, status }
  }
}

/** The condition as it shall be; undefined where the pod says it already. */
function conditionFor(pod: core.v1.Pod, { reason, message }: Failure, host: Host): object | undefined {
  const old = pod.status?.conditions?.find((condition) => condition.type === 'PodScheduled')
  if (old?.status === 'False' && old.reason === reason && old.message === message) return undefined
  return {
    type: 'PodScheduled',
    status: 'False',
    reason,
    message,
    lastProbeTime: null,
    lastTransitionTime: old?.status === 'False' ? old.lastTransitionTime : formatTime(host.now()),
    ...(pod.metadata?.generation === undefined ? {} : { observedGeneration: pod.metadata.generation }),
  }
}
