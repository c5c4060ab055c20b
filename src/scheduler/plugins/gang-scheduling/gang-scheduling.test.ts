import { expect, test } from 'vitest'
import { Pod } from '../../../api/core/pod/kind.ts'
import type { core } from '../../../api/generated/types/index.ts'
import { PodGroup } from '../../../api/scheduling/pod-group/kind.ts'
import { makePodInfo } from '../../pod-info.ts'
import { FixedInformers } from '../../testing/fixed-informers.ts'
import { pluginContext } from '../../testing/plugin-context.ts'
import { gangScheduling } from './gang-scheduling.ts'

const member = (uid: string, spec: Partial<core.v1.PodSpec> = {}): core.v1.Pod => ({
  metadata: { name: uid, uid, namespace: 'd' },
  spec: { containers: [], schedulingGroup: { podGroupName: 'g' }, ...spec },
})

function gang(minCount: number | undefined) {
  const informers = new FixedInformers()
  const told: string[] = []
  const context = {
    ...pluginContext({ informers }),
    activate: (uids: readonly string[]) => told.push(`try ${uids.join()}`),
    requeue: () => told.push('requeue'),
    waiting: {
      get: (uid: string) => ({
        ...{ pod: makePodInfo(member(uid)), node: 'n', pending: [], reject: () => {} },
        allow: () => told.push(`allow ${uid}`),
      }),
      list: () => [],
      preempt: () => false,
    },
  }
  const plugin = gangScheduling(context)
  if (minCount !== undefined)
    informers.set(PodGroup, {
      metadata: { name: 'g', namespace: 'd' },
      spec: { schedulingPolicy: { gang: { minCount } } },
    })
  return { informers, plugin, told }
}

test('gangScheduling() keeps members out of the queue until there are enough', () => {
  const { informers, plugin, told } = gang(2)
  const first = makePodInfo(member('a'))
  const asked = () => plugin.preEnqueue?.(first)?.reasons.join()
  informers.set(Pod, member('a'))
  expect(asked()).toBe('waiting for minCount pods from a gang to appear in scheduling queue')
  informers.set(Pod, member('b'))
  expect(asked()).toBeUndefined()
  expect(told).toEqual(['requeue', 'requeue'])
})

test('gangScheduling() waits for the group, and for no group', () => {
  const { plugin } = gang(undefined)
  expect(plugin.preEnqueue?.(makePodInfo(member('a')))?.reasons).toEqual([
    'waiting for pods\'s pod group "g" to appear in scheduling queue',
  ])
  const alone = makePodInfo({ metadata: { name: 'x', uid: 'x' }, spec: { containers: [] } })
  expect(plugin.preEnqueue?.(alone)).toBeUndefined()
})

test('gangScheduling() lets no member through whose group has gone', () => {
  const { plugin } = gang(undefined)
  expect(() => plugin.permit?.(makePodInfo(member('a')), 'n')).toThrow(
    'failed to get podGroup d/g: podgroup.scheduling.k8s.io "g" not found',
  )
})

test('gangScheduling() holds members on their nodes until enough have one', () => {
  const { informers, plugin, told } = gang(2)
  informers.set(Pod, member('a'), member('b'), member('c'))
  told.length = 0
  const place = (uid: string) => {
    plugin.reserve?.(makePodInfo(member(uid)), 'n')
    return plugin.permit?.(makePodInfo(member(uid)), 'n')
  }
  expect(place('a')).toEqual({ waitMs: 300_000 })
  expect(told).toEqual(['try b,c'])
  plugin.unreserve?.(makePodInfo(member('a')), 'n')
  expect(place('b')).toEqual({ waitMs: 300_000 })
  expect(place('c')).toBeUndefined()
  expect(told).toEqual(['try b,c', 'try a,c', 'allow b', 'allow c'])
})
