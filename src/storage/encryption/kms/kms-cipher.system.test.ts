import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { realHost } from '../../../base/host/real-host.ts'
import { silentLogger } from '../../../base/logger.ts'
import { PrometheusMetrics } from '../../../base/prometheus.ts'
import { VirtualHost } from '../../../base/virtual-host.ts'
import { TransformationMetrics } from '../transformation-metrics.ts'
import { EnvelopeMetrics } from './envelope-metrics.ts'
import { KmsCipher } from './kms-cipher.ts'
import { connectKms } from './kms-client.ts'
import { KmsPlugin } from './testing/kms-plugin.ts'

const value = new TextEncoder().encode('{"kind":"Secret"}')
/** Longer than any call takes on a busy machine, and waited for twice. */
const callMs = 2_000

let folder: string
let plugin: KmsPlugin
let host: VirtualHost
let metrics: PrometheusMetrics
let envelope: EnvelopeMetrics
let made: KmsCipher[]

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'kms-'))
  plugin = new KmsPlugin(join(folder, 'kms.sock'))
  await plugin.start()
  host = new VirtualHost({
    seed: 1,
    hop: () => realHost.nextTurn(),
    sha256: (data) => realHost.sha256(data),
  })
  metrics = new PrometheusMetrics()
  envelope = new EnvelopeMetrics(host, metrics, 'me')
  made = []
})
afterEach(() => {
  for (const each of made) each.stop()
  plugin.stop()
  rmSync(folder, { recursive: true })
})

function make(): KmsCipher {
  const service = connectKms(`unix://${join(folder, 'kms.sock')}`, callMs, (...call) =>
    envelope.called('test', ...call),
  )
  const options = { host, logger: silentLogger, name: 'test', service, envelope }
  const cipher = new KmsCipher({ ...options, metrics: new TransformationMetrics(metrics) })
  made.push(cipher)
  return cipher
}

test('KmsCipher takes the plugin’s next key, says why it cannot be reached, and goes on when it is back', async () => {
  const cipher = make()
  await cipher.start()
  const first = cipher.encrypt('k', value)
  plugin.keyId = 'bb'
  await host.advance(60_000)
  await vi.waitFor(() => expect(cipher.isStale('k', first)).toBe(true), 10_000)
  const second = cipher.encrypt('k', value)
  expect([first, second].map((data) => cipher.decrypt('k', data))).toEqual([value, value])
  expect(plugin.calls).toEqual(['Status', 'Encrypt', 'Status', 'Encrypt'])

  plugin.stop()
  await host.advance(60_000)
  await vi.waitFor(() => expect(() => cipher.check()).toThrow('rpc error: code = DeadlineExceeded'), 10_000)
  expect(cipher.decrypt('k', cipher.encrypt('k', value))).toEqual(value)
  const other = make()
  await other.prepare(first)
  expect(() => other.decrypt('k', first)).toThrow(
    'failed to decrypt DEK, error: rpc error: code = DeadlineExceeded desc = ',
  )

  await plugin.start()
  await vi.waitFor(
    async () => {
      await other.prepare(first)
      expect(other.decrypt('k', first)).toEqual(value)
      await host.advance(10_000)
      cipher.check()
    },
    { timeout: 20_000, interval: callMs },
  )
  const shown = metrics.expose()
  for (const code of ['OK', 'DeadlineExceeded'])
    expect(shown).toMatch(
      new RegExp(`_kms_operations_latency_seconds_count\\{.*Status",grpc_status_code="${code}"\\} [1-9]`),
    )
}, 40_000)
