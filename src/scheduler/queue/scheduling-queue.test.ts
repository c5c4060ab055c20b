import { describe, expect, test } from 'vitest'
import { Node } from '../../api/core/node/kind.ts'
import { Pod } from '../../api/core/pod/kind.ts'
import { testHost } from '../../client/testing/test-host.ts'
import { actions, assignedPodEvent, nodeEvent, onEvent } from '../cluster-event.ts'
import type { Plugin } from '../framework.ts'
import { makePodInfo } from '../pod-info.ts'
import { backOffMs } from './back-off.ts'
import { EventHints } from './event-hints.ts'
import { Nominator } from './nominator.ts'
import { type RefusedBy, SchedulingQueue } from './scheduling-queue.ts'

const pod = (name: string, priority = 0, gates: readonly string[] = []) => ({
  metadata: { name, namespace: 'd', uid: name },
  spec: { priority, containers: [], schedulingGates: gates.map((gate) => ({ name: gate })) },
})
const info = (name: string, priority = 0) => makePodInfo(pod(name, priority))
const refusedBy = (...plugins: readonly string[]): RefusedBy => ({
  unschedulable: new Set(plugins),
  pending: new Set(),
})

const plugins: readonly Plugin[] = [
  { name: 'Fit', events: [onEvent(Node, actions.add)] },
  { name: 'Waits', events: [onEvent(Node, actions.add)] },
  {
    name: 'Gates',
    preEnqueue: (each) =>
      (each.pod.spec?.schedulingGates?.length ?? 0) > 0 ? { resolvable: false, reasons: [] } : undefined,
    events: [
      onEvent(
        Pod,
        actions.updatePodSchedulingGatesEliminated,
        (each, now) => now?.metadata?.uid === each.uid,
      ),
    ],
  },
]

function setUp(windows = true) {
  const host = testHost()
  const hints = new EventHints(plugins)
  const nominator = new Nominator()
  const queue = new SchedulingQueue({
    host,
    less: (a, b) => b.info.priority - a.info.priority,
    backOff: { initialMs: 1_000, maxMs: 10_000, windows },
    maxUnschedulableMs: 5 * 60_000,
    hints: () => hints,
    allHints: () => [hints],
    gate: (each) => plugins.find((plugin) => plugin.preEnqueue?.(each) !== undefined)?.name,
    nominator,
    onReady: () => {},
  })
  const popped = () => {
    const next = queue.pop()
    if (next === undefined) throw new Error('no pod')
    return next
  }
  return { host, queue, nominator, popped }
}

const nodeAdded = nodeEvent({ action: actions.add, object: {} })

describe('SchedulingQueue', () => {
  test('pops by priority, then in the order in which they came', () => {
    const { queue } = setUp()
    for (const each of [info('low'), info('high', 10), info('low-2')]) queue.add(each)
    expect([1, 2, 3, 4].map(() => queue.pop()?.info.uid)).toEqual(['high', 'low', 'low-2', undefined])
  })

  test('keeps unschedulable pods until an event may help, then backs them off', async () => {
    const { host, queue, popped } = setUp(false)
    queue.add(info('p'))
    queue.giveBack(popped(), refusedBy('Fit'))
    queue.moveFor(assignedPodEvent({ action: actions.delete, old: {} }))
    expect(queue.sizes).toMatchObject({ unschedulable: 1 })
    queue.moveFor(nodeAdded)
    expect(queue.sizes).toMatchObject({ backoff: 1, unschedulable: 0 })
    await host.advance(1_001)
    expect(queue.sizes).toMatchObject({ active: 1, backoff: 0 })
  })

  test('tries pods that back off when nothing else is to be done, but none that an error brought back', () => {
    const { queue, popped } = setUp()
    queue.add(info('refused'))
    queue.add(info('failed'))
    queue.giveBack(popped(), refusedBy('Fit'))
    queue.giveBack(popped(), refusedBy())
    queue.moveFor(nodeAdded)
    expect(queue.sizes).toMatchObject({ backoff: 2 })
    expect([queue.pop()?.info.uid, queue.pop()?.info.uid]).toEqual(['refused', undefined])
  })

  test('brings a pod that waits for a plugin back at once', () => {
    const { queue, popped } = setUp()
    queue.add(info('p'))
    queue.giveBack(popped(), { unschedulable: new Set(['Waits']), pending: new Set(['Waits']) })
    queue.moveFor(nodeAdded)
    expect(queue.sizes).toMatchObject({ active: 1 })
  })

  test('does not lose what happens while a pod is tried', () => {
    const { queue, popped } = setUp()
    queue.add(info('first'))
    const first = popped()
    queue.moveFor(nodeAdded)
    queue.add(info('second'))
    const second = popped()
    queue.giveBack(first, refusedBy('Fit'))
    queue.giveBack(second, refusedBy('Fit'))
    expect(queue.sizes).toMatchObject({ backoff: 1, unschedulable: 1 })
    expect([queue.inFlight.pods, queue.inFlight.events]).toEqual([0, 0])
  })

  test('tries unschedulable pods again after five minutes', async () => {
    const { host, queue, popped } = setUp()
    queue.add(info('p'))
    queue.giveBack(popped(), refusedBy('Other'))
    await host.advance(5 * 60_000)
    expect(queue.isReady).toBe(false)
    await host.advance(30_000)
    expect(queue.pop()).toMatchObject({ flushed: true, info: { uid: 'p' } })
  })

  test('keeps the newest object of a pod that waits on, where it is', () => {
    const { queue, popped } = setUp()
    queue.add(info('p'))
    queue.giveBack(popped(), refusedBy('Fit'))
    const newest = { ...pod('p'), status: { phase: 'Pending' } }
    queue.update(newest, pod('p'))
    expect(queue.get('p')?.info.pod).toBe(newest)
    expect(queue.sizes).toMatchObject({ unschedulable: 1, active: 0 })
  })

  test('holds gated pods until their gates are gone', () => {
    const { queue } = setUp()
    const gated = pod('p', 0, ['wait'])
    queue.add(makePodInfo(gated))
    queue.moveFor(nodeAdded)
    expect([queue.pop(), queue.sizes.gated]).toEqual([undefined, 1])
    queue.update({ ...pod('p'), metadata: { ...gated.metadata, generation: 2 } }, gated)
    expect(queue.pop()?.info.uid).toBe('p')
  })

  test('activate() brings a pod back whatever holds it, and one that is tried when it is given back', () => {
    const { queue, popped } = setUp()
    for (const name of ['waits', 'tried']) queue.add(info(name))
    queue.giveBack(popped(), refusedBy('Other'))
    const tried = popped()
    queue.activate(['waits', 'tried'])
    queue.giveBack(tried, refusedBy('Other'))
    expect(queue.sizes).toMatchObject({ active: 1, backoff: 1 })
  })

  test('knows where pods are nominated to before their status says so', () => {
    const { queue, nominator } = setUp()
    queue.add(makePodInfo({ ...pod('p'), status: { nominatedNodeName: 'n' } }))
    expect(nominator.on('n').map(({ uid }) => uid)).toEqual(['p'])
    nominator.add(info('p'), 'other')
    queue.update(pod('p'), pod('p'))
    expect(nominator.on('other')).toHaveLength(1)
    queue.remove('p')
    expect(nominator.size).toBe(0)
  })
})

test.each([
  [0, 0],
  [1, 1_000],
  [2, 2_000],
  [4, 8_000],
  [5, 10_000],
  [50, 10_000],
])('backOffMs() after %i attempts is %i', (attempts, expected) =>
  expect(backOffMs(attempts, { initialMs: 1_000, maxMs: 10_000, windows: true })).toBe(expected),
)
