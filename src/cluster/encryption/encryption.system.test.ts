import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { stringify } from 'yaml'
import type { KubernetesObject } from '../../apimachinery/meta.ts'
import type { Transport } from '../../apimachinery/transport.ts'
import { realHost } from '../../base/host/real-host.ts'
import { createHttpsTransport } from '../../client/https/https-transport.ts'
import { type EtcdStorage, openEtcdStorage } from '../../storage/etcd/etcd-storage.ts'
import { EtcdProcess, whyNoEtcd } from '../../storage/etcd/testing/etcd-process.ts'
import { generateKey, privateKeyPem } from '../pki/certificate.ts'
import { serveApiOfFlags } from '../testing/serve-api-of-flags.ts'

const secrets = '/api/v1/namespaces/default/secrets'

let etcd: EtcdProcess
let raw: EtcdStorage
let folder: string
let client: Transport
let stop: () => Promise<void> = async () => {}

beforeAll(async () => {
  if (whyNoEtcd !== '') return
  etcd = await EtcdProcess.start()
  raw = await openEtcdStorage({ host: realHost, servers: etcd.servers })
})
afterAll(async () => {
  await raw?.close()
  await etcd?.dispose()
})
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'timonel-encryption-'))
})
afterEach(async () => {
  await stop()
  rmSync(folder, { recursive: true, force: true })
})

const providerOf = (name: string): object =>
  name === 'identity'
    ? { identity: {} }
    : { aescbc: { keys: [{ name, secret: Buffer.alloc(32, name).toString('base64') }] } }

function configure(...names: readonly string[]): string {
  const resources = [{ resources: ['secrets'], providers: names.map(providerOf) }]
  const kind = { apiVersion: 'apiserver.config.k8s.io/v1', kind: 'EncryptionConfiguration' }
  writeFileSync(join(folder, 'encryption.yaml'), stringify({ ...kind, resources }))
  return `--encryption-provider-config=${join(folder, 'encryption.yaml')}`
}

/** An API server over the same etcd as the ones before it. */
async function restart(...flags: readonly string[]): Promise<void> {
  await stop()
  writeFileSync(join(folder, 'sa.key'), privateKeyPem(generateKey()))
  writeFileSync(join(folder, 'tokens.csv'), 'admin,admin,admin,system:masters\n')
  const stops: (() => Promise<void> | void)[] = []
  stop = async () => {
    for (const each of stops.splice(0).reverse()) await each()
  }
  const all = [
    `--cert-dir=${folder}`,
    ...[`--etcd-servers=${etcd.servers.urls.join(',')}`, `--etcd-cafile=${etcd.folder}/ca.pem`],
    ...[`--etcd-certfile=${etcd.folder}/client.pem`, `--etcd-keyfile=${etcd.folder}/client-key.pem`],
    '--service-account-issuer=https://kubernetes.default.svc',
    ...[`--service-account-key-file=${folder}/sa.key`, `--service-account-signing-key-file=${folder}/sa.key`],
    ...[`--token-auth-file=${folder}/tokens.csv`, '--authorization-mode=RBAC', ...flags],
  ]
  const server = `https://127.0.0.1:${await serveApiOfFlags(all, stops)}`
  client = createHttpsTransport({ host: realHost, server, insecureSkipTlsVerify: true, token: 'admin' })
  stops.push(() => client.close())
}

/** The object that is answered, or what the error says. */
const call = (method: 'GET' | 'POST' | 'PUT', path: string, body?: KubernetesObject): Promise<unknown> =>
  client.request({ method, path, ...(body === undefined ? {} : { body }) }).then(
    (answer) => answer.body,
    (error: Error) => error.message,
  )

const storedAs = async (path: string): Promise<string> =>
  new TextDecoder('latin1').decode((await raw.get(`/registry/${path}`))?.value)

const secret = (name: string): KubernetesObject & { stringData: object } => ({
  ...{ apiVersion: 'v1', kind: 'Secret', metadata: { name } },
  stringData: { password: 'hunter2' },
})
const password = { data: { password: Buffer.from('hunter2').toString('base64') } }

describe.skipIf(whyNoEtcd !== '')(`an API server on a real etcd ${whyNoEtcd}`, () => {
  test('encrypts, takes another key, and writes anew what an update leaves as it is', async () => {
    await restart()
    await vi.waitFor(async () => expect(await call('GET', '/api/v1/namespaces/default')).toBeTypeOf('object'))
    await call('POST', secrets, secret('plain'))
    expect(await storedAs('secrets/default/plain')).toContain(password.data.password)

    await restart(configure('one', 'identity'))
    await call('POST', secrets, secret('first'))
    expect(await storedAs('secrets/default/first')).toMatch(/^k8s:enc:aescbc:v1:one:(?!.*password)/s)
    expect(await call('GET', `${secrets}/plain`)).toMatchObject(password)

    await restart(configure('two', 'one', 'identity'))
    for (const name of ['plain', 'first']) {
      const known = (await call('GET', `${secrets}/${name}`)) as KubernetesObject
      expect(known).toMatchObject(password)
      const put = (await call('PUT', `${secrets}/${name}`, known)) as KubernetesObject
      expect(put).toMatchObject(password)
      expect(put.metadata?.resourceVersion).not.toBe(known.metadata?.resourceVersion)
      expect(await storedAs(`secrets/default/${name}`)).toMatch(/^k8s:enc:aescbc:v1:two:/)
      expect(await call('PUT', `${secrets}/${name}`, put)).toEqual(put)
    }

    await restart(configure('two'))
    for (const name of ['plain', 'first'])
      expect(await call('GET', `${secrets}/${name}`)).toMatchObject(password)
  }, 60_000)

  test('without the key tells of an error and nothing else, until the key is there again', async () => {
    await restart(configure('three', 'two'))
    await call('POST', secrets, secret('lost'))

    await restart()
    const unreadable = expect.stringContaining('identity transformer tried to read encrypted data')
    for (const path of [`${secrets}/lost`, secrets]) expect(await call('GET', path)).toEqual(unreadable)
    expect(await call('PUT', `${secrets}/lost`, secret('lost'))).toEqual(unreadable)
    expect(await call('GET', '/api/v1/namespaces/default')).toMatchObject({ kind: 'Namespace' })

    await restart(configure('four', 'two'), '--encryption-provider-config-automatic-reload')
    expect(await call('GET', `${secrets}/lost`)).toContain('data from the storage is not transformable')
    expect(await call('GET', `${secrets}/first`)).toMatchObject(password)
    configure('four', 'three', 'two')
    await vi.waitFor(async () => expect(await call('GET', `${secrets}/lost`)).toMatchObject(password), 30_000)
    expect(await call('GET', secrets)).toMatchObject({ kind: 'SecretList' })
  }, 60_000)
})
