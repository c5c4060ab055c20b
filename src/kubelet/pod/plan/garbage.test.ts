import { expect, test } from 'vitest'
import { observedContainer } from '../../testing/observed-container.ts'
import type { ObservedContainer } from '../observed-pod.ts'
import { podGarbage } from './garbage.ts'

test('podGarbage() keeps one dead container of each name and what holds it', () => {
  const container = (id: string, state: ObservedContainer['state'], sandboxId: string): ObservedContainer =>
    observedContainer({ id, name: 'web', sandboxId, state })
  const sandbox = (id: string, ready: boolean) => ({
    id,
    metadata: { name: '', uid: '', namespace: '', attempt: 0 },
    state: ready ? ('SANDBOX_READY' as const) : ('SANDBOX_NOTREADY' as const),
    createdAt: 0,
    labels: {},
    annotations: {},
  })
  const garbage = podGarbage({
    sandboxes: [sandbox('s3', true), sandbox('s2', false), sandbox('s1', false)],
    containers: [
      container('c4', 'running', 's3'),
      container('c3', 'exited', 's2'),
      container('c2', 'exited', 's1'),
    ],
    podIps: [],
  })
  expect(garbage.containers.map(({ id }) => id)).toEqual(['c2'])
  expect(garbage.sandboxIds).toEqual(['s1'])
})
