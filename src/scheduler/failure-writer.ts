import { Pod } from '../api/core/pod/kind.ts'
import type { core } from '../api/generated/types/index.ts'
import { isStatus } from '../apimachinery/status-error.ts'
import { formatTime } from '../apimachinery/time.ts'
import type { Host, Timer } from '../base/host.ts'
import type { Logger } from '../base/logger.ts'
import { TokenBucket } from '../base/token-bucket.ts'
import type { Client } from '../client/client.ts'
import type { Failure } from './select-node.ts'

export interface FailureWriterOptions {
  readonly client: Client
  readonly host: Host
  readonly logger: Logger
}

/** Upstream's limits for the scheduler's client (`clientConnection` of its configuration). */
const perSecond = 50
const burst = 100

interface Waiting {
  readonly pod: core.v1.Pod
  readonly failure: Failure
}

/**
 * Tells why pods have found no node, in their condition PodScheduled. At upstream's rate: thousands of pods that fit
 * nowhere do not crowd out those who use the API. Of a pod that waits only the newest failure is written.
 */
export class FailureWriter {
  readonly #options: FailureWriterOptions
  readonly #bucket: TokenBucket
  /** By the pod's uid, those that have waited longest first. */
  readonly #waiting = new Map<string, Waiting>()
  #timer: Timer | undefined
  #stopped = false

  constructor(options: FailureWriterOptions) {
    this.#options = options
    this.#bucket = new TokenBucket(options.host, perSecond, burst)
  }

  write(pod: core.v1.Pod, failure: Failure): void {
    if (this.#stopped || conditionFor(pod, failure, this.#options.host) === undefined) return
    this.#waiting.set(pod.metadata?.uid ?? '', { pod, failure })
    if (this.#timer === undefined) this.#drain()
  }

  /** The pod has a node now, or is gone. */
  forget(uid: string): void {
    this.#waiting.delete(uid)
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
      void host.track(this.#patch(waiting))
    }
  }

  async #patch({ pod, failure }: Waiting): Promise<void> {
    const { client, host, logger } = this.#options
    const condition = conditionFor(pod, failure, host)
    if (condition === undefined) return
    try {
      const { namespace = '', name = '', uid } = pod.metadata ?? {}
      const patch = { metadata: { uid }, status: { conditions: [condition] } }
      await client
        .resource(Pod)
        .patch(namespace, name, 'application/strategic-merge-patch+json', patch, { subresource: 'status' })
    } catch (error) {
      if (!isStatus(error, 'NotFound', 'Conflict') && !this.#stopped) {
        logger.warn('the condition PodScheduled could not be written', { pod: pod.metadata?.name, error })
      }
    }
  }
}

/** The condition as it shall be; undefined where the pod says it already. */
function conditionFor(pod: core.v1.Pod, failure: Failure, host: Host): object | undefined {
  const reason = failure.refusedBy.size === 0 ? 'SchedulerError' : 'Unschedulable'
  const old = pod.status?.conditions?.find((condition) => condition.type === 'PodScheduled')
  if (old?.status === 'False' && old.reason === reason && old.message === failure.message) return undefined
  return {
    type: 'PodScheduled',
    status: 'False',
    reason,
    message: failure.message,
    lastProbeTime: null,
    lastTransitionTime: old?.status === 'False' ? old.lastTransitionTime : formatTime(host.now()),
    ...(pod.metadata?.generation === undefined ? {} : { observedGeneration: pod.metadata.generation }),
  }
}
