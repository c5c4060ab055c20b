import { expect, test } from 'vitest'
import { realHost } from '../../base/host/real-host.ts'
import { silentLogger } from '../../base/logger.ts'
import { PrometheusMetrics } from '../../base/prometheus.ts'
import { VirtualHost } from '../../base/virtual-host.ts'
import type { OutsideCaller } from '../outside/outside-caller.ts'
import { type AuditEntry, entryOf } from './audit-entry.ts'
import type { AuditEvent } from './audit-event.ts'
import { AuditMetrics } from './audit-metrics.ts'
import { BatchingBackend, type BatchSettings } from './batching-backend.ts'
import { truncatingBackend } from './truncating-backend.ts'
import { webhookBackend } from './webhook-backend.ts'

const event = (auditID: string, rest: Partial<AuditEvent> = {}): AuditEntry =>
  entryOf({
    kind: 'Event',
    apiVersion: 'audit.k8s.io/v1',
    level: 'Metadata',
    auditID,
    stage: 'ResponseComplete',
    requestURI: '/',
    verb: 'get',
    user: {},
    requestReceivedTimestamp: '2026-01-02T03:04:05.000000Z',
    stageTimestamp: '2026-01-02T03:04:05.000000Z',
    ...rest,
  })
const events = (count: number): readonly AuditEntry[] =>
  Array.from({ length: count }, (_, index) => event(String(index)))

function makeHost() {
  const metrics = new PrometheusMetrics()
  const host = new VirtualHost({
    seed: 1,
    hop: () => realHost.nextTurn(),
    sha256: (data) => realHost.sha256(data),
  })
  return { host, metrics, counts: new AuditMetrics(metrics, silentLogger) }
}

function start(settings: BatchSettings, answers: boolean) {
  const { host, metrics, counts } = makeHost()
  const batches: number[] = []
  const backend = {
    process: (given: readonly AuditEntry[]) => {
      batches.push(given.length)
      return answers ? true : new Promise<boolean>(() => {})
    },
    stop: () => Promise.resolve(),
  }
  return {
    host,
    metrics,
    batches,
    backend: new BatchingBackend({ ...settings, host, metrics: counts, backend }),
  }
}

test('BatchingBackend sends a batch when it is full, or has waited', async () => {
  const { host, batches, backend } = start({ bufferSize: 100, maxBatchSize: 10, maxWaitMs: 30_000 }, true)
  backend.process(events(25))
  await host.advance(10)
  expect(batches).toEqual([10, 10])
  await host.advance(29_000)
  expect(batches).toEqual([10, 10])
  await host.advance(1_000)
  expect(batches).toEqual([10, 10, 5])
  backend.process(events(1))
  const stopped = backend.stop()
  await host.advance(1)
  await stopped
  expect(batches).toEqual([10, 10, 5, 1])
})

test('BatchingBackend sends no faster than it may', async () => {
  const throttle = { qps: 10, burst: 2 }
  const { host, batches, backend } = start({ bufferSize: 100, maxBatchSize: 1, maxWaitMs: 0, throttle }, true)
  backend.process(events(5))
  await host.advance(1)
  expect(batches.length).toBe(2)
  await host.advance(100)
  expect(batches.length).toBe(3)
  await host.advance(1_000)
  expect(batches.length).toBe(5)
  await backend.stop()
})

test('BatchingBackend loses, and counts, what a backend that does not answer leaves no room for', async () => {
  const { host, metrics, batches, backend } = start({ bufferSize: 20, maxBatchSize: 10, maxWaitMs: 1 }, false)
  for (let round = 0; round < 5; round++) {
    expect(backend.process(events(10))).toBe(true)
    await host.advance(100)
  }
  expect(batches).toEqual([10, 10])
  expect(metrics.expose()).toContain('apiserver_audit_error_total{plugin="buffered"} 10')
  const stopped = backend.stop()
  await host.advance(3_000)
  await stopped
  expect(metrics.expose()).toContain('apiserver_audit_error_total{plugin="buffered"} 30')
})

test('webhookBackend() tries five times, each later than the one before, and counts what is lost', async () => {
  const { host, metrics, counts } = makeHost()
  const attemptsMs: number[] = []
  const bodies: unknown[] = []
  const caller: OutsideCaller = {
    call: ({ body = '' }) => {
      attemptsMs.push(Math.round(host.monotonicMs() / 1000))
      bodies.push(JSON.parse(body))
      return Promise.resolve({ status: 503, header: () => undefined, text: 'down' })
    },
    close: () => {},
  }
  const backend = webhookBackend({
    ...{ host, caller, url: 'https://audit.test/events', metrics: counts },
    initialBackoffMs: 10_000,
  })
  let result: boolean | undefined
  void Promise.resolve(backend.process([event('one')])).then((stored) => {
    result = stored
  })
  await host.advance(120_000)
  expect(result).toBe(false)
  expect(attemptsMs.length).toBe(5)
  const { kind: _kind, apiVersion: _version, ...item } = event('one').event
  expect(bodies[0]).toEqual({ kind: 'EventList', apiVersion: 'audit.k8s.io/v1', metadata: {}, items: [item] })
  expect(metrics.expose()).toContain('apiserver_audit_error_total{plugin="webhook"} 1')
})

test('truncatingBackend() takes objects out, drops what is still too large, and splits batches', () => {
  const { metrics, counts } = makeHost()
  const batches: (readonly AuditEntry[])[] = []
  const inner = {
    process: (given: readonly AuditEntry[]) => {
      batches.push(given)
      return true
    },
    stop: () => Promise.resolve(),
  }
  const backend = truncatingBackend(inner, { maxEventBytes: 500, maxBatchBytes: 800 }, counts)
  const large = event('large', { level: 'Request', requestObject: 'x'.repeat(600) })
  const hopeless = event('hopeless', { requestURI: `/${'x'.repeat(600)}` })
  expect(backend.process([event('1'), large, hopeless, event('2'), event('3')])).toBe(true)
  expect(batches.map((batch) => batch.map((each) => each.event.auditID))).toEqual([
    ['1', 'large'],
    ['2', '3'],
  ])
  expect(batches[0]?.[1]?.event).not.toHaveProperty('requestObject')
  expect(batches[0]?.[1]?.event.annotations).toEqual({ 'audit.k8s.io/truncated': 'true' })
  expect(metrics.expose()).toContain('apiserver_audit_error_total{plugin="truncate"} 1')
})
