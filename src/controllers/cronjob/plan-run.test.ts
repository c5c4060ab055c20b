import { describe, expect, test } from 'vitest'
import type { batch } from '../../api/generated/types/index.ts'
import { makeJob } from './make-job.ts'
import { planRun, zoneOf } from './plan-run.ts'

type Spec = Partial<batch.v1.CronJobSpec>

const ms = (text: string): number => Date.parse(text)

function cronJob(spec: Spec = {}, status: batch.v1.CronJobStatus = {}): batch.v1.CronJob {
  return {
    metadata: { name: 'backup', namespace: 'default', uid: 'u1', creationTimestamp: '2026-01-01T10:00:30Z' },
    spec: { schedule: '*/10 * * * *', concurrencyPolicy: 'Allow', jobTemplate: {}, ...spec },
    status,
  }
}

const active = [{ name: 'backup-1', namespace: 'default', uid: 'j1' }]

interface Case {
  readonly what: string
  readonly spec?: Spec
  readonly status?: batch.v1.CronJobStatus
  readonly at: string
  readonly starts?: string
  readonly notices?: readonly string[]
  readonly nextSeconds?: number
}

describe('planRun()', () => {
  test.each<Case>([
    { what: 'waits for the first time', at: '10:05:00', nextSeconds: 300.1 },
    { what: 'starts at its time', at: '10:10:00', starts: '10:10:00', nextSeconds: 600.1 },
    {
      what: 'starts only the last of the times that it missed',
      at: '10:45:00',
      starts: '10:40:00',
      nextSeconds: 300.1,
    },
    {
      what: 'counts from the last start',
      status: { lastScheduleTime: '2026-01-01T10:40:00Z' },
      at: '10:45:00',
      nextSeconds: 300.1,
    },
    {
      what: 'starts none that is too late',
      spec: { startingDeadlineSeconds: 60 },
      at: '10:45:00',
      nextSeconds: 300.1,
    },
    {
      what: 'starts what is late, but not too late',
      spec: { startingDeadlineSeconds: 330 },
      at: '10:45:00',
      starts: '10:40:00',
      nextSeconds: 300.1,
    },
    {
      what: 'tells of more than a hundred missed times',
      spec: { schedule: '* * * * *' },
      at: '11:45:10',
      starts: '11:45:00',
      notices: [
        'Warning TooManyMissedTimes too many missed start times. Set or decrease .spec.startingDeadlineSeconds or check clock skew',
      ],
      nextSeconds: 50.1,
    },
    {
      what: 'tells of none beyond the deadline',
      spec: { schedule: '* * * * *', startingDeadlineSeconds: 100 },
      at: '11:45:10',
      starts: '11:45:00',
      nextSeconds: 50.1,
    },
    {
      what: 'does not start beside another where that is forbidden',
      spec: { concurrencyPolicy: 'Forbid' },
      status: { active },
      at: '10:10:00',
      notices: [
        'Normal JobAlreadyActive Not starting job because prior execution is running and concurrency policy is Forbid',
      ],
      nextSeconds: 600.1,
    },
    {
      what: 'starts no time twice',
      status: { active: [{ name: `backup-${ms('2026-01-01T10:10:00Z') / 60_000}` }] },
      at: '10:10:00',
      nextSeconds: 600.1,
    },
    { what: 'does nothing while it is suspended', spec: { suspend: true }, at: '10:10:00' },
    {
      what: 'follows the zone',
      spec: { schedule: '40 15 * * *', timeZone: 'Asia/Kolkata' },
      at: '10:10:00',
      starts: '10:10:00',
      nextSeconds: 86_400.1,
    },
    {
      what: 'complains of a zone that is not known',
      spec: { timeZone: 'Mars/Base' },
      at: '10:10:00',
      notices: ['Warning UnknownTimeZone invalid timeZone: "Mars/Base": unknown time zone Mars/Base'],
    },
    {
      what: 'complains of a schedule that cannot be read',
      spec: { schedule: '61 * * * *' },
      at: '10:10:00',
      notices: [
        'Warning UnparseableSchedule unparseable schedule: "61 * * * *" : end of range (61) above maximum (59): 61',
      ],
    },
    {
      what: 'complains of a schedule that names no time',
      spec: { schedule: '0 0 31 2 *' },
      at: '10:10:00',
      notices: [
        'Warning InvalidSchedule invalid schedule: 0 0 31 2 * : time difference between two schedules is less than 1 second',
      ],
    },
    {
      what: 'complains of a zone in the schedule, and follows it',
      spec: { schedule: 'TZ=Asia/Kolkata 40 15 * * *' },
      at: '10:10:00',
      starts: '10:10:00',
      notices: [
        'Warning UnsupportedSchedule CRON_TZ or TZ used in schedule "TZ=Asia/Kolkata 40 15 * * *" is not officially supported, see https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/ for more details',
      ],
      nextSeconds: 86_400.1,
    },
  ])('$what', ({ spec, status, at, starts, notices = [], nextSeconds }) => {
    const plan = planRun(cronJob(spec, status), ms(`2026-01-01T${at}Z`))
    expect(plan.startMs).toBe(starts === undefined ? undefined : ms(`2026-01-01T${starts}Z`))
    expect(plan.notices.map(({ type, reason, message }) => `${type} ${reason} ${message}`)).toEqual(notices)
    expect(plan.requeueAfterMs).toBe(nextSeconds === undefined ? undefined : nextSeconds * 1_000)
  })
})

test('makeJob() says which time it is for', () => {
  const template = { metadata: { labels: { a: 'b' }, annotations: { c: 'd' } }, spec: { template: {} } }
  const owner = cronJob({ jobTemplate: template, timeZone: 'Asia/Kolkata' })
  const zone = zoneOf(owner)
  expect(zone && makeJob(owner, ms('2026-01-01T10:10:00Z'), zone)).toMatchObject({
    metadata: {
      name: `backup-${ms('2026-01-01T10:10:00Z') / 60_000}`,
      namespace: 'default',
      labels: { a: 'b' },
      annotations: { c: 'd', 'batch.kubernetes.io/cronjob-scheduled-timestamp': '2026-01-01T15:40:00+05:30' },
      ownerReferences: [{ kind: 'CronJob', name: 'backup', uid: 'u1', controller: true }],
    },
    spec: { template: {} },
  })
})
