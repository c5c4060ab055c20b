import { expect, test } from 'vitest'
import type { core } from '../api/generated/types/index.ts'
import { formatTime } from '../apimachinery/time.ts'
import { podWith } from './testing/pods.ts'
import { TriggerTimes } from './trigger-times.ts'

const service: core.v1.Service = { metadata: { name: 'web', creationTimestamp: formatTime(5_000) } }
const pod = (name: string, readySinceMs: number): core.v1.Pod => podWith({ name, readySinceMs })

test('next() gives the creation of a new service, then the earliest change not seen yet', () => {
  const times = new TriggerTimes()
  const next = (...pods: readonly core.v1.Pod[]) => times.next('default/web', service, pods)
  expect(next(pod('a', 9_000))).toBe(formatTime(5_000))
  expect(next(pod('a', 9_000))).toBeUndefined()
  expect(next(pod('a', 12_000), pod('b', 11_000))).toBe(formatTime(11_000))
  expect(next(pod('a', 12_000))).toBeUndefined()
  times.forget('default/web')
  expect(next(pod('a', 12_000))).toBe(formatTime(5_000))
})

test('next() takes the creation of another service under the same name', () => {
  const times = new TriggerTimes()
  times.next('default/web', service, [])
  const again = { metadata: { name: 'web', creationTimestamp: formatTime(60_000) } }
  expect(times.next('default/web', again, [])).toBe(formatTime(60_000))
})
