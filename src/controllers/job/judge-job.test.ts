import { describe, expect, test } from 'vitest'
import type { batch } from '../../api/generated/types/index.ts'
import { formatTime } from '../../apimachinery/time.ts'
import { isComplete, judgeJob } from './judge-job.ts'
import { type JobPodTraits, jobWith, nowMs, viewOf, workQueue } from './testing/job-view.ts'

const failed: JobPodTraits = { phase: 'Failed' }
const indexed = { completionMode: 'Indexed', completions: 3, parallelism: 3 }
const failJob = (code: number): batch.v1.PodFailurePolicy => ({
  rules: [
    { action: 'Ignore', onPodConditions: [{ type: 'DisruptionTarget', status: 'True' }] },
    { action: 'FailJob', onExitCodes: { operator: 'In', values: [code] } },
  ],
})

interface Case {
  readonly what: string
  readonly spec?: Partial<batch.v1.JobSpec>
  readonly status?: batch.v1.JobStatus
  readonly pods?: readonly JobPodTraits[]
  readonly expected: string | undefined
}

describe('judgeJob()', () => {
  test.each<Case>([
    { what: 'lets a job run', pods: [{}], expected: undefined },
    { what: 'lets a job retry', spec: { backoffLimit: 1 }, pods: [failed], expected: undefined },
    {
      what: 'ends a job with too many failures',
      spec: { backoffLimit: 0 },
      pods: [failed],
      expected: 'FailureTarget BackoffLimitExceeded: Job has reached the specified backoff limit',
    },
    {
      what: 'counts what the status notes',
      spec: { backoffLimit: 2 },
      status: { failed: 1, uncountedTerminatedPods: { failed: ['p0', 'p1'] } },
      pods: [failed, failed],
      expected: 'FailureTarget BackoffLimitExceeded: Job has reached the specified backoff limit',
    },
    {
      what: 'counts restarts in pods that restart their containers',
      spec: {
        backoffLimit: 3,
        template: { spec: { restartPolicy: 'OnFailure', containers: [] } },
      },
      pods: [{ restarts: 2 }, { restarts: 1 }],
      expected: 'FailureTarget BackoffLimitExceeded: Job has reached the specified backoff limit',
    },
    {
      what: 'ends a job after its deadline',
      spec: { activeDeadlineSeconds: 60 },
      pods: [{}],
      expected: 'FailureTarget DeadlineExceeded: Job was active longer than specified deadline',
    },
    {
      what: 'has no deadline for a suspended job',
      spec: { activeDeadlineSeconds: 60, suspend: true },
      expected: undefined,
    },
    {
      what: 'fails a job by its policy',
      spec: { podFailurePolicy: failJob(42) },
      pods: [{ phase: 'Failed', exitCode: 42 }],
      expected:
        'FailureTarget PodFailurePolicy: Container main for pod default/p0 failed with exit code 42 matching FailJob rule at index 1',
    },
    {
      what: 'does not count what the policy ignores',
      spec: { podFailurePolicy: failJob(42), backoffLimit: 0 },
      pods: [{ phase: 'Failed', conditions: [{ type: 'DisruptionTarget', status: 'True' }] }],
      expected: undefined,
    },
    {
      what: 'waits for a pod with a policy to end',
      spec: { podFailurePolicy: failJob(42), backoffLimit: 0 },
      pods: [{ isDeleting: true }],
      expected: undefined,
    },
    {
      what: 'takes a pod that is deleted for failed without a policy',
      spec: { backoffLimit: 0 },
      pods: [{ isDeleting: true }],
      expected: 'FailureTarget BackoffLimitExceeded: Job has reached the specified backoff limit',
    },
    {
      what: 'fails a job whose indexes are all settled and one has failed',
      spec: { ...indexed, backoffLimitPerIndex: 0, backoffLimit: 100 },
      status: { completedIndexes: '0', failedIndexes: '1' },
      pods: [{ phase: 'Succeeded', index: 2 }],
      expected: 'FailureTarget FailedIndexes: Job has failed indexes',
    },
    {
      what: 'fails a job with too many failed indexes',
      spec: { ...indexed, backoffLimitPerIndex: 0, maxFailedIndexes: 0, backoffLimit: 100 },
      pods: [{ phase: 'Failed', index: 2 }],
      expected:
        'FailureTarget MaxFailedIndexesExceeded: Job has exceeded the specified maximal number of failed indexes',
    },
    {
      what: 'fails an index by its policy',
      spec: {
        ...indexed,
        backoffLimitPerIndex: 5,
        maxFailedIndexes: 0,
        backoffLimit: 100,
        podFailurePolicy: {
          rules: [{ action: 'FailIndex', onExitCodes: { operator: 'NotIn', values: [1] } }],
        },
      },
      pods: [{ phase: 'Failed', index: 2, exitCode: 7 }],
      expected:
        'FailureTarget MaxFailedIndexesExceeded: Job has exceeded the specified maximal number of failed indexes',
    },
    {
      what: 'is content with fewer indexes by the success policy',
      spec: { ...indexed, successPolicy: { rules: [{ succeededIndexes: '1-2', succeededCount: 1 }] } },
      pods: [{ phase: 'Succeeded', index: 2 }, { index: 0 }],
      expected: 'SuccessCriteriaMet SuccessPolicy: Matched rules at index 0',
    },
    {
      what: 'wants all indexes of a rule without a count',
      spec: { ...indexed, successPolicy: { rules: [{ succeededIndexes: '1-2' }] } },
      pods: [{ phase: 'Succeeded', index: 2 }],
      expected: undefined,
    },
    {
      what: 'stands by its success, whatever fails later',
      spec: { backoffLimit: 0 },
      status: { conditions: [{ type: 'SuccessCriteriaMet', status: 'True', reason: 'R', message: 'm' }] },
      pods: [failed],
      expected: 'SuccessCriteriaMet R: m',
    },
    {
      what: 'stands by its failure',
      status: { conditions: [{ type: 'FailureTarget', status: 'True', reason: 'R', message: 'm' }] },
      pods: [{ phase: 'Succeeded' }],
      expected: 'FailureTarget R: m',
    },
  ])('$what', ({ spec, status, pods, expected }) => {
    const ending = judgeJob(viewOf(jobWith(spec, status), pods))
    const type = ending?.succeeds === true ? 'SuccessCriteriaMet' : 'FailureTarget'
    expect(ending && `${type} ${ending.reason}: ${ending.message}`).toBe(expected)
  })

  test('counts a deadline from the start', () => {
    const status = { startTime: formatTime(nowMs - 59_000) }
    const job = jobWith({ activeDeadlineSeconds: 60 }, status)
    expect(judgeJob(viewOf(job))).toBeUndefined()
    expect(judgeJob(viewOf(job, [], { nowMs: nowMs + 1_000 }))?.reason).toBe('DeadlineExceeded')
  })
})

describe('isComplete()', () => {
  const one: readonly JobPodTraits[] = [{ phase: 'Succeeded' }]
  test.each([
    ['enough successes', jobWith(), one, 0, true],
    ['a pod too many still running', jobWith(), one, 1, false],
    ['too few successes', jobWith({ completions: 2 }), one, 0, false],
    ['no completions wanted', jobWith({ completions: 0 }), [], 0, true],
    ['a work queue with one success and nothing running', workQueue(3), one, 0, true],
    ['a work queue with workers left', workQueue(3), one, 2, false],
    ['a work queue without a success', workQueue(3), [], 0, false],
  ])('of %s', (_, job, pods, active, expected) => {
    expect(isComplete(viewOf(job, pods), active)?.reason === 'CompletionsReached').toBe(expected)
  })
})
