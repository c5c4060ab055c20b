import type { ServerResponse } from 'node:http'
import { createServer, type Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import { json } from 'node:stream/consumers'
import { createAuthority, generateKey, issueCertificate } from '../../../src/cluster/pki/certificate.ts'
import type { Json } from './api.ts'

/** What a webhook is shown. */
export interface Review {
  readonly uid: string
  readonly operation: string
  readonly kind: { readonly kind: string; readonly version: string }
  readonly namespace?: string
  readonly name?: string
  readonly object: Readonly<Record<string, unknown>> | null
  readonly oldObject: Readonly<Record<string, unknown>> | null
  /** Of a conversion. */
  readonly desiredAPIVersion?: string
  readonly objects?: readonly Json[]
}

/** Gives the response, without its uid. */
export type Hook = (review: Review) => object | Promise<object>

/** Writes a response to a review of that type. */
export type Answer = (
  response: ServerResponse,
  review: Review,
  type: { readonly apiVersion: string; readonly kind: string },
) => unknown

export interface HookClient {
  readonly url: string
  readonly caBundle: string
}

const hourMs = 3_600_000

/** Base64 of a JSON patch, and its type. */
export const patchOf = (...operations: readonly object[]): object => ({
  allowed: true,
  patch: Buffer.from(JSON.stringify(operations)).toString('base64'),
  patchType: 'JSONPatch',
})

export const deny = (message: string): object => ({ allowed: false, status: { message } })
export const allow: object = { allowed: true }

/** A server of webhooks on this machine, each at a path of its own. */
export class WebhookServer {
  readonly #answers = new Map<string, Answer>()
  readonly #server: Server
  readonly #caBundle: string

  constructor() {
    const validity = { notBeforeMs: Date.now() - hourMs, notAfterMs: Date.now() + hourMs }
    const authority = createAuthority(generateKey(), { subject: { commonName: 'webhooks' }, ...validity })
    const { certificatePem: cert, keyPem: key } = issueCertificate(authority, {
      subject: { commonName: 'webhooks' },
      usages: ['server'],
      names: ['127.0.0.1'],
      ...validity,
    })
    this.#caBundle = Buffer.from(authority.certificatePem).toString('base64')
    this.#server = createServer({ cert, key }, async (request, response) => {
      const {
        apiVersion,
        kind,
        request: review,
      } = (await json(request)) as {
        readonly apiVersion: string
        readonly kind: string
        readonly request: Review
      }
      const answer = this.#answers.get(request.url?.split('?')[0] ?? '')
      if (answer === undefined) response.writeHead(404).end()
      else await answer(response, review, { apiVersion, kind })
    })
  }

  start(): Promise<void> {
    return new Promise((resolve) => this.#server.listen(0, '127.0.0.1', resolve))
  }

  stop(): void {
    this.#server.closeAllConnections()
    this.#server.close()
  }

  /** Serves a webhook; gives what its configuration says of its client. */
  serve(path: string, hook: Hook): HookClient {
    return this.serveRaw(path, async (response, review, type) => {
      response.end(JSON.stringify({ ...type, response: { uid: review.uid, ...(await hook(review)) } }))
    })
  }

  /** Serves one that answers what it likes. */
  serveRaw(path: string, answer: Answer): HookClient {
    this.#answers.set(path, answer)
    const { port } = this.#server.address() as AddressInfo
    return { url: `https://127.0.0.1:${port}${path}`, caBundle: this.#caBundle }
  }
}
