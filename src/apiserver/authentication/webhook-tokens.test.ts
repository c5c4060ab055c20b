import { beforeEach, describe, expect, it } from 'vitest'
import { silentLogger } from '../../base/logger.ts'
import { PrometheusMetrics } from '../../base/prometheus.ts'
import type { VirtualHost } from '../../base/virtual-host.ts'
import { testHost } from '../../client/testing/test-host.ts'
import type { OutsideRequest } from '../outside/outside-caller.ts'
import { CachedTokens } from './cached-tokens.ts'
import { WebhookTokens } from './webhook-tokens.ts'

let host: VirtualHost
let sent: OutsideRequest[]
let reply: { readonly status: number; readonly body: object }
beforeEach(() => {
  host = testHost()
  sent = []
  reply = { status: 200, body: {} }
})

function webhook(reviewVersion: 'v1' | 'v1beta1' = 'v1'): CachedTokens {
  const caller = {
    call: async (request: OutsideRequest) => {
      sent.push(request)
      return { status: reply.status, header: () => undefined, text: JSON.stringify(reply.body) }
    },
    close: () => {},
  }
  const url = 'https://hook.test/tokens'
  const tokens = new WebhookTokens({
    ...{ host, logger: silentLogger, caller, url, reviewVersion, audiences: ['api'] },
  })
  return new CachedTokens({
    host,
    metrics: new PrometheusMetrics(),
    tokens,
    successLifeMs: 120_000,
    failureLifeMs: 120_000,
  })
}

const authenticated = (more: object = {}) => ({
  status: 200,
  body: {
    status: {
      authenticated: true,
      user: { username: 'jane', uid: 'u', groups: ['g'], extra: { k: ['v'] } },
      ...more,
    },
  },
})

describe('WebhookTokens', () => {
  it('asks whose a token is, and remembers it', async () => {
    reply = authenticated()
    const tokens = webhook()
    const user = { name: 'jane', uid: 'u', groups: ['g'], extra: { k: ['v'] } }
    expect(await tokens.authenticateToken('t', ['api'])).toEqual({ user, audiences: ['api'] })
    await tokens.authenticateToken('t', ['api'])
    expect(sent).toHaveLength(1)
    expect(sent[0]?.url).toBe('https://hook.test/tokens?timeout=30s')
    expect(JSON.parse(sent[0]?.body ?? '')).toEqual({
      ...{ kind: 'TokenReview', apiVersion: 'authentication.k8s.io/v1', metadata: {} },
      spec: { token: 't', audiences: ['api'] },
      status: { user: {} },
    })
    await host.advance(121_000)
    await tokens.authenticateToken('t', ['api'])
    await tokens.authenticateToken('other', ['api'])
    expect(sent).toHaveLength(3)
  })

  it('keeps to the audiences that the webhook names, or to the server’s own', async () => {
    reply = authenticated({ audiences: ['vault'] })
    expect(await webhook().authenticateToken('t', ['api'])).toBeUndefined()
    expect((await webhook().authenticateToken('t', ['api', 'vault']))?.audiences).toEqual(['vault'])
    reply = authenticated()
    expect(await webhook().authenticateToken('t', ['vault'])).toBeUndefined()
  })

  it('remembers whom nobody knows, and no errors', async () => {
    reply = { status: 200, body: { status: { authenticated: false } } }
    const tokens = webhook('v1beta1')
    for (let asked = 0; asked < 2; asked++) await tokens.authenticateToken('t', ['api'])
    expect(sent).toHaveLength(1)
    reply = { status: 200, body: { status: { authenticated: false, error: 'revoked' } } }
    for (let asked = 0; asked < 2; asked++)
      await expect(tokens.authenticateToken('u', ['api'])).rejects.toThrow('revoked')
    expect(sent).toHaveLength(3)
    reply = { status: 403, body: {} }
    await expect(tokens.authenticateToken('v', ['api'])).rejects.toThrow('{}')
  })
})
