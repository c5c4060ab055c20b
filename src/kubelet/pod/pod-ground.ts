import type { core } from '../../api/generated/types/index.ts'
import type { Timer } from '../../base/host.ts'
import { messageOf } from '../../base/message-of.ts'
import type { PodContext } from './pod-context.ts'

type Pod = core.v1.Pod

const firstMountRetryMs = 500
const maxMountRetryMs = 122_000

/** What a pod stands on before anything of it runs: its control groups and volumes. */
export class PodGround {
  readonly #context: PodContext
  #retryMs = firstMountRetryMs
  #isLaid = false
  #again: Timer | undefined

  constructor(context: PodContext) {
    this.#context = context
  }

  /** This process has seen to it; what runs since before gets that once. */
  get isLaid(): boolean {
    return this.#isLaid
  }

  /** False when the volumes are not there yet. */
  async lay(pod: Pod): Promise<boolean> {
    const { cgroups, events, files } = this.#context
    // Neither needs the other, and both wait for the machine.
    const [group, mounts] = await Promise.allSettled([cgroups.ensure(pod), files.mountVolumes(pod)])
    if (group.status === 'rejected') {
      const text = `unable to ensure pod container exists: ${messageOf(group.reason)}`
      events.event(pod, 'Warning', 'FailedCreatePodContainer', text)
      throw group.reason
    }
    if (mounts.status === 'rejected') {
      events.event(pod, 'Warning', 'FailedMount', messageOf(mounts.reason))
      return false
    }
    this.#retryMs = firstMountRetryMs
    this.#isLaid = true
    return true
  }

  /** How long to wait before it is tried again; longer each time. */
  nextRetryMs(): number {
    const delayMs = this.#retryMs
    this.#retryMs = Math.min(delayMs * 2, maxMountRetryMs)
    return delayMs
  }

  /** Something that it may wait for has come. */
  retrySoon(): void {
    this.#retryMs = firstMountRetryMs
  }

  /** What volumes show has changed: they follow, if not now then later, while `current` gives a pod. */
  async refresh(current: () => Pod | undefined): Promise<void> {
    const { events, files, host } = this.#context
    this.#again?.cancel()
    const pod = current()
    if (pod === undefined) return
    try {
      await files.refreshVolumes(pod)
      this.retrySoon()
    } catch (error) {
      events.event(pod, 'Warning', 'FailedMount', messageOf(error))
      this.#again?.cancel()
      if (current() !== undefined)
        this.#again = host.schedule(this.nextRetryMs(), () => void this.refresh(current))
    }
  }

  stop(): void {
    this.#again?.cancel()
  }
}
