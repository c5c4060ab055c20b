import { beforeEach, expect, test } from 'vitest'
import { PrometheusMetrics } from '../base/prometheus.ts'
import type { VirtualHost } from '../base/virtual-host.ts'
import { testHost } from '../client/testing/test-host.ts'
import { WorkQueue } from './work-queue.ts'

let host: VirtualHost
let metrics: PrometheusMetrics
let ready = 0
const backOff = { baseMs: 5, maxMs: 1_000_000 }
let queue: WorkQueue

beforeEach(() => {
  host = testHost()
  metrics = new PrometheusMetrics()
  ready = 0
  queue = new WorkQueue({ name: 'test', host, metrics, backOff, onReady: () => ready++ })
})

test('take() gives keys in the order in which they came, each once', () => {
  for (const key of ['a', 'b', 'a']) queue.add(key)
  expect([queue.take(), queue.take(), queue.take()]).toEqual(['a', 'b', undefined])
  expect(ready).toBe(2)
})

test('add() of a key that is worked on brings it back after done()', () => {
  queue.add('a')
  queue.take()
  queue.add('a')
  queue.add('a')
  expect(queue.take()).toBeUndefined()
  queue.done('a')
  expect(queue.take()).toBe('a')
  queue.done('a')
  expect(queue.take()).toBeUndefined()
})

test('addAfter() keeps the earliest of several delays', async () => {
  queue.addAfter('a', 100)
  queue.addAfter('a', 50)
  queue.addAfter('a', 200)
  await host.advance(49)
  expect(queue.take()).toBeUndefined()
  await host.advance(1)
  expect(queue.take()).toBe('a')
  queue.done('a')
  await host.advance(1_000)
  expect(queue.take()).toBeUndefined()
})

test('addRateLimited() doubles the delay from 5 ms until forget()', async () => {
  const delays: number[] = []
  const fail = async (): Promise<void> => {
    const startedMs = host.monotonicMs()
    queue.addRateLimited('a')
    while (queue.take() === undefined) await host.advance(1)
    queue.done('a')
    delays.push(host.monotonicMs() - startedMs)
  }
  for (let failure = 0; failure < 5; failure++) await fail()
  queue.forget('a')
  await fail()
  expect(delays).toEqual([5, 10, 20, 40, 80, 5])
})

test('addRateLimited() lets 100 retries go at once, then ten in a second', async () => {
  for (let key = 0; key < 130; key++) queue.addRateLimited(String(key))
  await host.advance(5)
  expect(queue.depth).toBe(100)
  await host.advance(1_000)
  expect(queue.depth).toBe(110)
  await host.advance(2_000)
  expect(queue.depth).toBe(130)
})

test('close() forgets everything', async () => {
  queue.add('a')
  queue.addAfter('b', 10)
  queue.close()
  queue.add('c')
  await host.advance(20)
  expect(queue.take()).toBeUndefined()
})

test('WorkQueue measures itself', async () => {
  queue.add('a')
  queue.add('b')
  await host.advance(100)
  queue.take()
  await host.advance(50)
  const text = metrics.expose()
  expect(text).toContain('workqueue_depth{name="test"} 1')
  expect(text).toContain('workqueue_adds_total{name="test"} 2')
  expect(text).toContain('workqueue_queue_duration_seconds_sum{name="test"} 0.1')
  expect(text).toContain('workqueue_unfinished_work_seconds{name="test"} 0.05')
  queue.done('a')
  queue.addRateLimited('a')
  expect(metrics.expose()).toContain('workqueue_work_duration_seconds_sum{name="test"} 0.05')
  expect(metrics.expose()).toContain('workqueue_retries_total{name="test"} 1')
})

test('addRateLimited() waits as long as the back-off says', async () => {
  queue = new WorkQueue({
    name: 'slow',
    host,
    metrics,
    backOff: { baseMs: 1000, maxMs: 1500 },
    onReady: () => {},
  })
  queue.addRateLimited('a')
  await host.advance(999)
  expect(queue.depth).toBe(0)
  await host.advance(1)
  queue.take()
  queue.addRateLimited('a')
  queue.done('a')
  await host.advance(1500)
  expect(queue.depth).toBe(1)
})
