import { describe, expect, test } from 'vitest'
import { Node } from '../api/core/node/kind.ts'
import { realHost } from '../base/host/real-host.ts'
import { VirtualHost } from '../base/virtual-host.ts'
import { actions, assignedPodEvent, nodeEvent } from './cluster-event.ts'
import { makePodInfo } from './pod-info.ts'
import { backOffMs, SchedulingQueue } from './scheduling-queue.ts'

const info = (name: string, priority = 0) =>
  makePodInfo({ metadata: { name, namespace: 'd', uid: name }, spec: { priority, containers: [] } })

function setUp() {
  const host = new VirtualHost({
    seed: 1,
    hop: () => realHost.nextTurn(),
    sha256: (data) => realHost.sha256(data),
  })
  const queue = new SchedulingQueue({
    host,
    less: (a, b) => b.priority - a.priority,
    mayHelp: (plugin, _pod, event) => plugin === 'Fit' && event.isOf(Node),
    onReady: () => {},
  })
  return { host, queue }
}

describe('SchedulingQueue', () => {
  test('pops by priority', () => {
    const { queue } = setUp()
    for (const pod of [info('low'), info('high', 10)]) queue.add(pod)
    expect([queue.pop()?.info.uid, queue.pop()?.info.uid, queue.pop()]).toEqual(['high', 'low', undefined])
  })

  test('keeps unschedulable pods until an event may help, then backs them off', async () => {
    const { host, queue } = setUp()
    queue.add(info('p'))
    const queued = queue.pop()
    if (!queued) throw new Error('no pod')
    queue.giveBack(queued, new Set(['Fit']))
    queue.moveFor(assignedPodEvent({ action: actions.delete, old: {} }))
    expect(queue.sizes).toMatchObject({ unschedulable: 1 })
    queue.moveFor(nodeEvent({ action: actions.add, object: {} }))
    expect(queue.sizes).toMatchObject({ backoff: 1, unschedulable: 0 })
    await host.advance(1_000)
    expect(queue.sizes).toMatchObject({ active: 1, backoff: 0 })
  })

  test('tries unschedulable pods again after five minutes', async () => {
    const { host, queue } = setUp()
    queue.add(info('p'))
    const queued = queue.pop()
    if (!queued) throw new Error('no pod')
    queue.giveBack(queued, new Set(['Other']))
    await host.advance(5 * 60_000 - 1)
    expect(queue.sizes.active).toBe(0)
    await host.advance(1)
    expect(queue.sizes.active).toBe(1)
  })

  test('keeps the newest object of a pod that waits on, where it is', () => {
    const { queue } = setUp()
    queue.add(info('p'))
    const queued = queue.pop()
    if (!queued) throw new Error('no pod')
    queue.giveBack(queued, new Set(['Fit']))
    const newest = { ...queued.info.pod, status: { phase: 'Pending' } }
    queue.refresh('p', newest)
    expect(queue.get('p')?.info.pod).toBe(newest)
    expect(queue.sizes).toMatchObject({ unschedulable: 1, active: 0 })
  })

  test('holds gated pods until they are added', () => {
    const { queue } = setUp()
    queue.addGated(info('p'), 'SchedulingGates')
    expect([queue.pop(), queue.sizes.gated]).toEqual([undefined, 1])
    queue.add(info('p'))
    expect(queue.pop()?.info.uid).toBe('p')
  })
})

test.each([
  [0, 0],
  [1, 1_000],
  [2, 2_000],
  [4, 8_000],
  [5, 10_000],
  [50, 10_000],
])('backOffMs() after %i attempts is %i', (attempts, expected) => expect(backOffMs(attempts)).toBe(expected))
