/** Calls each of those who asked once at the end of the event loop's turn. One for a server. */
export class TurnEnd {
  #waiting: (() => void)[] = []

  add(callback: () => void): void {
    this.#waiting.push(callback)
    if (this.#waiting.length === 1) setImmediate(() => this.#run())
  }

  #run(): void {
    const callbacks = this.#waiting
    this.#waiting = []
    for (const callback of callbacks) callback()
  }
}
