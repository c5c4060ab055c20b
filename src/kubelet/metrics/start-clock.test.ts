import { expect, test } from 'vitest'
import type { core } from '../../api/generated/types/index.ts'
import { pullingMs, StartClock } from './start-clock.ts'

const createdMs = Date.parse('2026-01-01T00:00:00Z')

const pod = (status: core.v1.PodStatus, spec: Partial<core.v1.PodSpec> = {}): core.v1.Pod => ({
  metadata: { creationTimestamp: '2026-01-01T00:00:00Z' },
  spec: { containers: [{ name: 'main' }], ...spec },
  status,
})

const running: core.v1.PodStatus = {
  phase: 'Running',
  initContainerStatuses: [
    {
      ...{ name: 'init', ready: true, restartCount: 0, image: '', imageID: '' },
      state: {
        terminated: { exitCode: 0, startedAt: '2026-01-01T00:00:02Z', finishedAt: '2026-01-01T00:00:05Z' },
      },
    },
  ],
  containerStatuses: [
    {
      ...{ name: 'main', ready: true, restartCount: 0, image: '', imageID: '' },
      state: { running: { startedAt: '2026-01-01T00:00:06Z' } },
    },
  ],
}

test('StartClock takes pulls and init containers from what counts against the agent', () => {
  const clock = new StartClock(pod({}))
  clock.pulled(createdMs + 500, createdMs + 1_500)
  expect(clock.seen(pod({ phase: 'Pending' }), createdMs + 2_000)).toBeUndefined()
  expect(clock.seen(pod(running), createdMs + 7_000)).toEqual({ totalMs: 7_000, ownMs: 3_000 })
  expect(clock.seen(pod(running), createdMs + 9_000)).toBeUndefined()
})

test('StartClock leaves pods aside that wait for volumes of others, had begun before, or fitted nowhere', () => {
  const claim = { volumes: [{ name: 'data', persistentVolumeClaim: { claimName: 'data' } }] }
  expect(new StartClock(pod({})).seen(pod(running, claim), createdMs + 7_000)).toEqual({
    totalMs: 7_000,
    ownMs: undefined,
  })
  const begun = pod({ startTime: '2026-01-01T00:00:00Z' })
  expect(new StartClock(begun).seen(pod(running), createdMs)).toBeUndefined()
  const unschedulable = pod({ conditions: [{ type: 'PodScheduled', status: 'False' }] })
  expect(new StartClock(unschedulable).seen(pod(running), createdMs)).toBeUndefined()
  const failed = new StartClock(pod({}))
  expect(failed.seen(pod({ ...running, phase: 'Failed' }), createdMs)).toBeUndefined()
  expect(failed.seen(pod(running), createdMs)).toBeUndefined()
})

test('pullingMs() counts the time in which several images were pulled once', () => {
  const pull = (fromMs: number, untilMs: number) => ({ fromMs, untilMs })
  expect(pullingMs([])).toBe(0)
  expect(pullingMs([pull(5, 9), pull(0, 4), pull(3, 6), pull(20, 21)])).toBe(10)
})
