import { expect, test } from 'vitest'
import { testHost } from '../client/testing/test-host.ts'
import { ChangeWaiter } from './change-waiter.ts'

test('ChangeWaiter asks again when something has changed, until it is so', async () => {
  const host = testHost()
  const waiter = new ChangeWaiter(host)
  const never = new AbortController().signal
  let isSo = false
  const done = waiter.until(() => isSo, 1_000, never)
  waiter.wake()
  isSo = true
  waiter.wake()
  await done
  await waiter.until(() => true, 1_000, never)
})

test('ChangeWaiter gives up in time, at the signal, and at an error', async () => {
  const host = testHost()
  const waiter = new ChangeWaiter(host)
  const late = expect(waiter.until(() => false, 1_000, new AbortController().signal)).rejects.toThrow(
    'context deadline exceeded',
  )
  await host.advance(1_001)
  await late
  const stop = new AbortController()
  const stopped = expect(waiter.until(() => false, 1_000, stop.signal)).rejects.toThrow('context canceled')
  stop.abort()
  await stopped
  await expect(waiter.until(() => false, 1_000, stop.signal)).rejects.toThrow('context canceled')
  const fail = (): boolean => {
    throw new Error('it cannot be')
  }
  await expect(waiter.until(fail, 1_000, new AbortController().signal)).rejects.toThrow('it cannot be')
})
