import { expect, test } from 'vitest'
import { testHost } from '../../client/testing/test-host.ts'
import { makePodInfo } from '../pod-info.ts'
import { PodsOnTheirWay } from './waiting-pods.ts'

const pod = (uid: string) => makePodInfo({ metadata: { uid }, spec: { containers: [] } })

test('PodsOnTheirWay holds a pod until all allow it, one rejects it, or a time is over', async () => {
  const host = testHost()
  const waiting = new PodsOnTheirWay(host)
  const waits = new Map([
    ['A', 1_000],
    ['B', 2_000],
  ])
  const allowed = waiting.hold(pod('allowed'), 'n', waits)
  const rejected = waiting.hold(pod('rejected'), 'n', waits)
  const late = waiting.hold(pod('late'), 'n', waits)
  for (const plugin of ['A', 'B']) waiting.get('allowed')?.allow(plugin)
  waiting.get('rejected')?.reject('B', 'no')
  waiting.get('late')?.allow('A')
  await host.advance(2_000)
  expect(await allowed).toEqual({ type: 'allowed' })
  expect(await rejected).toEqual({ type: 'rejected', plugin: 'B', message: 'no' })
  const message = 'rejected due to timeout after waiting 2s at plugin B'
  expect(await late).toEqual({ type: 'rejected', plugin: 'B', message })
  expect(waiting.list()).toEqual([])
})

test('PodsOnTheirWay lets go of what it holds when it is stopped', async () => {
  const waiting = new PodsOnTheirWay(testHost())
  const held = waiting.hold(pod('held'), 'n', new Map([['A', 1_000]]))
  waiting.stop()
  expect(await held).toMatchObject({ type: 'preempted' })
  expect(waiting.list()).toEqual([])
})
