import { afterEach, beforeEach, expect, test } from 'vitest'
import { Job as JobKind } from '../../api/batch/job/kind.ts'
import { formatTime } from '../../apimachinery/time.ts'
import { TestCluster } from '../../reconcile/testing/test-cluster.ts'
import { ttlAfterFinishedController } from './ttl-after-finished-controller.ts'

let cluster: TestCluster

beforeEach(() => {
  cluster = new TestCluster()
  cluster.start(ttlAfterFinishedController)
})

afterEach(() => cluster.stop())

async function endedJob(name: string, spec: object, type = 'Complete'): Promise<void> {
  const template = { spec: { containers: [] } }
  await cluster.create(JobKind, { metadata: { name, namespace: 'default' }, spec: { template, ...spec } })
  const condition = { type, status: 'True', lastTransitionTime: formatTime(cluster.host.now()) }
  await cluster.change(JobKind, `default/${name}`, { status: { conditions: [condition] } })
}

const going = async (): Promise<readonly (string | undefined)[]> =>
  (await cluster.list(JobKind))
    .filter(({ metadata }) => metadata?.deletionTimestamp !== undefined)
    .map(({ metadata }) => metadata?.name)

test('ttlAfterFinishedController deletes a job when its time is over, with its pods first', async () => {
  await endedJob('soon', { ttlSecondsAfterFinished: 10 })
  await endedJob('failed', { ttlSecondsAfterFinished: 10 }, 'Failed')
  await endedJob('later', { ttlSecondsAfterFinished: 100 })
  await endedJob('never', {})
  await endedJob('running', { ttlSecondsAfterFinished: 10 }, 'Suspended')
  await cluster.host.advance(8_000)
  expect(await going()).toEqual([])
  await cluster.host.advance(3_000)
  expect(await going()).toEqual(['soon', 'failed'])
  expect(cluster.metrics.expose()).toContain(
    'ttl_after_finished_controller_job_deletion_duration_seconds_count 2',
  )
})

test('ttlAfterFinishedController deletes at once what has no time left', async () => {
  await endedJob('now', { ttlSecondsAfterFinished: 0 })
  expect(await going()).toEqual(['now'])
})

test('ttlAfterFinishedController heeds a time that is changed meanwhile', async () => {
  await endedJob('kept', { ttlSecondsAfterFinished: 10 })
  await cluster.change(JobKind, 'default/kept', { spec: { ttlSecondsAfterFinished: 60 } })
  await cluster.host.advance(30_000)
  expect(await going()).toEqual([])
  await cluster.host.advance(31_000)
  expect(await going()).toEqual(['kept'])
})
