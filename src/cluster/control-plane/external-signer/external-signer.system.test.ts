import { createPublicKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Server, ServerCredentials } from '@grpc/grpc-js'
import protobuf from 'protobufjs'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { createMetrics } from '../../../base/host/metrics.ts'
import { realHost } from '../../../base/host/real-host.ts'
import { silentLogger } from '../../../base/logger.ts'
import { createHttpsTransport } from '../../../client/https/https-transport.ts'
import { createAuthority, generateKey, issueCertificate } from '../../pki/certificate.ts'
import { serveApiOfFlags } from '../../testing/serve-api-of-flags.ts'
import { type ExternalSigner, startExternalSigner } from './external-signer.ts'

const proto = `syntax = "proto3";
message Timestamp { int64 seconds = 1; }
message SignRequest { string claims = 1; }
message SignResponse { string header = 1; string signature = 2; }
message Key { string id = 1; bytes key = 2; bool excluded = 3; }
message FetchKeysResponse { repeated Key keys = 1; Timestamp at = 2; int64 hint = 3; }
message MetadataResponse { int64 most = 1; }
`
const { root } = protobuf.parse(proto)
const encoded = (type: string, value: object): Buffer =>
  Buffer.from(root.lookupType(type).encode(root.lookupType(type).fromObject(value)).finish())

/** A signer as another program is one. */
class TestSigner {
  readonly keys: { readonly id: string; readonly key: KeyObject; excluded: boolean }[] = []
  readonly server = new Server()
  header: object = {}
  fetches = 0

  add(id: string, namedCurve = 'P-256'): void {
    this.keys.push({ id, key: generateKeyPairSync('ec', { namedCurve }).privateKey, excluded: false })
  }

  #sign(request: Buffer): Buffer {
    const { claims } = root.lookupType('SignRequest').toObject(root.lookupType('SignRequest').decode(request))
    const latest = this.keys.at(-1)
    if (latest === undefined) throw new Error('there is no key')
    const is384 = latest.key.asymmetricKeyDetails?.namedCurve === 'secp384r1'
    const fields = { alg: is384 ? 'ES384' : 'ES256', kid: latest.id, typ: 'JWT', ...this.header }
    const header = Buffer.from(JSON.stringify(fields)).toString('base64url')
    const key = { key: latest.key, dsaEncoding: 'ieee-p1363' } as const
    const signature = sign(is384 ? 'sha384' : 'sha256', Buffer.from(`${header}.${claims}`), key)
    return encoded('SignResponse', { header, signature: signature.toString('base64url') })
  }

  #fetched(): Buffer {
    this.fetches++
    const keys = this.keys.map(({ id, key, excluded }) => ({
      ...{ id, excluded },
      key: createPublicKey(key).export({ type: 'spki', format: 'der' }),
    }))
    return encoded('FetchKeysResponse', {
      keys,
      at: { seconds: 1_700_000_000 + this.keys.length },
      hint: 600,
    })
  }

  async listen(socket: string): Promise<void> {
    const answers: Record<string, (request: Buffer) => Buffer> = {
      Sign: (request) => this.#sign(request),
      FetchKeys: () => this.#fetched(),
      Metadata: () => encoded('MetadataResponse', { most: 7200 }),
    }
    const same = (value: Buffer): Buffer => value
    const methods = Object.keys(answers).map((name) => [
      name,
      {
        ...{
          path: `/v1.ExternalJWTSigner/${name}`,
          requestStream: false as const,
          responseStream: false as const,
        },
        ...{
          requestSerialize: same,
          requestDeserialize: same,
          responseSerialize: same,
          responseDeserialize: same,
        },
      },
    ])
    const handlers = Object.entries(answers).map(([name, answer]) => [
      name,
      (call: { request: Buffer }, callback: (error: null, value: Buffer) => void) =>
        callback(null, answer(call.request)),
    ])
    this.server.addService(Object.fromEntries(methods), Object.fromEntries(handlers))
    await new Promise<void>((resolve, reject) => {
      this.server.bindAsync(`unix:${socket}`, ServerCredentials.createInsecure(), (error) =>
        error === null ? resolve() : reject(error),
      )
    })
  }
}

const life = { notBeforeMs: Date.now() - 60_000, notAfterMs: Date.now() + 3_600_000 }
const authority = createAuthority(generateKey(), { subject: { commonName: 'clients' }, ...life })
const admin = issueCertificate(authority, {
  ...{ subject: { commonName: 'admin', organizations: ['system:masters'] }, usages: ['client'], ...life },
})
const stops: (() => Promise<void> | void)[] = []
const signer = new TestSigner()
let folder: string
let external: ExternalSigner
let port: number

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'timonel-signer-'))
  const endpoint = join(folder, 'signer.sock')
  signer.add('one')
  await signer.listen(endpoint)
  stops.push(() => signer.server.forceShutdown())
  const common = { host: realHost, logger: silentLogger, metrics: createMetrics() }
  external = await startExternalSigner({ ...common, endpoint, maxLifeMs: 0, stops })
  writeFileSync(join(folder, 'ca.crt'), authority.certificatePem)
  const flags = [
    ...[`--cert-dir=${folder}`, '--authorization-mode=RBAC'],
    ...['--service-account-issuer=https://issuer.example', `--client-ca-file=${folder}/ca.crt`],
    `--service-account-signing-endpoint=${endpoint}`,
  ]
  port = await serveApiOfFlags(flags, stops, external)
})
afterAll(async () => {
  for (const stop of stops.reverse()) await stop()
  rmSync(folder, { recursive: true, force: true })
})

async function call(method: 'GET' | 'POST', path: string, token?: string, body?: object): Promise<unknown> {
  const transport = createHttpsTransport({
    ...{ host: realHost, server: `https://127.0.0.1:${port}`, insecureSkipTlsVerify: true },
    ...(token === undefined
      ? { clientCertificate: admin.certificatePem, clientKey: admin.keyPem }
      : { token }),
  })
  try {
    return (await transport.request({ method, path, ...(body === undefined ? {} : { body }) })).body
  } finally {
    await transport.close()
  }
}

const accounts = '/api/v1/namespaces/kube-system/serviceaccounts'

async function token(): Promise<string> {
  const request = {
    apiVersion: 'authentication.k8s.io/v1',
    kind: 'TokenRequest',
    spec: { expirationSeconds: 9000 },
  }
  const answer = await call('POST', `${accounts}/signed/token`, undefined, request)
  expect(answer).toMatchObject({ spec: { expirationSeconds: 7200 } })
  return (answer as { status: { token: string } }).status.token
}

const review = (text: string): Promise<unknown> =>
  call('POST', '/apis/authentication.k8s.io/v1/tokenreviews', undefined, {
    ...{ apiVersion: 'authentication.k8s.io/v1', kind: 'TokenReview', spec: { token: text } },
  })

it('an external signer signs tokens, and its keys verify and are published', async () => {
  await call('POST', accounts, undefined, {
    ...{ apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'signed' } },
  })
  const first = await token()
  expect(await review(first)).toMatchObject({
    status: { authenticated: true, user: { username: 'system:serviceaccount:kube-system:signed' } },
  })
  const published = await call('GET', '/openid/v1/jwks')
  expect(published).toMatchObject({ keys: [{ kid: 'one', alg: 'ES256', use: 'sig' }] })
})

it('keys that are new are asked for, and those that are gone verify nothing more', async () => {
  const first = await token()
  signer.add('two', 'P-384')
  const second = await token()
  expect(await review(second)).toMatchObject({ status: { authenticated: true } })
  expect(await call('GET', '/.well-known/openid-configuration')).toMatchObject({
    id_token_signing_alg_values_supported: ['ES256', 'ES384'],
  })
  signer.keys.shift()
  signer.add('three')
  await token()
  expect(await review(first)).toMatchObject({
    status: { error: expect.stringContaining('invalid signature') },
  })
})

it('a signer that signs with what it must not gives no token', async () => {
  const latest = signer.keys.at(-1)
  if (latest === undefined) throw new Error('there is no key')
  for (const [header, why] of [
    [{ alg: 'none' }, 'bad signing algorithm "none"'],
    [{ typ: 'at+jwt' }, 'bad type'],
    [{ kid: '' }, 'key id missing'],
    [{ jku: 'https://elsewhere.example' }, 'unknown field "jku"'],
  ] as const) {
    signer.header = header
    await expect(token()).rejects.toThrow(why)
  }
  signer.header = {}
  latest.excluded = true
  signer.add('four')
  await token()
  signer.keys.pop()
  await expect(token()).rejects.toThrow('excluded from OIDC discovery docs')
})
