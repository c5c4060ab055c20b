import type { Host } from '../../base/host.ts'
import type { Logger } from '../../base/logger.ts'

/** A program that lives beside us. */
export interface Companion {
  isRunning(): Promise<boolean>
  start(): Promise<unknown>
}

const checkMs = 1_000
const maxPauseMs = 30_000

/** Starts a companion again whenever it has ended; returns what ends the watch and waits for what is under way. */
export function keepRunning(
  companion: Companion,
  name: string,
  host: Host,
  logger: Logger,
): () => Promise<void> {
  let pauseMs = checkMs
  let stopped = false
  let running = Promise.resolve()
  const check = async (): Promise<void> => {
    try {
      if (!(await companion.isRunning())) {
        logger.error(`${name} has ended by itself and is started again`)
        await companion.start()
      }
      pauseMs = checkMs
    } catch (error) {
      pauseMs = Math.min(pauseMs * 2, maxPauseMs)
      logger.error(`${name} could not be started again`, { error, retryMs: pauseMs })
    }
    plan()
  }
  let timer = host.schedule(checkMs, again)
  function again(): void {
    running = check()
  }
  function plan(): void {
    if (!stopped) timer = host.schedule(pauseMs, again)
  }
  return async () => {
    stopped = true
    timer.cancel()
    await running
  }
}
