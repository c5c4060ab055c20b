import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { featureGates } from '../../api/feature-gates.ts'
import { servedKinds } from '../../api/served-kinds.ts'
import { realHost } from '../../base/host/real-host.ts'
import { silentLogger } from '../../base/logger.ts'
import { PrometheusMetrics } from '../../base/prometheus.ts'
import { startEncryption } from './start-encryption.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'encryption-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

const provider = (name: string): string =>
  `{ aesgcm: { keys: [{ name: ${name}, secret: ${Buffer.alloc(32, name).toString('base64')} }] } }`

const config = (resources: string, ...names: readonly string[]): string => `
apiVersion: apiserver.config.k8s.io/v1
kind: EncryptionConfiguration
resources:
  - resources: [${resources}]
    providers: [${[...names.map(provider), '{ identity: {} }'].join(', ')}]
`

const start = (path: string, reloads: boolean) => {
  const { served, hidden } = servedKinds(new Map(), featureGates(new Map()))
  return startEncryption({
    host: realHost,
    logger: silentLogger,
    metrics: new PrometheusMetrics(),
    file: { path, reloads },
    kinds: [...served, ...hidden],
  })
}

const value = new TextEncoder().encode('{"kind":"Secret"}')
const prefixOf = (stored: Uint8Array): string => new TextDecoder().decode(stored).slice(0, 22)

test('startEncryption() knows resources by their keys, also custom ones', async () => {
  const path = join(folder, 'config.yaml')
  writeFileSync(path, config('secrets, services, things.example.com', 'one'))
  const { transformer, stop } = await start(path, false)
  const keys = [
    'secrets/a/b',
    'services/specs/a/b',
    'example.com/things/a/b',
    'services/endpoints/a/b',
    'configmaps/a/b',
  ]
  expect(keys.map((key) => prefixOf(transformer.toStorage(`/registry/${key}`, value)))).toEqual([
    ...Array(3).fill('k8s:enc:aesgcm:v1:one:'),
    ...Array(2).fill('{"kind":"Secret"}'),
  ])
  stop()
})

test('startEncryption() takes a new key from the changed file, and keeps what was right before from a wrong one', async () => {
  const path = join(folder, 'config.yaml')
  writeFileSync(path, config('secrets', 'one'))
  const { transformer, stop } = await start(path, true)
  const key = '/registry/secrets/a/b'
  const old = transformer.toStorage(key, value)
  writeFileSync(path, config('secrets', 'two', 'one'))
  await vi.waitFor(
    () => expect(prefixOf(transformer.toStorage(key, value))).toBe('k8s:enc:aesgcm:v1:two:'),
    30_000,
  )
  expect(transformer.fromStorage(key, old)).toEqual(value)
  writeFileSync(path, 'nonsense')
  expect(prefixOf(transformer.toStorage(key, value))).toBe('k8s:enc:aesgcm:v1:two:')
  stop()
})
