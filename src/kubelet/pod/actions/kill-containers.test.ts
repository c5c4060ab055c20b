import { expect, test } from 'vitest'
import type { core } from '../../../api/generated/types/index.ts'
import { gracePeriodSeconds } from './kill-containers.ts'
import { TerminationOrder } from './termination-order.ts'

type Pod = core.v1.Pod

test('gracePeriodSeconds() goes by deletion, then probe, then pod', () => {
  const pod: Pod = { spec: { containers: [], terminationGracePeriodSeconds: 30 } }
  const container: core.v1.Container = { name: 'c', livenessProbe: { terminationGracePeriodSeconds: 5 } }
  expect(gracePeriodSeconds(pod, container, '')).toBe(30)
  expect(gracePeriodSeconds(pod, container, 'LivenessProbe')).toBe(5)
  expect(gracePeriodSeconds({ ...pod, metadata: { deletionGracePeriodSeconds: 1 } }, container, '')).toBe(1)
})

test('TerminationOrder ends sidecars after the others, the last first', async () => {
  const pod: Pod = {
    spec: {
      initContainers: [
        { name: 'first', restartPolicy: 'Always' },
        { name: 'second', restartPolicy: 'Always' },
      ],
      containers: [{ name: 'web' }],
    },
  }
  const order = new TerminationOrder(pod, [{ name: 'web' }, { name: 'first' }, { name: 'second' }])
  const ended: string[] = []
  const stop = async (name: string): Promise<void> => {
    await order.turn(name)
    ended.push(name)
    order.ended(name)
  }
  await Promise.all([stop('first'), stop('second'), stop('web')])
  expect(ended).toEqual(['web', 'second', 'first'])
})
