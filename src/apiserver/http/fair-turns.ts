import { Deque } from '../../base/deque.ts'
import type { Host } from '../../base/host.ts'

/** How long requests are begun before answers leave and others are read. */
const turnMs = 2
/** Requests of one connection in a row while others wait. */
const inARow = 4

/** One connection's requests that have not begun. */
export class Line {
  #waiting: Deque<() => void> | undefined

  get length(): number {
    return this.#waiting?.length ?? 0
  }

  push(begin: () => void): void {
    this.#waiting ??= new Deque()
    this.#waiting.push(begin)
  }

  shift(): (() => void) | undefined {
    return this.#waiting?.shift()
  }
}

/**
 * Begins requests, for so long in each turn of the event loop: who comes with one is not behind the hundreds that
 * somebody else has sent at once. What is left over waits for the next turns, and connections take it in turns then.
 */
export class FairTurns {
  readonly #host: Pick<Host, 'monotonicMs' | 'nextTurn'>
  readonly #lines = new Deque<Line>()
  /** Of the present turn; undefined before its first request. */
  #startedMs: number | undefined

  constructor(host: Pick<Host, 'monotonicMs' | 'nextTurn'>) {
    this.#host = host
  }

  /** Begins it now if there is time. */
  add(line: Line, begin: () => void): void {
    if (this.#lines.length === 0 && this.#hasTime()) {
      begin()
      return
    }
    line.push(begin)
    if (line.length === 1) this.#lines.push(line)
  }

  #hasTime(): boolean {
    const nowMs = this.#host.monotonicMs()
    if (this.#startedMs !== undefined) return nowMs - this.#startedMs < turnMs
    this.#startedMs = nowMs
    this.#plan()
    return true
  }

  #plan(): void {
    void this.#host.nextTurn().then(() => this.#turn())
  }

  #turn(): void {
    if (this.#lines.length === 0) {
      this.#startedMs = undefined
      return
    }
    const startedMs = this.#host.monotonicMs()
    this.#startedMs = startedMs
    this.#plan()
    while (this.#lines.length > 0 && this.#host.monotonicMs() - startedMs < turnMs) this.#serveFirst()
  }

  #serveFirst(): void {
    const line = this.#lines.shift()
    if (line === undefined) return
    for (let count = 0; count < inARow; count++) line.shift()?.()
    if (line.length > 0) this.#lines.push(line)
  }
}
