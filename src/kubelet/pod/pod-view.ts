import { observeNew, observePod } from './observe-pod.ts'
import { nothingObserved, type ObservedContainer, type ObservedPod } from './observed-pod.ts'
import type { PodContext } from './pod-context.ts'

/** What the runtime holds of one pod, as last looked at. */
export class PodView {
  readonly #context: PodContext
  readonly #uid: string
  readonly #ended: Map<string, ObservedContainer>
  #observed: ObservedPod = nothingObserved
  #isStale = true

  /** `ended`: containers that have ended, by id. */
  constructor(context: PodContext, uid: string, ended: Map<string, ObservedContainer>) {
    this.#context = context
    this.#uid = uid
    this.#ended = ended
  }

  get observed(): ObservedPod {
    return this.#observed
  }

  /** Something may have changed that was not seen yet. */
  get isStale(): boolean {
    return this.#isStale
  }

  outdate(): void {
    this.#isStale = true
  }

  async observe(): Promise<void> {
    const { runtime, files } = this.#context
    this.#isStale = false
    this.#show(
      await observePod(runtime, this.#uid, this.#ended, (status) => files.terminationMessage(status)),
    )
  }

  /** Looks at what was just made alone, where that is enough. */
  async observeMade(made: Parameters<typeof observeNew>[2]): Promise<void> {
    const observed = await observeNew(this.#context.runtime, this.#observed, made)
    if (observed === undefined) await this.observe()
    else this.#show(observed)
  }

  /** What the pod was granted has been looked up again. */
  regranted(): void {
    this.#show(this.#observed)
  }

  #show(observed: ObservedPod): void {
    this.#observed = this.#context.allocations.inForce(this.#uid, observed)
  }
}
