import { createPublicKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import type { OutsideAnswer, OutsideCaller, OutsideRequest } from '../../outside/outside-caller.ts'

const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')

/** An OpenID Connect issuer for tests: signs tokens, and answers where its configuration and keys are. */
export class TestIssuer implements OutsideCaller {
  readonly url: string
  readonly asked: string[] = []
  /** Answers of other servers, by their URL. */
  readonly others = new Map<string, string>()
  /** From a URL to another one. */
  readonly redirects = new Map<string, string>()
  /** Of the requests, in their order. */
  readonly tokens: (string | undefined)[] = []
  /** Of the keys' answer. */
  cacheControl: string | undefined
  /** False: nobody answers. */
  isUp = true
  #keys: { readonly id: string; readonly key: KeyObject }[] = []

  constructor(url: string) {
    this.url = url
    this.addKey('one')
  }

  addKey(id: string): void {
    this.#keys.push({ id, key: generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey })
  }

  /** With the latest key; `header` may say something else. */
  token(claims: object, header: object = {}): string {
    const latest = this.#keys.at(-1)
    if (latest === undefined) throw new Error('the issuer has no key')
    const text = `${part({ alg: 'ES256', kid: latest.id, ...header })}.${part(claims)}`
    const signature = sign('sha256', Buffer.from(text), { key: latest.key, dsaEncoding: 'ieee-p1363' })
    return `${text}.${signature.toString('base64url')}`
  }

  #document(url: string): string | undefined {
    if (url === `${this.url}/.well-known/openid-configuration`)
      return JSON.stringify({ issuer: this.url, jwks_uri: `${this.url}/keys` })
    if (url !== `${this.url}/keys`) return this.others.get(url)
    const keys = this.#keys.map(({ id, key }) => ({
      ...createPublicKey(key).export({ format: 'jwk' }),
      ...{ kid: id, use: 'sig', alg: 'ES256' },
    }))
    return JSON.stringify({ keys })
  }

  async call({ url, bearerToken }: OutsideRequest): Promise<OutsideAnswer> {
    this.asked.push(url)
    this.tokens.push(bearerToken)
    if (!this.isUp) throw new Error('dial tcp 192.0.2.1:443: connect: connection refused')
    const location = this.redirects.get(url)
    if (location !== undefined)
      return { status: 302, header: (name) => (name === 'location' ? location : undefined), text: '' }
    const text = this.#document(url)
    const header = (name: string): string | undefined =>
      name === 'cache-control' ? this.cacheControl : undefined
    return { status: text === undefined ? 404 : 200, header, text: text ?? 'not found' }
  }

  close(): void {}
}
