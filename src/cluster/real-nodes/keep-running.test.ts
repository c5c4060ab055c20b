import { expect, test } from 'vitest'
import { realHost } from '../../base/host/real-host.ts'
import { silentLogger } from '../../base/logger.ts'
import { VirtualHost } from '../../base/virtual-host.ts'
import { keepRunning } from './keep-running.ts'

const virtualHost = () =>
  new VirtualHost({ seed: 1, hop: () => realHost.nextTurn(), sha256: (data) => realHost.sha256(data) })

test('keepRunning() starts what has ended, more slowly where that fails, until it is told to stop', async () => {
  const host = virtualHost()
  const state = { running: true, starts: 0, fails: false }
  const stop = keepRunning(
    {
      isRunning: async () => state.running,
      start: async () => {
        state.starts++
        if (state.fails) throw new Error('no')
        state.running = true
      },
    },
    'it',
    host,
    silentLogger,
  )
  await host.advance(5_000)
  expect(state.starts).toBe(0)
  state.running = false
  await host.advance(1_000)
  expect(state).toMatchObject({ starts: 1, running: true })
  Object.assign(state, { running: false, fails: true })
  await host.advance(10_000)
  expect(state.starts).toBeLessThan(6)
  await stop()
  const { starts } = state
  await host.advance(60_000)
  expect(state.starts).toBe(starts)
})
