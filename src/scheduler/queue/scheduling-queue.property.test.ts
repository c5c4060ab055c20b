import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Node } from '../../api/core/node/kind.ts'
import { Pod } from '../../api/core/pod/kind.ts'
import { testHost } from '../../client/testing/test-host.ts'
import { actions, assignedPodEvent, type ClusterEvent, nodeEvent, onEvent } from '../cluster-event.ts'
import { makePodInfo } from '../pod-info.ts'
import { EventHints } from './event-hints.ts'
import { Nominator } from './nominator.ts'
import { SchedulingQueue } from './scheduling-queue.ts'

const hints = new EventHints([
  { name: 'Nodes', events: [onEvent(Node, actions.add)] },
  { name: 'Labels', events: [onEvent(Node, actions.updateNodeLabel, (pod) => pod.priority > 0)] },
  {
    name: 'Pods',
    events: [onEvent(Pod, actions.delete, (_pod, _now, old) => old?.metadata?.name === 'big')],
  },
  { name: 'Any' },
  { name: 'Nothing', events: [] },
])

const eventMakers: readonly (() => ClusterEvent)[] = [
  () => nodeEvent({ action: actions.add, object: {} }),
  () => nodeEvent({ action: actions.updateNodeLabel, object: {}, old: {} }),
  () => nodeEvent({ action: actions.updateNodeTaint, object: {}, old: {} }),
  () => assignedPodEvent({ action: actions.delete, old: { metadata: { name: 'big' } } }),
  () => assignedPodEvent({ action: actions.delete, old: { metadata: { name: 'small' } } }),
]

const refusals = fc.array(
  fc.record({
    priority: fc.integer({ min: 0, max: 1 }),
    plugins: fc.subarray(['Nodes', 'Labels', 'Pods', 'Any', 'Nothing'], { minLength: 1 }),
  }),
  { minLength: 1, maxLength: 12 },
)

test('moveFor() by its index of refusals moves whom asking every pod would move', () => {
  fc.assert(
    fc.property(refusals, fc.array(fc.nat(eventMakers.length - 1), { maxLength: 4 }), (pods, events) => {
      const queue = new SchedulingQueue({
        host: testHost(),
        less: () => 0,
        backOff: { initialMs: 1_000, maxMs: 10_000, windows: true },
        maxUnschedulableMs: 300_000,
        hints: () => hints,
        allHints: () => [hints],
        gate: () => undefined,
        nominator: new Nominator(),
        onReady: () => {},
      })
      const waiting = pods.map(({ priority, plugins }, index) => {
        const metadata = { name: `p${index}`, uid: `p${index}` }
        queue.add(makePodInfo({ metadata, spec: { priority, containers: [] } }))
        const popped = queue.pop()
        if (popped === undefined) throw new Error('no pod')
        queue.giveBack(popped, { unschedulable: new Set(plugins), pending: new Set() })
        return popped
      })
      for (const index of events) {
        const event = eventMakers[index]?.()
        if (event !== undefined) queue.moveFor(event)
      }
      const stays = waiting.filter((pod) =>
        events.every((index) => {
          const event = eventMakers[index]?.()
          return event === undefined || hints.requeueing(pod, event) === 'stay'
        }),
      )
      const { unschedulable, backoff, active } = queue.sizes
      expect([unschedulable, backoff + active]).toEqual([stays.length, pods.length - stays.length])
      queue.stop()
    }),
  )
})
