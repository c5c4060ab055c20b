import type { core } from '../../api/generated/types/index.ts'
import { timeMs } from '../../apimachinery/time.ts'
import type { Host, Timer } from '../../base/host.ts'

/** Until when a pod may be at work: `activeDeadlineSeconds` after it was started. */
export class PodDeadline {
  readonly #host: Host
  readonly #onOver: () => void
  #timer: Timer | undefined

  constructor(host: Host, onOver: () => void) {
    this.#host = host
    this.#onOver = onOver
  }

  watch({ spec }: core.v1.Pod, { startTime }: core.v1.PodStatus): void {
    const seconds = spec?.activeDeadlineSeconds
    this.cancel()
    if (seconds === undefined || startTime === undefined) return
    const leftMs = timeMs(startTime) + seconds * 1000 - this.#host.now()
    this.#timer = this.#host.schedule(Math.max(leftMs, 0), this.#onOver)
  }

  cancel(): void {
    this.#timer?.cancel()
  }
}
