import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { Job as JobKind } from '../../api/batch/job/kind.ts'
import { Pod as PodKind } from '../../api/core/pod/kind.ts'
import { statusError } from '../../apimachinery/status-error.ts'
import { isTracked } from './job-pod.ts'
import { JobCluster } from './testing/job-cluster.ts'

let cluster: JobCluster

beforeEach(() => {
  cluster = new JobCluster()
})

afterEach(() => cluster.stop())

const indexed = { completionMode: 'Indexed', completions: 3, parallelism: 2 }
const change = (patch: object) => cluster.change(JobKind, 'default/work', patch)
const settle = (ms = 500) => cluster.host.advance(ms)

describe('jobController', () => {
  test('runs a job to its end', async () => {
    await cluster.makeJob({ completions: 3, parallelism: 2 })
    expect(await cluster.status()).toMatchObject({ active: 2, ready: 0, terminating: 0 })
    await cluster.runAll()
    expect(await cluster.status()).toMatchObject({ active: 2, ready: 2 })
    for (const pod of await cluster.podsOf('Running')) await cluster.endPod(pod, 0)
    await settle()
    expect(await cluster.status()).toMatchObject({ active: 1, succeeded: 2, uncountedTerminatedPods: {} })
    await cluster.endAll(0)
    const { conditions, completionTime, ...status } = await cluster.status()
    expect(status).toEqual({
      startTime: expect.any(String),
      succeeded: 3,
      ready: 0,
      terminating: 0,
      uncountedTerminatedPods: {},
    })
    expect(conditions?.map(({ type, status: each, reason }) => [type, each, reason])).toEqual([
      ['SuccessCriteriaMet', 'True', 'CompletionsReached'],
      ['Complete', 'True', 'CompletionsReached'],
    ])
    expect(completionTime).toBe(conditions?.[1]?.lastTransitionTime)
    expect((await cluster.pods()).filter(isTracked)).toEqual([])
    expect((await cluster.events()).at(-1)).toBe('Normal Completed Job completed')
    const exposed = cluster.metrics.expose()
    expect(exposed).toContain(
      'job_controller_jobs_finished_total{completion_mode="NonIndexed",result="succeeded",reason="CompletionsReached"} 1',
    )
    expect(exposed).toContain(
      'job_controller_job_pods_finished_total{completion_mode="NonIndexed",result="succeeded"} 3',
    )
    expect(exposed).toContain('job_controller_job_pods_creation_total{reason="new",status="succeeded"} 3')
    expect(exposed).toContain('job_controller_terminated_pods_tracking_finalizer_total{event="delete"} 3')
  })

  test('tries again later and later, then gives up', async () => {
    await cluster.makeJob({ backoffLimit: 2 })
    await cluster.endAll(1)
    expect(await cluster.podsOf('Pending')).toEqual([])
    await settle(8_000)
    expect(await cluster.podsOf('Pending')).toEqual([])
    await settle(3_000)
    await cluster.endAll(1)
    await settle(17_000)
    expect(await cluster.podsOf('Pending')).toEqual([])
    await settle(4_000)
    await cluster.endAll(1)
    expect(await cluster.status()).toMatchObject({ failed: 3 })
    expect(await cluster.conditions()).toEqual([
      'FailureTarget=True BackoffLimitExceeded: Job has reached the specified backoff limit',
      'Failed=True BackoffLimitExceeded: Job has reached the specified backoff limit',
    ])
    expect((await cluster.events()).at(-1)).toBe(
      'Warning BackoffLimitExceeded Job has reached the specified backoff limit',
    )
  })

  test('kills what is left when the deadline is over, and waits for it to go', async () => {
    await cluster.makeJob({ activeDeadlineSeconds: 60, parallelism: 2, completions: 2 })
    await cluster.runAll()
    const [held] = await cluster.pods()
    const name = `default/${held?.metadata?.name}`
    await cluster.change(PodKind, name, {
      metadata: { finalizers: [...(held?.metadata?.finalizers ?? []), 'a/hold'] },
    })
    await settle(61_000)
    expect(await cluster.conditions()).toEqual([
      'FailureTarget=True DeadlineExceeded: Job was active longer than specified deadline',
    ])
    expect(await cluster.status()).toMatchObject({ failed: 2, terminating: 1 })
    await cluster.change(PodKind, name, { metadata: { finalizers: [] } })
    await settle()
    expect((await cluster.conditions())[1]).toBe(
      'Failed=True DeadlineExceeded: Job was active longer than specified deadline',
    )
    expect(await cluster.status()).toMatchObject({ failed: 2, terminating: 0 })
  })

  test('runs an Indexed job', async () => {
    await cluster.makeJob(indexed)
    const hosts = async () => (await cluster.podsOf('Pending')).map(({ spec }) => spec?.hostname)
    expect(await hosts()).toEqual(['work-0', 'work-1'])
    const [, second] = await cluster.podsOf('Pending')
    if (second !== undefined) await cluster.endPod(second, 0)
    await settle()
    expect(await cluster.status()).toMatchObject({ succeeded: 1, completedIndexes: '1' })
    expect((await hosts()).toSorted()).toEqual(['work-0', 'work-2'])
    await cluster.endAll(0)
    expect(await cluster.status()).toMatchObject({ succeeded: 3, completedIndexes: '0-2' })
    expect(await cluster.conditions()).toHaveLength(2)
  })

  test('gives up an index without giving up the others', async () => {
    await cluster.makeJob({ ...indexed, parallelism: 3, backoffLimitPerIndex: 1, backoffLimit: 100 })
    const [first, second] = await cluster.podsOf('Pending')
    if (first !== undefined) await cluster.endPod(first, 1)
    if (second !== undefined) await cluster.endPod(second, 0)
    await settle(12_000)
    const again = (await cluster.podsOf('Pending')).find(({ spec }) => spec?.hostname === 'work-0')
    expect(again?.metadata?.annotations).toMatchObject({ 'batch.kubernetes.io/job-index-failure-count': '1' })
    if (again !== undefined) await cluster.endPod(again, 1)
    await settle()
    expect(await cluster.status()).toMatchObject({ failed: 2, failedIndexes: '0', completedIndexes: '1' })
    expect(await cluster.conditions()).toEqual([])
    await cluster.endAll(0)
    expect((await cluster.conditions())[1]).toBe('Failed=True FailedIndexes: Job has failed indexes')
  })

  test('grows and shrinks an Indexed job', async () => {
    await cluster.makeJob({ ...indexed, parallelism: 3 })
    await change({ spec: { completions: 2, parallelism: 2 } })
    await settle()
    expect((await cluster.podsOf('Pending')).map(({ spec }) => spec?.hostname)).toEqual(['work-0', 'work-1'])
    await cluster.endAll(0)
    expect((await cluster.conditions())[1]).toMatch('Complete=True')
  })

  test('suspends and resumes', async () => {
    await cluster.makeJob({ parallelism: 2, completions: 2 })
    await change({ spec: { suspend: true } })
    await settle()
    expect(await cluster.pods()).toEqual([])
    const suspended = await cluster.status()
    expect(suspended).toMatchObject({ ready: 0, terminating: 0 })
    expect([suspended.startTime, suspended.active, suspended.failed]).toEqual([
      undefined,
      undefined,
      undefined,
    ])
    await settle(30_000)
    await change({ spec: { suspend: false } })
    await settle()
    expect(await cluster.conditions()).toEqual(['Suspended=False JobResumed: Job resumed'])
    expect(await cluster.status()).toMatchObject({ active: 2, startTime: expect.any(String) })
    expect(await cluster.events()).toEqual(
      expect.arrayContaining(['Normal Suspended Job suspended', 'Normal Resumed Job resumed']),
    )
  })

  test('does not start a job that is made suspended', async () => {
    await cluster.makeJob({ suspend: true })
    expect(await cluster.pods()).toEqual([])
    expect((await cluster.status()).startTime).toBeUndefined()
    expect(await cluster.conditions()).toEqual(['Suspended=True JobSuspended: Job suspended'])
  })

  test('leaves a job alone that another controller manages', async () => {
    await cluster.makeJob({ managedBy: 'example.com/other' })
    expect(await cluster.pods()).toEqual([])
    expect((await cluster.job()).status).toBeUndefined()
    expect(cluster.metrics.expose()).toContain(
      'job_controller_jobs_by_external_controller_total{controller_name="example.com/other"} 1',
    )
  })

  test('adopts pods that match, and counts them', async () => {
    const metadata = { name: 'orphan', namespace: 'default', labels: { job: 'work' } }
    await cluster.create(PodKind, { metadata, spec: { containers: [] } })
    await cluster.makeJob()
    const [pod, ...others] = await cluster.pods()
    expect(others).toEqual([])
    expect(pod?.metadata).toMatchObject({
      name: 'orphan',
      finalizers: ['batch.kubernetes.io/job-tracking'],
      ownerReferences: [{ kind: 'Job', name: 'work', controller: true }],
    })
    await cluster.endAll(0)
    expect(await cluster.status()).toMatchObject({ succeeded: 1 })
  })

  test('lets the pods of a deleted job go', async () => {
    await cluster.makeJob({ parallelism: 2, completions: 2 })
    await cluster.do(cluster.client.resource(JobKind).delete('default', 'work'), 500)
    expect((await cluster.pods()).map(isTracked)).toEqual([false, false])
  })

  test('replaces a pod that is deleted, and counts it once', async () => {
    await cluster.makeJob()
    const [pod] = await cluster.pods()
    await cluster.do(cluster.client.resource(PodKind).delete('default', pod?.metadata?.name ?? ''), 500)
    expect(await cluster.status()).toMatchObject({ failed: 1 })
    await settle(11_000)
    expect(await cluster.podsOf('Pending')).toHaveLength(1)
  })

  test('says why it cannot make pods, after few attempts', async () => {
    let isForbidden = true
    cluster.api.interceptors.push(({ method, path }) => {
      if (!isForbidden || method !== 'POST' || !path.endsWith('/pods')) return undefined
      throw statusError('Forbidden', 'pods "work-" is forbidden: exceeded quota')
    })
    await cluster.makeJob({ parallelism: 50, completions: 50 })
    expect(cluster.api.writes().filter((write) => write.endsWith('/pods')).length).toBeLessThan(4)
    expect(await cluster.events()).toEqual([
      'Warning FailedCreate Error creating: pods "work-" is forbidden: exceeded quota',
    ])
    isForbidden = false
    await settle(2_000)
    expect(await cluster.status()).toMatchObject({ active: 50 })
  })

  test('counts no end twice when a finalizer cannot be removed at once', async () => {
    let isBroken = true
    cluster.api.interceptors.push(({ contentType, path }) => {
      if (!isBroken || !path.includes('/pods/') || path.endsWith('/status')) return undefined
      if (contentType?.includes('strategic') !== true) return undefined
      throw statusError('InternalError', 'broken')
    })
    await cluster.makeJob()
    const [pod] = await cluster.pods()
    await cluster.endAll(0)
    expect(await cluster.status()).toMatchObject({
      uncountedTerminatedPods: { succeeded: [pod?.metadata?.uid] },
    })
    expect(await cluster.conditions()).toHaveLength(1)
    isBroken = false
    await settle(10_000)
    expect(await cluster.status()).toMatchObject({ succeeded: 1, uncountedTerminatedPods: {} })
    expect(await cluster.conditions()).toHaveLength(2)
  })
})
