import { errorOfAnswer } from '../../apimachinery/error-of-answer.ts'
import { decodeBase64 } from '../../base/base64.ts'
import { defined } from '../../base/defined.ts'
import { jsonText } from '../../base/json-text.ts'
import { messageOf } from '../../base/message-of.ts'
import { resolveService, type ServiceResolver } from '../aggregation/resolve-service.ts'
import type { BackendAddress, BackendConnector, BackendRequest } from '../connect/backend.ts'
import { readText } from '../connect/backend-error.ts'
import type { WebhookCredentials } from './webhook-credentials.ts'

/** Where a webhook is, as definitions and webhook configurations say it. */
export interface WebhookAddress {
  /** PEM of its authorities, in base64; absent or blank: the system's. */
  readonly caBundle?: string
  readonly service?: {
    readonly namespace: string
    readonly name: string
    readonly port?: number
    readonly path?: string
  }
  readonly url?: string
}

export interface WebhookOptions extends ServiceResolver {
  readonly connector: BackendConnector
  /** What webhooks are shown; nothing where absent. */
  readonly credentials?: WebhookCredentials | undefined
}

interface Target {
  /** Of its address, as it is configured. */
  readonly port: number
  /** Throws an Error that says why there is no such server now. */
  readonly resolve: () => Pick<BackendAddress, 'host' | 'port'>
  /** As its certificate names it. */
  readonly name: string
  readonly path: string
  /** As errors name it, in front of the path. */
  readonly origin: string
}

interface Answer {
  readonly status: number
  readonly contentType: string
  readonly text: string
}

/** Of an answer. */
const maxAnswerBytes = 64 * 2 ** 20
const late = 'context deadline exceeded'
const encoder = new TextEncoder()

function pemOf(caBundle: string): string | undefined {
  const pem = new TextDecoder().decode(decodeBase64(caBundle))
  return pem.trim() === '' ? undefined : pem
}

/** As client-go joins a path: no empty steps, none that lead back, and no slash at the end. */
function cleanPath(path: string): string {
  const steps: string[] = []
  for (const step of path.split('/')) {
    if (step === '..') steps.pop()
    else if (step !== '' && step !== '.') steps.push(step)
  }
  return `/${steps.join('/')}`
}

function serviceTarget(service: NonNullable<WebhookAddress['service']>, options: WebhookOptions): Target {
  const { name, namespace, port = 443, path = '' } = service
  const serverName = `${name}.${namespace}.svc`
  return {
    name: serverName,
    port,
    path: cleanPath(path),
    origin: `https://${serverName}:${port}`,
    resolve: () => resolveService(options, { name, namespace, port }),
  }
}

function urlTarget(url: string): Target {
  const [, origin = '', host = '', port = '443', path = ''] =
    /^(https:\/\/(\[[^\]]*\]|[^:/?#]*)(?::(\d+))?)(.*)$/.exec(url) ?? []
  const name = host.replace(/^\[|\]$/g, '')
  const address = { host: name, port: Number(port) }
  return { name, port: address.port, path: cleanPath(path), origin, resolve: () => address }
}

/** What goes on while a webhook is asked. */
export interface PostOptions {
  /** Nobody waits for the answer any more. */
  readonly cancelled?: AbortSignal
  readonly flawed?: BackendRequest['flawed']
}

/** One webhook (https://kubernetes.io/docs/reference/access-authn-authz/extensible-admission-controllers/#contacting-the-webhook). */
export class WebhookClient {
  readonly #target: Target
  readonly #authorityPem: string | undefined
  readonly #options: WebhookOptions

  constructor(address: WebhookAddress, options: WebhookOptions) {
    const { service, url = '', caBundle = '' } = address
    this.#target = service === undefined ? urlTarget(url) : serviceTarget(service, options)
    this.#authorityPem = pemOf(caBundle)
    this.#options = options
  }

  /** As its certificate names it. */
  get host(): string {
    return this.#target.name
  }

  /** Posts a review and gives what the answer's JSON says. Rejects with an Error in upstream's words, after `timeoutSeconds` at the latest: a StatusError where the answer is one. */
  async post(
    review: object,
    timeoutSeconds: number,
    { cancelled, flawed }: PostOptions = {},
  ): Promise<unknown> {
    const { host } = this.#options
    const stop = new AbortController()
    const { signal } = stop
    const timer = host.schedule(timeoutSeconds * 1000, () => stop.abort(new Error(late)))
    const giveUp = (): void => stop.abort(new Error('context canceled'))
    const target = `${this.#target.path}?timeout=${timeoutSeconds}s`
    let answer: Answer
    try {
      if (cancelled?.aborted) giveUp()
      cancelled?.addEventListener('abort', giveUp, { once: true })
      answer = await host.track(this.#send(target, jsonText(review), signal, flawed))
    } catch (error) {
      const why = messageOf(signal.aborted ? signal.reason : error)
      throw new Error(`Post ${JSON.stringify(`${this.#target.origin}${target}`)}: ${why}`, { cause: error })
    } finally {
      timer.cancel()
      cancelled?.removeEventListener('abort', giveUp)
    }
    if (answer.status >= 400) throw errorOfAnswer(answer.status, answer.text, answer.contentType)
    return JSON.parse(answer.text)
  }

  async #send(
    target: string,
    text: string,
    signal: AbortSignal,
    flawed: BackendRequest['flawed'],
  ): Promise<Answer> {
    const { resolve, name, port } = this.#target
    const body = encoder.encode(text)
    const { certificate = 'none', authorization } = this.#options.credentials?.(name, port) ?? {}
    const trust = {
      serverName: name,
      authorityPem: this.#authorityPem,
      verify: true,
      client: certificate,
    } as const
    const response = await this.#options.connector.request({
      address: { scheme: 'https', ...resolve(), trust },
      method: 'POST',
      target,
      headers: [
        ['host', name],
        ['content-type', 'application/json'],
        ['accept', 'application/json, */*'],
        ['content-length', String(body.length)],
        ...(authorization === undefined ? [] : [['authorization', authorization] as const]),
      ],
      body,
      signal,
      ...defined({ flawed }),
    })
    const { status, headers } = response
    const contentType = headers.find(([header]) => header.toLowerCase() === 'content-type')?.[1] ?? ''
    return { status, contentType, text: await readText(response.body, maxAnswerBytes) }
  }
}
