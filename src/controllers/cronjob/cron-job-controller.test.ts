import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { CronJob as CronJobKind } from '../../api/batch/cron-job/kind.ts'
import { Job as JobKind } from '../../api/batch/job/kind.ts'
import type { batch } from '../../api/generated/types/index.ts'
import { statusError } from '../../apimachinery/status-error.ts'
import { formatTime } from '../../apimachinery/time.ts'
import { TestCluster } from '../../reconcile/testing/test-cluster.ts'
import { cronJobController } from './cron-job-controller.ts'

let cluster: TestCluster

beforeEach(() => {
  cluster = new TestCluster()
  cluster.start(cronJobController)
})

afterEach(() => cluster.stop())

const minutes = (count: number) => cluster.host.advance(count * 60_000)

const makeCronJob = (spec: Partial<batch.v1.CronJobSpec> = {}): Promise<batch.v1.CronJob> =>
  cluster.create(CronJobKind, {
    metadata: { name: 'tick', namespace: 'default' },
    spec: {
      schedule: '* * * * *',
      concurrencyPolicy: 'Allow',
      successfulJobsHistoryLimit: 3,
      failedJobsHistoryLimit: 1,
      jobTemplate: { spec: { template: {} } },
      ...spec,
    },
  })

const jobs = async (): Promise<readonly batch.v1.Job[]> => cluster.list<batch.v1.Job>(JobKind)
const status = async (): Promise<batch.v1.CronJobStatus> =>
  (await cluster.get<batch.v1.CronJob>(CronJobKind, 'default/tick')).status ?? {}
const activeNames = async () => (await status()).active?.map(({ name }) => name)

async function end(job: batch.v1.Job | undefined, type = 'Complete'): Promise<void> {
  const time = formatTime(cluster.host.now())
  const conditions = [{ type, status: 'True', lastTransitionTime: time }]
  await cluster.change(JobKind, `default/${job?.metadata?.name}`, {
    status: { startTime: time, conditions, ...(type === 'Complete' ? { completionTime: time } : {}) },
  })
}

describe('cronJobController', () => {
  test('starts a job each time, notes it, and forgets it when it has ended', async () => {
    await makeCronJob()
    expect(await jobs()).toEqual([])
    await minutes(1)
    const [first] = await jobs()
    const name = first?.metadata?.name ?? ''
    expect(name).toBe(`tick-${Date.parse('2026-01-01T00:01:00Z') / 60_000}`)
    expect(await status()).toEqual({
      active: [
        {
          apiVersion: 'batch/v1',
          kind: 'Job',
          namespace: 'default',
          name,
          uid: first?.metadata?.uid,
          resourceVersion: first?.metadata?.resourceVersion,
        },
      ],
      lastScheduleTime: '2026-01-01T00:01:00Z',
    })
    await end(first)
    expect(await status()).toEqual({
      lastScheduleTime: '2026-01-01T00:01:00Z',
      lastSuccessfulTime: '2026-01-01T00:01:00Z',
    })
    await minutes(1)
    expect(await jobs()).toHaveLength(2)
    expect(await cluster.events()).toEqual([
      `Normal SuccessfulCreate Created job ${name}`,
      `Normal SawCompletedJob Saw completed job: ${name}, condition: Complete`,
      expect.stringMatching('Normal SuccessfulCreate Created job tick-'),
    ])
    expect(cluster.metrics.expose()).toContain(
      'cronjob_controller_job_creation_skew_duration_seconds_count 2',
    )
  })

  test('keeps three jobs that have succeeded and one that has failed', async () => {
    await makeCronJob()
    for (let round = 0; round < 8; round++) {
      await minutes(1)
      await end((await jobs()).at(-1), round % 2 === 0 ? 'Failed' : 'Complete')
    }
    const ends = (await jobs()).map((job) => job.status?.conditions?.[0]?.type)
    expect(ends).toEqual(['Complete', 'Complete', 'Failed', 'Complete'])
  })

  test('lets jobs run beside each other, or one after the other, or the last alone', async () => {
    await makeCronJob()
    await minutes(2)
    expect(await activeNames()).toHaveLength(2)
    await cluster.change(CronJobKind, 'default/tick', { spec: { concurrencyPolicy: 'Forbid' } })
    await minutes(2)
    expect(await activeNames()).toHaveLength(2)
    await cluster.change(CronJobKind, 'default/tick', { spec: { concurrencyPolicy: 'Replace' } })
    await minutes(1)
    expect(await activeNames()).toEqual([`tick-${Date.parse('2026-01-01T00:05:00Z') / 60_000}`])
    expect(await jobs()).toHaveLength(1)
  })

  test('starts nothing while it is suspended, and one job after', async () => {
    await makeCronJob({ suspend: true })
    await minutes(5)
    expect(await jobs()).toEqual([])
    await cluster.change(CronJobKind, 'default/tick', { spec: { suspend: false } })
    expect((await status()).lastScheduleTime).toBe('2026-01-01T00:05:00Z')
    expect(await jobs()).toHaveLength(1)
  })

  test('follows a new schedule from its next time', async () => {
    await makeCronJob({ schedule: '0 0 1 1 *' })
    await minutes(7)
    await cluster.change(CronJobKind, 'default/tick', { spec: { schedule: '*/5 * * * *' } })
    expect(await jobs()).toEqual([])
    await minutes(4)
    expect((await status()).lastScheduleTime).toBe('2026-01-01T00:10:00Z')
  })

  test('tells of a job that has gone, and of one that it has not started', async () => {
    await makeCronJob({ schedule: '*/30 * * * *' })
    await minutes(30)
    const [job] = await jobs()
    const { name, ownerReferences } = job?.metadata ?? {}
    await cluster.do(cluster.client.resource(JobKind).delete('default', name ?? ''))
    expect(await status()).toEqual({ lastScheduleTime: '2026-01-01T00:30:00Z' })
    await cluster.create(JobKind, {
      metadata: { name: 'mine', namespace: 'default', ...(ownerReferences ? { ownerReferences } : {}) },
      spec: { template: {} },
    })
    expect(await cluster.events()).toEqual(
      expect.arrayContaining([
        `Normal MissingJob Active job went missing: ${name}`,
        'Warning UnexpectedJob Saw a job that the controller did not create or forgot: mine',
      ]),
    )
  })

  test('takes up a job whose making it could not note', async () => {
    let isBroken = true
    cluster.api.interceptors.push(({ method, path }) => {
      if (!isBroken || method !== 'PUT' || !path.endsWith('/status')) return undefined
      throw statusError('InternalError', 'broken')
    })
    await makeCronJob({ schedule: '*/30 * * * *' })
    await minutes(30)
    expect(await jobs()).toHaveLength(1)
    isBroken = false
    await minutes(1)
    expect(await jobs()).toHaveLength(1)
    expect(await activeNames()).toHaveLength(1)
  })
})
