import { describe, expect, test } from 'vitest'
import { defineKind } from '../../apimachinery/define-kind.ts'
import type { DeleteOptions, ObjectMeta } from '../../apimachinery/meta.ts'
import { formatTime } from '../../apimachinery/time.ts'
import { planDeletion } from './deletion-plan.ts'

const base = { group: '', version: 'v1', namespaced: true, schema: '' }
const plain = defineKind({ ...base, kind: 'Plain', resource: 'plains' })
const graceful = defineKind({
  ...base,
  kind: 'Graceful',
  resource: 'gracefuls',
  gracefulDeletion: (_object, requested) => ({ gracePeriodSeconds: requested ?? 30 }),
})
const orphaning = defineKind({ ...base, kind: 'Orphaning', resource: 'orphanings', orphansDependents: true })
const nowMs = Date.UTC(2026, 0, 1)
const at = (seconds: number): string => formatTime(nowMs + seconds * 1000)

const deleting = (graceSeconds: number, inSeconds: number): ObjectMeta => ({
  deletionTimestamp: at(inSeconds),
  deletionGracePeriodSeconds: graceSeconds,
})

function plan(kind: typeof plain, metadata: ObjectMeta, options: DeleteOptions): unknown {
  const planned = planDeletion(kind, { metadata: { name: 'x', ...metadata } }, options, nowMs)
  if (planned.type === 'wait') return 'wait'
  const { name: _name, ...rest } = (planned.type === 'mark' ? planned.object : planned.last).metadata ?? {}
  return [planned.type, rest]
}

describe('planDeletion()', () => {
  const rows: readonly [string, typeof plain, ObjectMeta, DeleteOptions, unknown][] = [
    ['removes at once', plain, {}, {}, ['remove', {}]],
    [
      'marks what finalizers hold',
      plain,
      { finalizers: ['a/b'], generation: 2 },
      {},
      ['mark', { finalizers: ['a/b'], generation: 3, ...deleting(0, 0) }],
    ],
    [
      'keeps the first time of what is marked',
      plain,
      { finalizers: ['a/b'], generation: 3, ...deleting(0, -60) },
      {},
      ['mark', { finalizers: ['a/b'], generation: 3, ...deleting(0, -60) }],
    ],
    [
      'orphans',
      plain,
      {},
      { propagationPolicy: 'Orphan' },
      ['mark', { finalizers: ['orphan'], ...deleting(0, 0) }],
    ],
    [
      'orphans the old way',
      plain,
      {},
      { orphanDependents: true },
      ['mark', { finalizers: ['orphan'], ...deleting(0, 0) }],
    ],
    [
      'orphans by default where the kind does',
      orphaning,
      {},
      {},
      ['mark', { finalizers: ['orphan'], ...deleting(0, 0) }],
    ],
    [
      'deletes dependents of such a kind on demand',
      orphaning,
      {},
      { propagationPolicy: 'Background' },
      ['remove', {}],
    ],
    [
      'waits for dependents',
      plain,
      {},
      { propagationPolicy: 'Foreground' },
      ['mark', { finalizers: ['foregroundDeletion'], ...deleting(0, 0) }],
    ],
    [
      'lets the last word about dependents count',
      plain,
      { finalizers: ['orphan', 'a/b'] },
      { propagationPolicy: 'Foreground' },
      ['mark', { finalizers: ['a/b', 'foregroundDeletion'], ...deleting(0, 0) }],
    ],
    [
      'drops the wish to orphan',
      plain,
      { finalizers: ['orphan'] },
      { propagationPolicy: 'Background' },
      ['remove', {}],
    ],
    [
      'keeps an existing wish',
      plain,
      { finalizers: ['orphan'] },
      {},
      ['mark', { finalizers: ['orphan'], ...deleting(0, 0) }],
    ],
    ['gives the kind’s grace', graceful, {}, {}, ['mark', deleting(30, 30)]],
    [
      'counts the first mark in generation',
      graceful,
      { generation: 1 },
      {},
      ['mark', { generation: 2, ...deleting(30, 30) }],
    ],
    ['gives the asked grace', graceful, {}, { gracePeriodSeconds: 5 }, ['mark', deleting(5, 5)]],
    [
      'reads a negative grace as a second',
      graceful,
      {},
      { gracePeriodSeconds: -1 },
      ['mark', deleting(1, 1)],
    ],
    ['removes at once without grace', graceful, {}, { gracePeriodSeconds: 0 }, ['remove', deleting(0, 0)]],
    ['does not extend', graceful, deleting(30, 20), { gracePeriodSeconds: 60 }, 'wait'],
    ['leaves a pending deletion alone', graceful, deleting(30, 20), {}, 'wait'],
    ['shortens', graceful, deleting(30, 30), { gracePeriodSeconds: 10 }, ['mark', deleting(10, 10)]],
    [
      'shortens what is overdue to a second',
      graceful,
      deleting(30, 5),
      { gracePeriodSeconds: 10 },
      ['mark', deleting(1, 0)],
    ],
    [
      'ends a pending deletion',
      graceful,
      deleting(30, 20),
      { gracePeriodSeconds: 0 },
      ['remove', deleting(0, 0)],
    ],
    ['finishes what was marked without grace', graceful, deleting(0, -5), {}, ['remove', deleting(0, -5)]],
  ]
  for (const [what, kind, metadata, options, expected] of rows)
    test(what, () => expect(plan(kind, metadata, options)).toEqual(expected))
})
