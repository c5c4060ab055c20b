import { statusError } from '../../../apimachinery/status-error.ts'
import type { Host } from '../../../base/host.ts'
import type { AdmissionAttributes } from '../../admission.ts'
import type { AdmissionMetrics } from '../admission-metrics.ts'
import type { Webhook } from './webhook.ts'
import { CallingError, Rejection } from './webhook-errors.ts'

/** Of codes, so that a webhook cannot make as many series as it likes. */
const maxCode = 600

/** Counts the calls of the webhooks of one kind. */
export class WebhookMeasures {
  readonly #host: Host
  readonly #metrics: AdmissionMetrics
  /** As upstream names the kind here. */
  readonly #type: 'admit' | 'validating'

  constructor(host: Host, metrics: AdmissionMetrics, type: 'admit' | 'validating') {
    this.#host = host
    this.#metrics = metrics
    this.#type = type
  }

  /** Runs a call, and says what came of it. */
  async measure<T>(webhook: Webhook, { operation }: AdmissionAttributes, call: () => Promise<T>): Promise<T> {
    const startedMs = this.#host.monotonicMs()
    try {
      const result = await call()
      this.#observe(webhook, operation, startedMs, false, 200)
      return result
    } catch (error) {
      this.#observeError(webhook, operation, startedMs, error)
      throw error
    }
  }

  #observe({ name }: Webhook, operation: string, startedMs: number, rejected: boolean, code: number): void {
    const [type, said] = [this.#type, String(rejected)]
    this.#metrics.webhookRequests.inc([name, type, operation, String(Math.min(code, maxCode)), said])
    const seconds = (this.#host.monotonicMs() - startedMs) / 1000
    this.#metrics.webhookSeconds.observe(seconds, [name, type, operation, said])
  }

  #observeError(webhook: Webhook, operation: string, startedMs: number, error: unknown): void {
    const reject = (kind: string, code: number): void => {
      const labels = [webhook.name, this.#type, operation, kind, String(Math.min(code, maxCode))]
      this.#metrics.webhookRejections.inc(labels)
    }
    if (error instanceof CallingError) {
      const rejected = !webhook.ignoresFailures
      if (rejected && !error.canceled) reject('calling_webhook_error', error.code)
      this.#observe(webhook, operation, startedMs, rejected, error.code)
    } else if (error instanceof Rejection) {
      reject('no_error', error.status.code)
      this.#observe(webhook, operation, startedMs, true, error.status.code)
    } else {
      reject('apiserver_internal_error', 0)
      this.#observe(webhook, operation, startedMs, true, 0)
    }
  }

  failedOpen({ name }: Webhook): void {
    this.#metrics.webhookFailOpen.inc([name, this.#type])
  }
}

/** What a client is told whose request took too long while a webhook was waited for. */
export const requestTimedOut = () =>
  statusError('Timeout', 'request did not complete within requested timeout', {})
