import { expect, test } from 'vitest'
import { silentLogger } from '../../base/logger.ts'
import { PrometheusMetrics } from '../../base/prometheus.ts'
import { entryOf } from './audit-entry.ts'
import { AuditMetrics } from './audit-metrics.ts'
import { LogBackend } from './log-backend.ts'

const entry = (auditID: string) =>
  entryOf({
    ...{ kind: 'Event', apiVersion: 'audit.k8s.io/v1', level: 'Metadata', auditID, stage: 'RequestReceived' },
    ...{ requestURI: '/', verb: 'get', user: {} },
    ...{ requestReceivedTimestamp: 'then', stageTimestamp: 'now' },
  })

/** `endTurn` absent: lines are written one by one. */
function start(writes: 'all' | 'none', endTurn?: Promise<void>) {
  const written: string[] = []
  const metrics = new PrometheusMetrics()
  const write = (text: string): void => {
    if (writes === 'none') throw new Error('no space left on device')
    written.push(text)
  }
  const backend = new LogBackend({
    writer: { write, close: () => Promise.resolve() },
    format: 'json',
    metrics: new AuditMetrics(metrics, silentLogger),
    ...(endTurn === undefined ? {} : { host: { nextTurn: () => endTurn } }),
  })
  const ids = () => written.map((text) => [...text.matchAll(/"auditID":"(\w+)"/g)].map(([, id]) => id))
  return { backend, metrics, ids }
}

test('LogBackend writes the lines of a turn together: at its end, or before an answer leaves', async () => {
  const { promise, resolve } = Promise.withResolvers<void>()
  const { backend, ids } = start('all', promise)
  for (const id of ['a', 'b']) expect(backend.process([entry(id)])).toBe(true)
  expect(ids()).toEqual([])
  backend.flush()
  expect(ids()).toEqual([['a', 'b']])
  backend.process([entry('c')])
  resolve()
  await promise
  await Promise.resolve()
  expect(ids()).toEqual([['a', 'b'], ['c']])
  backend.flush()
  expect(ids().length).toBe(2)
})

test('LogBackend keeps little for the end of a turn, and nothing when it stops', async () => {
  const { backend, ids } = start('all', new Promise(() => {}))
  const long = 'x'.repeat(40_000)
  for (const id of [`a${long}`, `b${long}`]) backend.process([entry(id)])
  expect(ids().flat()).toEqual([`a${long}`])
  await backend.stop()
  expect(ids().flat()).toEqual([`a${long}`, `b${long}`])
})

test('LogBackend counts what is lost, and says it where each line is written by itself', () => {
  const alone = start('none')
  expect(alone.backend.process([entry('a')])).toBe(false)
  const together = start('none', new Promise(() => {}))
  for (const id of ['a', 'b']) expect(together.backend.process([entry(id)])).toBe(true)
  together.backend.flush()
  const lost = /apiserver_audit_error_total\{plugin="log"\} (\d)/
  expect(lost.exec(alone.metrics.expose())?.[1]).toBe('1')
  expect(lost.exec(together.metrics.expose())?.[1]).toBe('2')
})
