import { statSync } from 'node:fs'
import { join } from 'node:path'
import type { Host, Timer } from '../../base/host.ts'
import type { Logger } from '../../base/logger.ts'
import { watchFile } from '../access/watch-file.ts'
import type { Pki } from './ensure-pki.ts'
import { renewedMark } from './kept-certificates.ts'

export interface KeepCertificatesOptions {
  readonly host: Host
  readonly logger: Logger
  readonly pki: Pick<Pki, 'directory' | 'renew'>
  /** Told of the names of those that are others now. */
  readonly changed: (names: readonly string[]) => void
}

/** Certificates have 90 days left when they are renewed: there is time for more than one failure. */
const lookMs = 24 * 3_600_000

/** Renews a running cluster's certificates before they end, and follows `timonel certs renew`. Returns what stops it. */
export function keepCertificates({ host, logger, pki, changed }: KeepCertificatesOptions): () => void {
  const mark = join(pki.directory, renewedMark)
  const markedMs = (): number | undefined => statSync(mark, { throwIfNoEntry: false })?.mtimeMs
  let known = markedMs()
  let timer: Timer | undefined
  const look = (): void => {
    try {
      const names = pki.renew()
      if (names.length === 0) return
      logger.info('certificates have been renewed', { names })
      changed(names)
    } catch (error) {
      logger.error('certificates cannot be renewed', { error })
    }
  }
  const schedule = (): void => {
    timer = host.schedule(lookMs, () => {
      look()
      schedule()
    })
  }
  schedule()
  const unwatch = watchFile(mark, () => {
    const now = markedMs()
    if (now === known) return
    known = now
    look()
  })
  return () => {
    timer?.cancel()
    unwatch()
  }
}
