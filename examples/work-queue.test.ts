import { type batch, Cluster, Job } from 'timonel'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { runWorkQueue, type WorkQueue } from './work-queue.ts'

const namespace = 'default'
const minute = 60_000

let cluster: Cluster

beforeEach(async () => {
  cluster = await Cluster.start({ nodes: 2, clock: 'virtual', seed: 7 })
})

afterEach(() => cluster.stop())

/** Ten seconds of work; the third item cannot be done. */
const jobFor = (item: string): batch.v1.JobSpec => ({
  backoffLimit: 1,
  template: {
    spec: {
      restartPolicy: 'Never',
      containers: [
        { name: 'work', image: 'work:1', command: item === 'three' ? ['false'] : ['sleep', '10'] },
      ],
    },
  },
})

const queue: WorkQueue = {
  namespace,
  name: 'films',
  items: ['one', 'two', 'three', 'four', 'five', 'six', 'seven'],
  atOnce: 3,
  jobFor,
}

const unfinished = async (): Promise<number> =>
  (await cluster.client.resource(Job).list({ namespace })).items.filter(
    ({ status }) => status?.conditions?.some(({ type }) => type === 'Complete' || type === 'Failed') !== true,
  ).length

test('every item is done in a job of its own, three at a time', async () => {
  const { signal } = new AbortController()
  const working = runWorkQueue(cluster.client, queue, signal)
  const atOnce: number[] = []
  for (let second = 0; second < 90; second++) {
    await cluster.advance(1_000)
    atOnce.push(await unfinished())
  }
  expect(Math.max(...atOnce)).toBe(3)
  const { succeeded, failed } = await working
  expect([...succeeded].sort()).toEqual(['five', 'four', 'one', 'seven', 'six', 'two'])
  expect(failed).toEqual(['three'])
})

test('another worker carries on where one has stopped', async () => {
  const first = new AbortController()
  const stopped = runWorkQueue(cluster.client, queue, first.signal)
  await cluster.advance(5_000)
  first.abort()
  await expect(stopped).rejects.toThrow()
  const working = runWorkQueue(cluster.client, queue, new AbortController().signal)
  await cluster.advance(3 * minute)
  expect((await working).succeeded).toHaveLength(6)
  expect((await cluster.client.resource(Job).list({ namespace })).items).toHaveLength(7)
})
