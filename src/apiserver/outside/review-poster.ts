import { errorOfAnswer } from '../../apimachinery/error-of-answer.ts'
import { goQuote } from '../../apimachinery/go-text.ts'
import { StatusError } from '../../apimachinery/status-error.ts'
import type { Host } from '../../base/host.ts'
import { jsonText } from '../../base/json-text.ts'
import { messageOf } from '../../base/message-of.ts'
import { sleep } from '../../base/sleep.ts'
import type { OutsideAnswer, OutsideCaller } from './outside-caller.ts'

/** What an attempt came to. */
export type AttemptResult = 'success' | 'timeout' | 'error'

export interface ReviewPosterOptions {
  readonly host: Host
  readonly caller: OutsideCaller
  /** Where reviews are posted to, as it is. */
  readonly url: string
  /** Of one attempt. */
  readonly timeoutMs: number
  /** Upstream's `DefaultAuthWebhookRetryBackoff` where absent. */
  readonly firstDelayMs?: number
  /** Which errors another attempt may mend; where absent those that are passing. */
  readonly mayRetry?: (error: unknown) => boolean
  /** Of each attempt, with how long it took. */
  readonly observe?: (result: AttemptResult, seconds: number) => void
}

/** Delays of 0.5 s, and half as much again each time, up to a fifth longer. */
const attempts = 5
const defaultFirstDelayMs = 500
const delayFactor = 1.5
const jitter = 0.2

class TimedOut extends Error {
  override readonly name = 'TimedOut'
}

const isTimeout = (error: unknown): boolean =>
  error instanceof TimedOut || (error instanceof StatusError && error.code === 504)

/** What another attempt may mend. */
function isPassing(error: unknown): boolean {
  if (!(error instanceof StatusError)) {
    return (
      error instanceof Error &&
      error.cause instanceof Error &&
      Reflect.get(error.cause, 'code') === 'ECONNRESET'
    )
  }
  const { reason, code, status } = error
  if (reason === 'InternalError' || reason === 'Timeout' || code === 429) return true
  return (status.details?.retryAfterSeconds ?? 0) > 0
}

/** Go's text of a whole number of seconds or milliseconds. */
const goTimeout = (ms: number): string => (ms % 1000 === 0 ? `${ms / 1000}s` : `${ms}ms`)

/** Posts reviews to a webhook that a kubeconfig names. */
export class ReviewPoster {
  readonly #options: ReviewPosterOptions
  readonly #url: string

  constructor(options: ReviewPosterOptions) {
    this.#options = options
    const { url, timeoutMs } = options
    this.#url = `${url}${url.includes('?') ? '&' : '?'}timeout=${goTimeout(timeoutMs)}`
  }

  /** What the answer's JSON says. Rejects with an Error in upstream's words: a StatusError where the answer is one. */
  async post(review: object): Promise<unknown> {
    return JSON.parse(await this.#post(review))
  }

  /** Where nobody reads the answer. */
  async tell(review: object): Promise<void> {
    await this.#post(review)
  }

  async #post(review: object): Promise<string> {
    const { host, firstDelayMs = defaultFirstDelayMs, mayRetry = isPassing } = this.#options
    const body = jsonText(review)
    let delayMs = firstDelayMs
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#attempt(body)
      } catch (error) {
        if (attempt === attempts || !mayRetry(error)) throw error
      }
      await sleep(host, delayMs * (1 + host.random() * jitter))
      delayMs *= delayFactor
    }
  }

  async #attempt(body: string): Promise<string> {
    const { host, observe } = this.#options
    const startedMs = host.monotonicMs()
    const observed = (result: AttemptResult): void =>
      observe?.(result, (host.monotonicMs() - startedMs) / 1000)
    try {
      const answer = contentsOf(await this.#send(body))
      observed('success')
      return answer
    } catch (error) {
      observed(isTimeout(error) ? 'timeout' : 'error')
      throw error
    }
  }

  async #send(body: string): Promise<OutsideAnswer> {
    const { host, caller, timeoutMs } = this.#options
    const timeout = new AbortController()
    const timer = host.schedule(timeoutMs, () => timeout.abort())
    const where = `Post ${goQuote(this.#url)}: `
    try {
      const { signal } = timeout
      return await host.track(caller.call({ method: 'POST', url: this.#url, body, signal }))
    } catch (error) {
      if (timeout.signal.aborted) throw new TimedOut(`${where}context deadline exceeded`)
      throw new Error(where + messageOf(error), { cause: error })
    } finally {
      timer.cancel()
    }
  }
}

function contentsOf(answer: OutsideAnswer): string {
  const { status, text } = answer
  if (status < 200 || status >= 300) {
    const error = errorOfAnswer(status, text, answer.header('content-type'))
    const retryAfterSeconds = Number(answer.header('retry-after') ?? Number.NaN)
    if (!Number.isInteger(retryAfterSeconds)) throw error
    const details = { ...error.status.details, retryAfterSeconds }
    throw new StatusError({ ...error.status, details })
  }
  return text
}
