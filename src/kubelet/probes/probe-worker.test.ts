import { expect, test } from 'vitest'
import { testHost } from '../../client/testing/test-host.ts'
import type { ProbeKind } from '../pod/plan/plan.ts'
import { ProbeWorker } from './probe-worker.ts'
import type { ProbeOutcome } from './run-probe.ts'

const ok: ProbeOutcome = { kind: 'success' }
const bad: ProbeOutcome = { kind: 'failure', output: '' }

function bench(kind: ProbeKind, probe: object, isOlder = false) {
  const host = testHost()
  const log: string[] = []
  const state = { outcome: ok, attempts: 0 }
  const worker = new ProbeWorker({
    host,
    kind,
    probe,
    isOlder: () => isOlder,
    run: async () => {
      state.attempts++
      return state.outcome
    },
    report: (id, result) => log.push(`${id} ${result ?? 'forgotten'}`),
  })
  const running = (containerId: string, started = true) => ({
    containerId,
    runningSinceMs: host.now(),
    started,
    ready: true,
  })
  return { host, log, state, worker, running }
}

test('ProbeWorker waits for its delay, then probes every period', async () => {
  const { host, state, worker, running } = bench('liveness', { initialDelaySeconds: 5, periodSeconds: 2 })
  worker.see(running('a'))
  await host.advance(4900)
  expect(state.attempts).toBe(0)
  await host.advance(4200)
  expect(state.attempts).toBe(3)
})

test('ProbeWorker reports a result when it has come often enough in a row', async () => {
  const { host, log, state, worker, running } = bench('readiness', {
    periodSeconds: 1,
    failureThreshold: 3,
    successThreshold: 2,
  })
  worker.see(running('a'))
  await host.advance(1500)
  expect(log).toEqual(['a failure', 'a success'])
  state.outcome = bad
  await host.advance(2000)
  expect(log).toHaveLength(2)
  await host.advance(1000)
  expect(log.at(-1)).toBe('a failure')
})

test('ProbeWorker rests after a failed liveness probe until there is a new container', async () => {
  const { host, log, state, worker, running } = bench('liveness', { periodSeconds: 1, failureThreshold: 1 })
  state.outcome = bad
  worker.see(running('a'))
  await host.advance(5000)
  expect(state.attempts).toBe(1)
  expect(log).toEqual(['a success', 'a failure'])
  worker.see(running('b'))
  await host.advance(100)
  expect(log.slice(2)).toEqual(['a forgotten', 'b success', 'b failure'])
})

test('ProbeWorker holds liveness and readiness back until the container has started', async () => {
  const { host, state, worker, running } = bench('readiness', { periodSeconds: 1 })
  worker.see(running('a', false))
  await host.advance(3000)
  expect(state.attempts).toBe(0)
  worker.see({ ...running('a'), runningSinceMs: host.now() - 3000 })
  await host.advance(1)
  expect(state.attempts).toBe(1)
})

test('ProbeWorker leaves alone what ran before the agent until it has probed it', async () => {
  const { host, log, state, worker, running } = bench(
    'readiness',
    { periodSeconds: 10, failureThreshold: 1 },
    true,
  )
  state.outcome = bad
  worker.see(running('a'))
  expect(log).toEqual([])
  await host.advance(10_000)
  expect(log).toEqual(['a failure'])
})
