import { describe, expect, test } from 'vitest'
import { jobWith, viewOf } from './testing/job-view.ts'
import { settleEnds, trackPods } from './track-pods.ts'

const names = (pods: readonly { readonly metadata?: { readonly name?: string } }[]): readonly string[] =>
  pods.map(({ metadata }) => metadata?.name ?? '')

const failing = { succeeds: false, reason: 'R', message: 'm' }

describe('trackPods()', () => {
  test('notes ends once, and leaves what has none', () => {
    const status = { uncountedTerminatedPods: { failed: ['p1'] } }
    const view = viewOf(jobWith({}, status), [
      { phase: 'Succeeded' },
      { phase: 'Failed' },
      { phase: 'Failed' },
      {},
      { phase: 'Failed', isCounted: true },
    ])
    const { release, succeeded, failed, isWhole } = trackPods(view, undefined, status)
    expect(names(release)).toEqual(['p0', 'p1', 'p2'])
    expect([succeeded, failed, isWhole]).toEqual([['p0'], ['p2'], true])
  })

  test('takes whatever is left of a failed job for failed', () => {
    const view = viewOf(jobWith(), [{}, { isDeleting: true }])
    expect(trackPods(view, failing, {}).failed).toEqual(['p0', 'p1'])
    expect(trackPods(view, { ...failing, succeeds: true }, {}).failed).toEqual(['p1'])
  })

  test('stops at five hundred', () => {
    const pods = Array.from({ length: 600 }, () => ({ phase: 'Succeeded' }))
    const { release, isWhole } = trackPods(viewOf(jobWith(), pods), undefined, {})
    expect([release.length, isWhole]).toEqual([500, false])
  })

  test('keeps the last failed pod of an index until its next one is there', () => {
    const job = jobWith({ completionMode: 'Indexed', completions: 2, backoffLimitPerIndex: 3 })
    const failed = [
      { phase: 'Failed', index: 0, endedMsAgo: 9_000 },
      { phase: 'Failed', index: 0, endedMsAgo: 1_000 },
    ]
    expect(names(trackPods(viewOf(job, failed), undefined, {}).release)).toEqual(['p0'])
    const replaced = viewOf(job, [...failed, { index: 0 }])
    expect(names(trackPods(replaced, undefined, {}).release)).toEqual(['p0', 'p1'])
  })

  test('counts no pod whose index is not one of the job', () => {
    const view = viewOf(jobWith({ completionMode: 'Indexed', completions: 1 }), [
      { phase: 'Failed', index: 3 },
    ])
    const { release, failed } = trackPods(view, undefined, {})
    expect([names(release), failed]).toEqual([['p0'], []])
  })

  test('tells how often a rule of the policy was followed', () => {
    const policy = { rules: [{ action: 'Ignore', onExitCodes: { operator: 'In', values: [3] } }] }
    const view = viewOf(jobWith({ podFailurePolicy: policy }), [{ phase: 'Failed', exitCode: 3 }])
    const { actions, failed, release } = trackPods(view, undefined, {})
    expect([...actions]).toEqual([['Ignore', 1]])
    expect([failed, release.length]).toEqual([[], 1])
  })
})

test('settleEnds() counts those whose finalizer is gone', () => {
  const status = { failed: 2, uncountedTerminatedPods: { succeeded: ['a', 'b'], failed: ['c', 'd'] } }
  expect(settleEnds(status, new Set(['b', 'd']))).toEqual({
    succeeded: 1,
    failed: 3,
    uncountedTerminatedPods: { succeeded: ['b'], failed: ['d'] },
  })
  expect(settleEnds(status, new Set())).toEqual({ succeeded: 2, failed: 4, uncountedTerminatedPods: {} })
})
