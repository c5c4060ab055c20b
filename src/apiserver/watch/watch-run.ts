import type { StatusError } from '../../apimachinery/status-error.ts'
import type { Timer } from '../../base/host.ts'
import type { CacheEvent, ChangeType } from '../cache/cache-event.ts'
import type { CachedObject } from '../cache/cached-object.ts'
import type { Selection } from '../cache/selection.ts'
import { changeFor, type WatchConsumer } from '../cache/watch-hub.ts'
import type { Resource } from '../rest/resource.ts'
import type { BookmarkClock } from './bookmark-clock.ts'
import { eventsSince, type StartPoint, tooOld } from './start-point.ts'

/** What a watch tells, in order. Whoever takes it may be slow: then `full` says so. */
export interface WatchOutput {
  initial(record: CachedObject): void
  change(event: CacheEvent, type: ChangeType): void
  bookmark(revision: number, initialEventsEnd: boolean): void
  error(error: StatusError): void
  end(): void
  /** True: hold back what is not urgent until `onRoom` calls. */
  readonly full: boolean
  onRoom(callback: () => void): void
  /** True: it is hopelessly behind, or cannot show what it has been told. */
  readonly overrun: boolean
}

export interface WatchPlan {
  readonly resource: Resource
  readonly selection: Selection
  readonly start: StartPoint
  readonly bookmarks: boolean
  /** An initial-events-end bookmark was asked for. */
  readonly endBookmark: boolean
  readonly timeoutMs: number
  readonly clock: BookmarkClock
  /** Told how many events a replay has sent; live ones are counted where they come from. */
  readonly onReplayed: (events: number) => void
  readonly onEnd: () => void
}

/** How long before its end a watch gets its last bookmark; upstream's. */
const lastBookmarkMs = 2000
/** How long a replay runs before other work gets its chance. */
const sliceMs = 5
/** Events that may pile up behind a replay. */
const maxBacklog = 100_000

/**
 * One watch from its start to its end: first what is there or was missed, as fast as the other side takes it, then
 * every change as it happens.
 */
export class WatchRun implements WatchConsumer {
  readonly #plan: WatchPlan
  readonly #output: WatchOutput
  #leave: () => void = () => {}
  #timer: Timer | undefined
  #backlog: (readonly [CacheEvent, ChangeType])[] | undefined = []
  #ended = false

  constructor(plan: WatchPlan, output: WatchOutput) {
    this.#plan = plan
    this.#output = output
  }

  /** Once. Nothing that happens from now on is missed. */
  start(): void {
    const plan = this.#plan
    const { resource, selection, clock } = plan
    this.#leave = resource.cache.hub.add(selection, this)
    this.#startTimer()
    if (plan.bookmarks) clock.add(this)
    const { start } = plan
    if (start.type === 'failed') this.#fail(start.error)
    else if (start.type === 'initial') this.#replayInitial()
    else this.#replayMissed(start)
  }

  deliver(event: CacheEvent, type: ChangeType): void {
    if (this.#ended) return
    if (this.#backlog !== undefined) {
      this.#backlog.push([event, type])
      if (this.#backlog.length > maxBacklog) this.#giveUp()
      return
    }
    this.#change(event, type)
  }

  #change(event: CacheEvent, type: ChangeType): void {
    this.#output.change(event, type)
    if (this.#output.overrun) this.#giveUp()
  }

  /** Its client is too slow. */
  #giveUp(): void {
    this.#plan.resource.cache.figures.terminated++
    this.stop()
  }

  progress(revision: number): void {
    if (this.#ended || this.#backlog !== undefined || this.#output.full) return
    this.#output.bookmark(Math.min(revision, this.#plan.resource.revision), false)
    if (this.#output.overrun) this.stop()
  }

  terminate(): void {
    this.stop()
  }

  /** Ends it, from either side; idempotent. */
  stop(): void {
    if (this.#ended) return
    this.#ended = true
    this.#backlog = undefined
    this.#timer?.cancel()
    this.#leave()
    this.#plan.clock.remove(this)
    this.#output.end()
    this.#plan.onEnd()
  }

  /** A watch that wants bookmarks gets one shortly before its end. */
  #startTimer(): void {
    const { resource, timeoutMs, bookmarks } = this.#plan
    const { host } = resource.context
    const early = bookmarks ? lastBookmarkMs : 0
    if (timeoutMs <= early || early === 0) {
      this.#timer = host.schedule(timeoutMs, () => this.stop())
      return
    }
    this.#timer = host.schedule(timeoutMs - early, () => {
      this.#timer = host.schedule(early, () => this.stop())
      this.progress(resource.revision)
    })
  }

  #fail(error: StatusError): void {
    this.#output.error(error)
    this.stop()
  }

  #replayInitial(): void {
    const { resource, selection, endBookmark } = this.#plan
    const { revision } = resource
    const { objects } = resource.cache.select(selection)
    resource.cache.figures.initEvents += objects.length
    this.#replay(
      objects.length,
      (index) => {
        const record = objects[index]
        if (record !== undefined) this.#output.initial(record)
      },
      () => {
        if (endBookmark) this.#output.bookmark(revision, true)
      },
    )
  }

  #replayMissed(start: Extract<StartPoint, { type: 'after' }>): void {
    const { resource, selection } = this.#plan
    const events = eventsSince(resource, start)
    if (events === undefined) {
      this.#fail(tooOld(start.revision, resource.cache.history.floor))
      return
    }
    const matches = resource.cache.matches.bind(resource.cache)
    this.#replay(
      events.length,
      (index) => {
        const event = events[index]
        const type = event === undefined ? undefined : changeFor(event, selection, matches)
        if (event !== undefined && type !== undefined) this.#change(event, type)
      },
      () => {},
    )
  }

  /** Calls `step` for each index, with pauses where the other side is full or others wait; then `finish`, then what has piled up. */
  #replay(count: number, step: (index: number) => void, finish: () => void): void {
    const { host } = this.#plan.resource.context
    let index = 0
    const run = (): void => {
      const startMs = host.monotonicMs()
      while (index < count && !this.#ended) {
        if (this.#output.full) {
          this.#output.onRoom(run)
          return
        }
        step(index++)
        if (index % 64 === 0 && host.monotonicMs() - startMs > sliceMs) {
          void host.nextTurn().then(run)
          return
        }
      }
      if (this.#ended) return
      this.#plan.onReplayed(count)
      finish()
      if (this.#output.overrun) this.stop()
      else this.#goLive()
    }
    run()
  }

  #goLive(): void {
    const backlog = this.#backlog ?? []
    this.#backlog = undefined
    for (const [event, type] of backlog) {
      if (this.#ended) return
      this.#change(event, type)
    }
  }
}
