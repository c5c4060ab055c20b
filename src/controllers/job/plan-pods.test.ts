import { describe, expect, test } from 'vitest'
import { indexFailuresKey } from '../../api/batch/job/labels.ts'
import type { batch } from '../../api/generated/types/index.ts'
import { planPods } from './plan-pods.ts'
import { type JobPodTraits, jobWith, nowMs, viewOf, workQueue } from './testing/job-view.ts'

const names = (pods: readonly { readonly metadata?: { readonly name?: string } }[]): string =>
  pods.map(({ metadata }) => metadata?.name).join()

const indexed = (completions: number, parallelism: number) => ({
  completionMode: 'Indexed',
  completions,
  parallelism,
})

interface Case {
  readonly what: string
  readonly spec?: Partial<batch.v1.JobSpec>
  readonly status?: batch.v1.JobStatus
  readonly pods?: readonly JobPodTraits[]
  readonly create?: number | readonly number[]
  readonly remove?: string
  readonly waitMs?: number
}

const ended = { phase: 'Failed', endedMsAgo: 4_000 }

describe('planPods()', () => {
  test.each<Case>([
    { what: 'makes as many as run at a time', spec: { parallelism: 3, completions: 5 }, create: 3 },
    {
      what: 'makes no more than are left to do',
      spec: { parallelism: 3, completions: 5 },
      status: { succeeded: 3 },
      pods: [{}],
      create: 1,
    },
    { what: 'makes at most 500 at once', spec: { parallelism: 900, completions: 900 }, create: 500 },
    {
      what: 'removes what is too much, the least advanced first',
      spec: { parallelism: 1, completions: 5 },
      pods: [{ phase: 'Running', isReady: true }, { phase: 'Pending' }, { phase: 'Running' }],
      remove: 'p1,p2',
    },
    { what: 'removes all of a suspended job', spec: { suspend: true }, pods: [{}, ended], remove: 'p0' },
    {
      what: 'waits after a failure',
      pods: [ended],
      waitMs: 6_000,
    },
    {
      what: 'replaces a pod on its way out at once',
      pods: [{ isDeleting: true, isCounted: true }],
      create: 1,
    },
    {
      what: 'replaces a pod when it has failed, not before',
      spec: { podReplacementPolicy: 'Failed' },
      pods: [{ isDeleting: true }],
    },
    {
      what: 'makes the lowest indexes that are missing',
      spec: indexed(6, 3),
      status: { completedIndexes: '0,2' },
      pods: [{ index: 3 }],
      create: [1, 4],
    },
    {
      what: 'leaves out failed indexes',
      spec: { ...indexed(4, 4), backoffLimitPerIndex: 1 },
      status: { failedIndexes: '0-1' },
      create: [2, 3],
    },
    {
      what: 'removes pods that share an index, or have none of the job',
      spec: indexed(3, 3),
      pods: [{ index: 1, isReady: true }, { index: 1, phase: 'Pending' }, { index: 7 }, { index: 'x' }, {}],
      remove: 'p2,p3,p4,p1',
    },
    {
      what: 'lets each index wait for itself',
      spec: { ...indexed(2, 2), backoffLimitPerIndex: 5 },
      pods: [
        { ...ended, index: 0 },
        { index: 1, phase: 'Succeeded' },
      ],
      waitMs: 6_000,
    },
    {
      what: 'waits longer the more often an index has failed',
      spec: { ...indexed(1, 1), backoffLimitPerIndex: 5 },
      pods: [{ ...ended, index: 0, annotations: { [indexFailuresKey]: '2' } }],
      waitMs: 36_000,
    },
    {
      what: 'does not let one index hold up the others',
      spec: { ...indexed(2, 2), backoffLimitPerIndex: 5 },
      pods: [{ ...ended, index: 0 }],
      create: [1],
    },
  ])('$what', ({ spec, status, pods, create = [], remove = '', waitMs }) => {
    const plan = planPods(viewOf(jobWith(spec, status), pods))
    expect(typeof create === 'number' ? plan.create.length : plan.create).toEqual(create)
    expect(names(plan.remove)).toBe(remove)
    expect(plan.waitMs).toBe(waitMs)
  })

  test('leaves the workers of a queue alone once one has succeeded', () => {
    expect(planPods(viewOf(workQueue(3), [{}])).create).toHaveLength(2)
    expect(planPods(viewOf(workQueue(3), [{}, { phase: 'Succeeded' }]))).toEqual({ create: [], remove: [] })
  })

  test('waits twice as long after each failure, up to ten minutes', () => {
    const waits = [1, 2, 3, 7, 20].map(
      (count) => planPods(viewOf(jobWith(), [], { failures: { count, lastMs: nowMs } })).waitMs,
    )
    expect(waits).toEqual([10_000, 20_000, 40_000, 600_000, 600_000])
  })
})
