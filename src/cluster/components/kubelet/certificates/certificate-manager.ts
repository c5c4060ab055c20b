import type { Host } from '../../../../base/host.ts'
import type { Logger } from '../../../../base/logger.ts'
import { sleep } from '../../../../base/sleep.ts'
import type { CertificateObserver } from './certificate-metrics.ts'
import type { CertificateStore, StoredCertificate } from './certificate-store.ts'

export interface CertificateManagerOptions {
  readonly host: Host
  readonly logger: Logger
  readonly store: CertificateStore
  /** Asks for another one. */
  readonly request: (
    signal: AbortSignal,
  ) => Promise<{ readonly certificatePem: string; readonly keyPem: string }>
  /** Told of each new one. */
  readonly rotated: (kept: StoredCertificate) => void
  readonly observer?: CertificateObserver | undefined
}

/** Upstream's: a new one is asked for when 70 to 90 % of a certificate's life are over. */
const shareOfLife = 0.7
const jitter = 0.2
const firstRetryMs = 2_000
const maxRetryMs = 32_000

/** When another certificate is due; `random` is in [0, 1). */
export function rotationDueMs(
  { notBeforeMs, notAfterMs }: Pick<StoredCertificate, 'notBeforeMs' | 'notAfterMs'>,
  random: number,
): number {
  return notBeforeMs + (notAfterMs - notBeforeMs) * (shareOfLife + random * jitter)
}

/** Keeps a certificate good: asks for the first one, and for another when most of its life is over. */
export class CertificateManager {
  readonly #options: CertificateManagerOptions
  readonly #ended = new AbortController()

  constructor(options: CertificateManagerOptions) {
    this.#options = options
  }

  /** Until it is stopped. */
  async run(): Promise<void> {
    const { host, logger, store } = this.#options
    const { signal } = this.#ended
    let retryMs = firstRetryMs
    while (!signal.aborted) {
      const current = store.current()
      const dueMs = current === undefined ? 0 : rotationDueMs(current, host.random())
      if (dueMs > host.now()) await sleep(host, Math.min(dueMs - host.now(), maxTimerMs), signal)
      if (signal.aborted || dueMs > host.now()) continue
      try {
        await this.#rotate(signal)
        retryMs = firstRetryMs
      } catch (error) {
        this.#options.observer?.failed()
        logger.error('a certificate could not be renewed', { path: store.path, error })
        await sleep(host, retryMs, signal)
        retryMs = Math.min(retryMs * 2, maxRetryMs)
      }
    }
  }

  async #rotate(signal: AbortSignal): Promise<void> {
    const { host, logger, store, request, rotated } = this.#options
    const { certificatePem, keyPem } = await request(signal)
    const before = store.current()
    const kept = store.keep(certificatePem, keyPem, host.now())
    logger.info('a certificate has been renewed', { path: store.path })
    this.#options.observer?.rotated(before)
    rotated(kept)
  }

  stop(): void {
    this.#ended.abort()
  }
}

/** Timers hold no more than 2^31 ms. */
const maxTimerMs = 24 * 3_600_000
