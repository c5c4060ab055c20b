import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { Host } from '../../base/host.ts'
import type { Logger } from '../../base/logger.ts'
import type { Metrics } from '../../base/metrics.ts'
import { serverId } from './server-id.ts'
import { watchFile } from './watch-file.ts'

/** A configuration that may change while the server runs. */
export interface ConfigFile<T> {
  readonly path: string
  /** As it was read at the start. */
  readonly text: string
  /** Throws an Error that says what is wrong. */
  parse(text: string): T
}

export interface FollowOptions<T> {
  readonly host: Host
  readonly logger: Logger
  readonly metrics: Metrics
  /** `authorization`: as messages and metrics name it. */
  readonly subject: 'authentication' | 'authorization' | 'encryption'
  readonly file: ConfigFile<T>
  /** May reject; then the file is tried again when it is looked at next. */
  readonly apply: (config: T) => Promise<void> | void
}

const hashOf = (text: string): string =>
  text === '' ? '' : `sha256:${createHash('sha256').update(text).digest('hex')}`

function reloadMetrics(metrics: Metrics, subject: string) {
  const prefix = `apiserver_${subject}_config_controller_`
  const labels = ['status', 'apiserver_id_hash']
  return {
    reloads: metrics.counter({
      name: `${prefix}automatic_reloads_total`,
      help: `Total number of automatic reloads of ${subject} configuration split by status and apiserver identity.`,
      labels,
    }),
    lastSeconds: metrics.gauge({
      name: `${prefix}automatic_reload_last_timestamp_seconds`,
      help: `Timestamp of the last automatic reload of ${subject} configuration split by status and apiserver identity.`,
      labels,
    }),
    lastConfig: metrics.gauge({
      name: `${prefix}last_config_info`,
      help: `Information about the last applied ${subject} configuration with hash as label, split by apiserver identity.`,
      labels: ['apiserver_id_hash', 'hash'],
    }),
  }
}

/** Applies a configuration anew whenever its file changes to one that is right; a wrong one changes nothing. Returns what stops it. */
export function followConfigFile<T>(options: FollowOptions<T>): () => void {
  const { host, logger, metrics, subject, file, apply } = options
  const measured = reloadMetrics(metrics, subject)
  const id = hashOf(serverId())
  let known = file.text
  let running: Promise<void> = Promise.resolve()
  const applied = (text: string): void => {
    measured.lastConfig.clear()
    measured.lastConfig.set(1, [id, hashOf(text)])
  }
  const count = (status: 'success' | 'failure'): void => {
    measured.reloads.inc([status, id])
    measured.lastSeconds.set(host.now() / 1000, [status, id])
  }
  const look = async (): Promise<void> => {
    try {
      const text = readFileSync(file.path, 'utf8')
      if (text === known) return
      const before = known
      // What is wrong stays wrong: it is not read again until it changes.
      known = text
      const config = file.parse(text)
      try {
        await apply(config)
      } catch (error) {
        known = before
        throw error
      }
      applied(text)
      count('success')
      logger.info(`reloaded ${subject} config`, { file: file.path })
    } catch (error) {
      count('failure')
      logger.error(`reloading ${subject} config`, { file: file.path, error })
    }
  }
  applied(known)
  return watchFile(file.path, () => {
    running = running.then(look)
  })
}
