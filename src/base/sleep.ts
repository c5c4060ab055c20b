import type { Host } from './host.ts'

/**
 * Resolves after `delayMs`, or as soon as one of the signals aborts. Several are better given here than as one of
 * `AbortSignal.any`, which Node keeps for as long as somebody listens to it.
 */
export function sleep(
  host: Host,
  delayMs: number,
  ...signals: readonly (AbortSignal | undefined)[]
): Promise<void> {
  if (signals.some((signal) => signal?.aborted)) return Promise.resolve()
  return new Promise((resolve) => {
    const wake = (): void => {
      timer.cancel()
      for (const signal of signals) signal?.removeEventListener('abort', wake)
      resolve()
    }
    const timer = host.schedule(delayMs, wake)
    for (const signal of signals) signal?.addEventListener('abort', wake, { once: true })
  })
}
