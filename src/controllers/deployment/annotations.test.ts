import { expect, test } from 'vitest'
import type { apps } from '../../api/generated/types/index.ts'
import { nextRevision, revisionOf } from './annotations.ts'

const setWith = (revision?: string): apps.v1.ReplicaSet => ({
  metadata: {
    name: 'set',
    ...(revision === undefined ? {} : { annotations: { 'deployment.kubernetes.io/revision': revision } }),
  },
})

test('nextRevision() counts in 64 bits', () => {
  expect(nextRevision([])).toBe(1n)
  expect(nextRevision([setWith('2'), setWith('10'), setWith()])).toBe(11n)
  expect(nextRevision([setWith('3546343826724305832')])).toBe(3546343826724305833n)
})

test('revisionOf() is 0 for what is no number of 64 bits', () => {
  for (const text of ['', 'one', '1.5', '9223372036854775808']) expect(revisionOf(setWith(text))).toBe(0n)
})
