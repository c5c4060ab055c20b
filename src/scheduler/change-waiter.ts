import type { Host } from '../base/host.ts'

/** Lets PreBind wait for what others do: the question is asked again after each `wake`. */
export class ChangeWaiter {
  readonly #host: Host
  readonly #waiting = new Set<() => void>()

  constructor(host: Host) {
    this.#host = host
  }

  /** Something has changed. */
  readonly wake = (): void => {
    for (const look of this.#waiting) look()
  }

  /** Resolves when it is so; rejects with what `isSo` throws, after `timeoutMs`, and at the signal, given before or later. */
  until(isSo: () => boolean, timeoutMs: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const end = (error?: unknown): void => {
        this.#waiting.delete(look)
        timer.cancel()
        signal.removeEventListener('abort', abort)
        if (error === undefined) resolve()
        else reject(error)
      }
      const abort = (): void => end(new Error('context canceled'))
      const look = (): void => {
        try {
          if (isSo()) end()
        } catch (error) {
          end(error)
        }
      }
      const timer = this.#host.schedule(timeoutMs, () => end(new Error('context deadline exceeded')))
      signal.addEventListener('abort', abort, { once: true })
      if (signal.aborted) return abort()
      this.#waiting.add(look)
      look()
    })
  }
}
