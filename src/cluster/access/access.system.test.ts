import { createPublicKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { stringify } from 'yaml'
import { createAuthority, generateKey, issueCertificate, privateKeyPem } from '../pki/certificate.ts'
import { codeOf } from '../testing/code-of.ts'
import { serveApiOfFlags } from '../testing/serve-api-of-flags.ts'

const life = { notBeforeMs: Date.now() - 60_000, notAfterMs: Date.now() + 3_600_000 }
const authority = createAuthority(generateKey(), { subject: { commonName: 'outside' }, ...life })
const stops: (() => Promise<void> | void)[] = []
const issuerKey: KeyObject = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey

let folder: string
let outside: Server
let port: number
let api: string
/** Users whom the webhook allows everything. */
const allowed = new Set<string>()
const asked: string[] = []

/** Both the webhook and the issuer. */
function answer(url: string, body: string): object {
  const issuer = `https://127.0.0.1:${(outside.address() as AddressInfo).port}`
  if (url.startsWith('/.well-known')) return { issuer, jwks_uri: `${issuer}/keys` }
  if (url === '/keys') {
    const key = createPublicKey(issuerKey).export({ format: 'jwk' })
    return { keys: [{ ...key, kid: 'one', use: 'sig' }] }
  }
  const { spec } = JSON.parse(body)
  if (url.startsWith('/tokens'))
    return { status: { authenticated: spec.token === 'opaque', user: { username: 'of-webhook' } } }
  asked.push(spec.user)
  return { status: { allowed: allowed.has(spec.user), reason: 'as the webhook says' } }
}

const text = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')

function token(claims: object): string {
  const signed = `${text({ alg: 'RS256', kid: 'one' })}.${text(claims)}`
  return `${signed}.${sign('sha256', Buffer.from(signed), issuerKey).toString('base64url')}`
}

const write = (name: string, contents: string | object): string => {
  const file = join(folder, name)
  writeFileSync(file, typeof contents === 'string' ? contents : stringify(contents))
  return file
}

const kubeconfig = (name: string, path: string): string =>
  write(name, {
    clusters: [
      {
        name: 'c',
        cluster: {
          server: `https://127.0.0.1:${port}${path}`,
          'certificate-authority-data': Buffer.from(authority.certificatePem).toString('base64'),
        },
      },
    ],
    users: [{ name: 'u', user: {} }],
    contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
    'current-context': 'x',
  })

const version = 'apiserver.config.k8s.io/v1'

function writeAuthorization(...conditions: readonly string[]): string {
  const webhook = {
    ...{ timeout: '3s', subjectAccessReviewVersion: 'v1', failurePolicy: 'NoOpinion' },
    matchConditionSubjectAccessReviewVersion: 'v1',
    connectionInfo: { type: 'KubeConfigFile', kubeConfigFile: join(folder, 'authorize.conf') },
    matchConditions: conditions.map((expression) => ({ expression })),
    unauthorizedTTL: '1ms',
  }
  const authorizers = [
    { type: 'Webhook', name: 'outside', webhook },
    { type: 'RBAC', name: 'rbac' },
  ]
  return write('authorization.yaml', { apiVersion: version, kind: 'AuthorizationConfiguration', authorizers })
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'timonel-access-'))
  const shown = issueCertificate(authority, {
    ...{ subject: { commonName: 'outside' }, usages: ['server'], names: ['127.0.0.1'], ...life },
  })
  outside = createServer({ cert: shown.certificatePem, key: shown.keyPem }, (request, response) => {
    let body = ''
    request.on('data', (chunk) => {
      body += chunk
    })
    request.on('end', () => response.end(JSON.stringify(answer(request.url ?? '', body))))
  })
  await new Promise<void>((resolve) => outside.listen(0, '127.0.0.1', resolve))
  port = (outside.address() as AddressInfo).port
  kubeconfig('authorize.conf', '/authorize')
  const authentication = {
    ...{ apiVersion: version, kind: 'AuthenticationConfiguration' },
    jwt: [
      {
        issuer: {
          ...{ url: `https://127.0.0.1:${port}`, audiences: ['timonel'] },
          certificateAuthority: authority.certificatePem,
        },
        claimMappings: { username: { expression: "'login:' + claims.sub" } },
      },
    ],
    anonymous: { enabled: true, conditions: [{ path: '/livez' }] },
  }
  const flags = [
    `--cert-dir=${folder}`,
    '--service-account-issuer=https://kubernetes.default.svc',
    `--service-account-key-file=${folder}/sa.key`,
    `--service-account-signing-key-file=${write('sa.key', privateKeyPem(generateKey()))}`,
    `--authorization-config=${writeAuthorization("request.user.startsWith('login:')")}`,
    `--authentication-config=${write('authentication.yaml', authentication)}`,
    `--authentication-token-webhook-config-file=${kubeconfig('tokens.conf', '/tokens')}`,
    '--authentication-token-webhook-version=v1',
  ]
  api = `https://127.0.0.1:${await serveApiOfFlags(flags, stops)}`
})
afterAll(async () => {
  for (const stop of stops.reverse()) await stop()
  outside?.closeAllConnections()
  outside?.close()
  rmSync(folder, { recursive: true, force: true })
})

const jane = (): string =>
  token({
    ...{ iss: `https://127.0.0.1:${port}`, aud: 'timonel', sub: 'jane' },
    exp: Math.floor(Date.now() / 1000) + 600,
  })

it('an issuer’s tokens, a webhook’s tokens and a webhook’s decisions count, over real connections', async () => {
  await vi.waitFor(async () => expect(await codeOf(api, '/api/v1/namespaces', jane())).toBe(403), 10_000)
  expect(asked).toContain('login:jane')
  allowed.add('login:jane')
  await vi.waitFor(async () => expect(await codeOf(api, '/api/v1/namespaces', jane())).toBe(200), 5_000)
  expect(await codeOf(api, '/api/v1/namespaces', `${jane()}x`)).toBe(401)
  expect(await codeOf(api, '/version', 'opaque')).toBe(200)
  expect(await codeOf(api, '/api/v1/namespaces', 'opaque')).toBe(403)
  expect(asked).not.toContain('of-webhook')
  expect(await codeOf(api, '/api/v1/namespaces', 'unknown')).toBe(401)
  expect(await codeOf(api, '/livez')).toBe(200)
  expect(await codeOf(api, '/version')).toBe(401)
})

it('a changed AuthorizationConfiguration counts without a restart', async () => {
  allowed.add('of-webhook')
  writeAuthorization('true')
  await vi.waitFor(async () => expect(await codeOf(api, '/api/v1/namespaces', 'opaque')).toBe(200), 5_000)
})
