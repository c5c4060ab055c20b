import { beforeEach, describe, expect, test } from 'vitest'
import { realHost } from '../../base/host/real-host.ts'
import { silentLogger } from '../../base/logger.ts'
import { PrometheusMetrics } from '../../base/prometheus.ts'
import { VirtualHost } from '../../base/virtual-host.ts'
import { MemoryStorage } from '../memory/memory-storage.ts'
import { bytes, makeVirtualHost, put, text } from '../testing/fixture.ts'
import { TransformedStorage } from '../transformed-storage.ts'
import { aesCbc } from './aes-cbc.ts'
import { aesGcm } from './aes-gcm.ts'
import type { Provider } from './by-prefix.ts'
import { EnvelopeMetrics, hashOf } from './kms/envelope-metrics.ts'
import { GrpcError } from './kms/grpc-error.ts'
import { KmsCipher } from './kms/kms-cipher.ts'
import type { KmsService } from './kms/kms-client.ts'
import { type KeyedProvider, prefixTransformer } from './prefix-transformer.ts'
import { ResourceTransformer } from './resource-transformer.ts'
import { secretbox } from './secretbox.ts'
import { TransformationMetrics } from './transformation-metrics.ts'
import { open, seal } from './xsalsa20-poly1305.ts'

const hex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'hex'))
const key = (length: number, fill = 7): Uint8Array => new Uint8Array(length).fill(fill)
let metrics: PrometheusMetrics
beforeEach(() => {
  metrics = new PrometheusMetrics()
})
const transformerOf = (...providers: readonly (Provider | KeyedProvider)[]) =>
  prefixTransformer(providers, {
    host: realHost,
    metrics: new TransformationMetrics(metrics),
    resource: 'secrets',
  })
const secret = bytes('{"kind":"Secret","data":{"password":"hunter2"}}')

describe.each([
  ...[16, 24, 32].map((length) => ({ name: `aesGcm() of ${length} bytes`, make: aesGcm, length })),
  ...[16, 24, 32].map((length) => ({ name: `aesCbc() of ${length} bytes`, make: aesCbc, length })),
  { name: 'secretbox()', make: secretbox, length: 32 },
])('$name', ({ make, length }) => {
  test('gives back what it has encrypted, under another text each time', () => {
    const cipher = make(key(length))
    for (const value of [secret, new Uint8Array(), key(16), key(1000)]) {
      const once = cipher.encrypt('/registry/secrets/a/b', value)
      expect(cipher.encrypt('/registry/secrets/a/b', value)).not.toEqual(once)
      expect(cipher.decrypt('/registry/secrets/a/b', once)).toEqual(value)
    }
  })

  test('refuses what another key has encrypted, and what is too short', () => {
    const data = make(key(length)).encrypt('k', secret)
    const other = make(key(length, 8))
    // CBC has no tag: one time in 256 the padding is right by chance, and what comes out is not the value.
    const read = (): string | undefined => {
      try {
        return text(other.decrypt('k', data))
      } catch {
        return undefined
      }
    }
    expect(read()).not.toBe(text(secret))
    expect(() => make(key(length)).decrypt('k', key(3))).toThrow(
      'the stored data was shorter than the required size',
    )
  })
})

describe.each([16, 24, 32])('aesGcm() of %i bytes', (length) => {
  test('refuses a value that was moved to another key of the store, or changed', () => {
    const cipher = aesGcm(key(length))
    const data = cipher.encrypt('/registry/secrets/a/b', secret)
    expect(() => cipher.decrypt('/registry/secrets/a/c', data)).toThrow(
      'cipher: message authentication failed',
    )
    data[20] = (data[20] ?? 0) ^ 1
    expect(() => cipher.decrypt('/registry/secrets/a/b', data)).toThrow(
      'cipher: message authentication failed',
    )
  })
})

test('seal() makes what NaCl makes, and open() refuses what was changed', () => {
  const boxKey = hex('1b27556473e985d462cd51197a9a46c76009549eac6474f206c4ee0844f68389')
  const nonce = hex('69696ee955b62b73cd62bda875fc73d68219e0036b7a0b37')
  const message = hex(
    'be075fc53c81f2d5cf141316ebeb0c7b5228c52a4c62cbd44b66849b64244ffce5ecbaaf33bd751a1ac728d45e6c61296cdc3c01233561f41db66cce314adb310e3be8250c46f06dceea3a7fa1348057e2f6556ad6b1318a024a838f21af1fde048977eb48f59ffd4924ca1c60902e52f0a089bc76897040e082f937763848645e0705',
  )
  const box = seal(boxKey, nonce, message)
  expect(Buffer.from(box).toString('hex')).toBe(
    'f3ffc7703f9400e52a7dfb4b3d3305d98e993b9f48681273c29650ba32fc76ce48332ea7164d96a4476fb8c531a1186ac0dfc17c98dce87b4da7f011ec48c97271d2c20f9b928fe2270d6fb863d51738b48eeee314a7cc8ab932164548e526ae90224368517acfeabd6bb3732bc0e9da99832b61ca01b6de56244a9e88d5f9b37973f622a43d14a6599b1f654cb45a74e355a5',
  )
  expect(open(boxKey, nonce, box)).toEqual(message)
  box[40] = (box[40] ?? 0) ^ 1
  expect(open(boxKey, nonce, box)).toBeUndefined()
})

describe('prefixTransformer()', () => {
  const gcm = (name: string, fill: number): KeyedProvider => ({
    prefix: 'k8s:enc:aesgcm:v1:',
    keys: [{ name, cipher: aesGcm(key(32, fill)) }],
    algorithm: 'AES',
  })
  const identity = { prefix: '' }

  test('writes by the first provider and reads by all, so that keys can be rotated', () => {
    const before = transformerOf(gcm('one', 1), identity)
    const stored = before.toStorage('k', secret)
    expect(text(stored)).toMatch(/^k8s:enc:aesgcm:v1:one:/)
    expect(before.fromStorage('k', secret)).toEqual(secret)
    const during = transformerOf(gcm('two', 2), gcm('one', 1), identity)
    expect(during.fromStorage('k', stored)).toEqual(secret)
    const anew = during.toStorage('k', secret)
    expect(text(anew)).toMatch(/^k8s:enc:aesgcm:v1:two:/)
    expect([secret, stored, anew].map((each) => during.isStale?.('k', each))).toEqual([true, true, false])
    const after = transformerOf(gcm('two', 2), identity)
    expect(() => after.fromStorage('k', stored)).toThrow(
      'no matching key was found for the provided AES transformer',
    )
    expect(() => transformerOf(identity).fromStorage('k', stored)).toThrow('no matching prefix found')
    expect(() => transformerOf(gcm('one', 3)).fromStorage('k', stored)).toThrow(
      'cipher: message authentication failed',
    )
  })

  test('counts what it does, and what it cannot do', () => {
    const one = transformerOf(gcm('one', 1), identity)
    const stored = one.toStorage('k', secret)
    one.fromStorage('k', stored)
    one.fromStorage('k', secret)
    expect(() => transformerOf(gcm('one', 2)).fromStorage('k', stored)).toThrow('authentication failed')
    expect(() => transformerOf(identity).fromStorage('k', stored)).toThrow('no matching prefix')
    const counted = [...metrics.expose().matchAll(/transformation_operations_total\{(.*)\} (\d+)/g)]
    const outer = counted
      .map(([, labels = '', count]) => `${labels.replaceAll(/\w+=/g, '')} ${count}`)
      .filter((line) => !line.includes('"one:"'))
    expect(new Set(outer)).toEqual(
      new Set([
        '"secrets","to_storage","k8s:enc:aesgcm:v1:","OK" 1',
        '"secrets","from_storage","k8s:enc:aesgcm:v1:","OK" 1',
        '"secrets","from_storage","k8s:enc:aesgcm:v1:","unknown-non-grpc" 1',
        '"secrets","from_storage","identity","OK" 1',
        '"secrets","from_storage","unknown","unknown-non-grpc" 1',
      ]),
    )
  })

  test('reads what is encrypted where identity comes first', () => {
    const stored = transformerOf(gcm('one', 1)).toStorage('k', secret)
    const back = transformerOf(identity, gcm('one', 1))
    expect(back.toStorage('k', secret)).toBe(secret)
    expect(back.fromStorage('k', stored)).toEqual(secret)
    expect([secret, stored].map((each) => back.isStale?.('k', each))).toEqual([false, true])
  })
})

test('ResourceTransformer encrypts what its rules cover, and leaves what it cannot read', async () => {
  const failed: string[] = []
  const cipher = transformerOf({ prefix: 'k8s:enc:secretbox:v1:a:', cipher: secretbox(key(32)) })
  const transformer = new ResourceTransformer(
    [{ resources: ['secrets', '*.apps'], transformerOf: () => cipher }],
    (storageKey) => {
      const [, , prefix = ''] = storageKey.split('/')
      const of =
        prefix === 'deployments' ? { group: 'apps', resource: prefix } : { group: '', resource: prefix }
      return { prefix, of }
    },
    (storageKey) => failed.push(storageKey),
  )
  const inner = new MemoryStorage({ host: makeVirtualHost() })
  const storage = new TransformedStorage(inner, transformer)
  for (const name of ['secrets', 'deployments', 'configmaps'])
    await put(storage, `/registry/${name}/a`, 'plain')
  const stored = async (name: string): Promise<string | undefined> =>
    text((await inner.get(`/registry/${name}/a`))?.value)
  expect(await stored('secrets')).toMatch(/^k8s:enc:secretbox:v1:a:/)
  expect(await stored('deployments')).toMatch(/^k8s:enc:secretbox:v1:a:/)
  expect(await stored('configmaps')).toBe('plain')
  const { entries } = await storage.range('/registry/')
  expect(entries.map(({ value }) => text(value))).toEqual(['plain', 'plain', 'plain'])
  const staleNow = (): Promise<readonly boolean[]> =>
    Promise.all(['secrets', 'configmaps', 'absent'].map((name) => storage.isStale(`/registry/${name}/a`)))
  expect(await staleNow()).toEqual([false, false, false])
  const plain = { prefix: '' }
  const second = { prefix: 'k8s:enc:secretbox:v1:a:', cipher: secretbox(key(32)) }
  transformer.replace([{ resources: ['*.*'], transformerOf: () => transformerOf(plain, second) }])
  expect(await staleNow()).toEqual([true, false, false])
  transformer.replace([{ resources: ['*.*'], transformerOf: () => transformerOf({ prefix: '' }) }])
  expect(text((await storage.get('/registry/secrets/a'))?.value)).toMatch(/^k8s:enc:/)
  expect(await staleNow()).toEqual([false, false, false])
  expect(failed).toEqual(['/registry/secrets/a'])
})

describe('KmsCipher', () => {
  /** A plugin whose keys flip bits, each its own. */
  class FakePlugin implements KmsService {
    keyId = '1'
    healthz = 'ok'
    calls: string[] = []
    status = async () => ({ version: 'v2', healthz: this.healthz, keyId: this.keyId })
    encrypt = async (_uid: string, plaintext: Uint8Array) => {
      this.calls.push('encrypt')
      const mask = Number(this.keyId)
      return {
        ciphertext: plaintext.map((byte) => byte ^ mask),
        keyId: this.keyId,
        annotations: { 'version.example.com': bytes('1') },
      }
    }
    decrypt = async (_uid: string, { ciphertext, keyId }: { ciphertext: Uint8Array; keyId: string }) => {
      this.calls.push('decrypt')
      if (this.healthz !== 'ok') throw new GrpcError('Unavailable', this.healthz)
      return ciphertext.map((byte) => byte ^ Number(keyId))
    }
    close = (): void => {}
  }
  const host = (): VirtualHost =>
    new VirtualHost({ seed: 1, hop: () => realHost.nextTurn(), sha256: (data) => realHost.sha256(data) })
  const make = (
    plugin: FakePlugin,
    on = host(),
    envelope = new EnvelopeMetrics(on, metrics, 'me'),
  ): KmsCipher =>
    new KmsCipher({
      ...{ host: on, logger: silentLogger, name: 'test', service: plugin },
      metrics: new TransformationMetrics(metrics),
      envelope,
    })

  test('asks the plugin once for a seed, and another server once for each that it finds', async () => {
    const plugin = new FakePlugin()
    const envelope = new EnvelopeMetrics(host(), metrics, 'me')
    const writer = make(plugin, host(), envelope)
    await writer.start()
    const data = writer.encrypt('k', secret)
    expect(writer.decrypt('k', data)).toEqual(secret)
    expect(plugin.calls).toEqual(['encrypt'])
    const reader = make(plugin, host(), envelope)
    expect(() => reader.decrypt('k', data)).toThrow('failed to decrypt DEK')
    plugin.healthz = 'gone'
    await reader.prepare(data)
    const why = 'failed to decrypt DEK, error: rpc error: code = Unavailable desc = gone'
    expect(() => reader.decrypt('k', data)).toThrow(why)
    plugin.healthz = 'ok'
    await reader.prepare(data)
    expect(reader.prepare(data)).toBeUndefined()
    expect(reader.decrypt('k', data)).toEqual(secret)
    expect(() => reader.decrypt('other', data)).toThrow('cipher: message authentication failed')
    const shown = metrics.expose()
    const me = `apiserver_id_hash="${hashOf('me')}"`
    const one = `provider_name="test",key_id_hash="${hashOf('1')}",${me}`
    for (const line of [
      'apiserver_storage_envelope_transformation_cache_misses_total 2',
      'apiserver_storage_data_key_generation_duration_seconds_count 1',
      'apiserver_envelope_encryption_dek_source_cache_size{provider_name="test"} 1',
      `apiserver_envelope_encryption_key_id_hash_total{transformation_type="to_storage",${one}} 1`,
    ])
      expect(shown).toContain(line)
    expect(shown).toContain(`key_id_hash_status_last_timestamp_seconds{${one}}`)
    writer.stop()
  })

  test('makes a new seed when the plugin’s key changes, and still reads what the old one wrote', async () => {
    const virtual = host()
    const plugin = new FakePlugin()
    const cipher = make(plugin, virtual)
    await cipher.start()
    const old = cipher.encrypt('k', secret)
    plugin.keyId = '2'
    await virtual.advance(60_000)
    const fresh = cipher.encrypt('k', secret)
    expect(plugin.calls).toEqual(['encrypt', 'encrypt'])
    expect([old, fresh].map((data) => text(cipher.decrypt('k', data)))).toEqual([text(secret), text(secret)])
    expect([old, fresh].map((data) => cipher.isStale('k', data))).toEqual([true, false])
    cipher.stop()
  })

  test('writes for three minutes more when the plugin is not well, and says so', async () => {
    const virtual = host()
    const plugin = new FakePlugin()
    const cipher = make(plugin, virtual)
    await cipher.start()
    cipher.check()
    plugin.healthz = 'ill'
    await virtual.advance(60_000)
    expect(() => cipher.check()).toThrow(
      'kmsv2 Provider test is not healthy, error: got unexpected healthz status: ill',
    )
    cipher.encrypt('k', secret)
    await virtual.advance(120_001)
    expect(() => cipher.encrypt('k', secret)).toThrow(
      /^encryptedDEKSource with keyID hash "sha256:\w+" expired at \S+Z \(current time is \S+Z\)$/,
    )
    cipher.stop()
  })
})
