import type { Host } from './host.ts'

/** Resolves after `delayMs`, or as soon as `signal` aborts. */
export function sleep(host: Host, delayMs: number, signal?: AbortSignal): Promise<void> {
  if (signal?.aborted) return Promise.resolve()
  return new Promise((resolve) => {
    const wake = (): void => {
      timer.cancel()
      signal?.removeEventListener('abort', wake)
      resolve()
    }
    const timer = host.schedule(delayMs, wake)
    signal?.addEventListener('abort', wake, { once: true })
  })
}
