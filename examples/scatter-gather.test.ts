import { Cluster, Job } from 'timonel'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { scatterGather } from './scatter-gather.ts'

let cluster: Cluster

beforeEach(async () => {
  cluster = await Cluster.start({ nodes: 3, clock: 'virtual', seed: 7 })
})

afterEach(() => cluster.stop())

const ask = async (script: string): Promise<readonly (string | undefined)[]> => {
  const container = { name: 'shard', image: 'shard:1', command: ['sh', '-c', script] }
  const question = { namespace: 'default', name: 'words', shards: 4, container }
  const answers = scatterGather(cluster.client, question, new AbortController().signal)
  await cluster.advance(60_000)
  return answers
}

test('the answers of all shards are gathered in order', async () => {
  const answers = await ask('sleep 5; echo part $JOB_COMPLETION_INDEX > /dev/termination-log')
  expect(answers).toEqual(['part 0', 'part 1', 'part 2', 'part 3'])
  expect((await cluster.client.resource(Job).list({ namespace: 'default' })).items).toEqual([])
})

test('a shard that fails is left out', async () => {
  const answers = await ask('echo here > /dev/termination-log; exit $JOB_COMPLETION_INDEX')
  expect(answers).toEqual(['here', undefined, undefined, undefined])
})
