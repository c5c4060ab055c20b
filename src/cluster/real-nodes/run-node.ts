import { readFileSync } from 'node:fs'
import { createLogger } from '../../base/host/logger.ts'
import { createMetrics } from '../../base/host/metrics.ts'
import { messageOf } from '../../base/message-of.ts'
import type { NodeConfig, NodeMessage, NodeOrder } from './node-config.ts'
import { type NodePart, startNodeParts } from './node-parts.ts'

/** A node's process: runs until it is told to stop, or until the process that started it is gone. */
export async function runNode(configFile: string): Promise<void> {
  const read = (): NodeConfig => JSON.parse(readFileSync(configFile, 'utf8'))
  const config = read()
  const logger = createLogger({ level: config.logLevel }).child({ node: config.name })
  const parts: NodePart[] = []
  const adopted = { value: false }
  const tell = (message: NodeMessage): void => {
    if (process.connected) process.send?.(message)
  }
  const stop = async (cleanUp: boolean): Promise<void> => {
    for (const part of parts.splice(0).reverse()) {
      await part
        .stop(cleanUp)
        .catch((error: unknown) => logger.error('a part could not be stopped', { error }))
    }
  }
  // The terminal's Ctrl-C and its end reach the whole group; what happens then is the first process's to say.
  process.on('SIGINT', () => {})
  process.on('SIGHUP', () => {})
  process.on('message', (order: NodeOrder) => {
    if (order.type === 'certificates') {
      const renewed = read()
      for (const part of parts) part.renewed?.(renewed)
      return
    }
    void stop(order.cleanUp).then(() => {
      tell({ type: 'stopped' })
      process.exit(0)
    })
  })
  process.on('disconnect', () => {
    logger.error('the process that started this node is gone: its pods are left as they are')
    process.exit(1)
  })
  try {
    await startNodeParts(config, logger, parts, adopted, createMetrics())
    tell({ type: 'registered' })
  } catch (error) {
    logger.error('the node could not be started', { error })
    // Pods that were there before are left for the next try.
    await stop(!adopted.value)
    tell({ type: 'failed', message: messageOf(error) })
    process.exitCode = 1
    process.disconnect?.()
  }
}
