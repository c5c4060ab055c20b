import type { KubernetesObject } from '../../apimachinery/meta.ts'
import type { Host, Timer } from '../../base/host.ts'
import type { Informer } from '../../client/informer.ts'
import { pickStage } from './pick-stage.ts'
import type { Stage } from './stage.ts'

export interface StagePlayerOptions<T extends KubernetesObject> {
  readonly host: Host
  readonly informer: Informer<T>
  readonly stages: readonly Stage[]
  /** Does what a stage says. Never throws. */
  readonly apply: (stage: Stage, object: T) => void
}

interface Playing<T> {
  object: T
  /** What waits for its delay. */
  waiting: { readonly stage: Stage; readonly timer: Timer } | undefined
  /** Played since the object changed last. */
  readonly played: Set<Stage>
}

/**
 * Plays stages on every object of a kind: one at a time, of those that select the object as it is. A stage that was
 * picked waits for its delay, and no longer than it selects the object. It is not played again before the object changes.
 */
export class StagePlayer<T extends KubernetesObject> {
  readonly #options: StagePlayerOptions<T>
  readonly #playing = new Map<string, Playing<T>>()
  readonly #remove: () => void

  constructor(options: StagePlayerOptions<T>) {
    this.#options = options
    this.#remove = options.informer.onChange((object, old) => this.#take(object, old))
  }

  stop(): void {
    this.#remove()
    for (const { waiting } of this.#playing.values()) waiting?.timer.cancel()
    this.#playing.clear()
  }

  #take(object: T | undefined, old: T | undefined): void {
    const uid = (object ?? old)?.metadata?.uid ?? ''
    const known = this.#playing.get(uid)
    if (object === undefined) {
      known?.waiting?.timer.cancel()
      this.#playing.delete(uid)
      return
    }
    const playing = known ?? { object, waiting: undefined, played: new Set() }
    playing.object = object
    playing.played.clear()
    this.#playing.set(uid, playing)
    this.#next(playing)
  }

  #next(playing: Playing<T>): void {
    const { host, stages, apply } = this.#options
    const { object, waiting, played } = playing
    if (waiting?.stage.selects(object)) return
    waiting?.timer.cancel()
    playing.waiting = undefined
    const able = stages.filter((each) => !played.has(each) && each.selects(object))
    const stage = pickStage(able, object, host)
    if (stage === undefined) return
    const timer = host.schedule(stage.delayMs(object, host), () => {
      playing.waiting = undefined
      played.add(stage)
      apply(stage, playing.object)
      this.#next(playing)
    })
    playing.waiting = { stage, timer }
  }
}
