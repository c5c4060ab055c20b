import type { Logger } from '../../base/logger.ts'
import { messageOf } from '../../base/message-of.ts'
import type { NodeEvent } from '../node/node-events.ts'
import { OomParser, systemOomMessage } from './oom-parser.ts'

/** Calls back with each message that the kernel logs; what it returns ends that. */
export type KernelLog = (take: (message: string) => void) => Promise<() => Promise<void>>

export interface OomWatchOptions {
  /** Nobody is told of kills where it is absent. */
  readonly kernelLog: KernelLog | undefined
  readonly logger: Logger
  readonly nodeEvent: NodeEvent
}

/** Says on the node whom the kernel killed because the machine itself had no memory left. Returns what ends it. */
export async function watchOomKills(options: OomWatchOptions): Promise<() => Promise<void>> {
  const { kernelLog, logger, nodeEvent } = options
  const parser = new OomParser()
  const take = (message: string): void => {
    const kill = parser.take(message)
    const text = kill && systemOomMessage(kill)
    if (text !== undefined) nodeEvent('Warning', 'SystemOOM', text)
  }
  try {
    return (await kernelLog?.(take)) ?? (async () => {})
  } catch (error) {
    logger.warn('the kernel’s log cannot be read: kills for want of memory are not told', {
      error: messageOf(error),
    })
    return async () => {}
  }
}
