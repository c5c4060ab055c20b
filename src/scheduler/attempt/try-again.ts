import { isStatus } from '../../apimachinery/status-error.ts'
import type { Host } from '../../base/host.ts'
import { sleep } from '../../base/sleep.ts'

/** Upstream's pauses between the tries of one write (client-go's DefaultBackoff). */
const pausesMs = [10, 50, 250] as const

/** Runs it again, a few times, after errors that a moment later may be over; rejects with the last. The pauses are not tracked. */
export async function tryAgain<T>(host: Host, run: () => Promise<T>): Promise<T> {
  for (const pauseMs of pausesMs) {
    try {
      return await host.track(run())
    } catch (error) {
      if (!isStatus(error, 'InternalError', 'ServiceUnavailable', 'Conflict')) throw error
      await sleep(host, pauseMs)
    }
  }
  return host.track(run())
}
