import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Cluster, CronJob, Job, Namespace } from '../../src/cluster/index.ts'
import { type Behave, listedRows } from './support/suite.ts'

/** A cluster whose minutes pass at once: CronJobs know nothing shorter. */
interface Ground {
  readonly cluster: Cluster
  readonly namespace: string
}

const minuteMs = 60_000

const create = ({ cluster, namespace }: Ground, spec: object): Promise<unknown> =>
  cluster.client.resource(CronJob).create({
    metadata: { name: 'tick', namespace },
    spec: {
      schedule: '*/1 * * * *',
      jobTemplate: {
        spec: {
          template: {
            spec: {
              restartPolicy: 'OnFailure',
              containers: [{ name: 'c', image: 'registry.test/work:1', command: ['sleep', '300'] }],
            },
          },
        },
      },
      ...spec,
    },
  })

const activeOf = async ({ cluster, namespace }: Ground): Promise<readonly (string | undefined)[]> => {
  const { status } = await cluster.client.resource(CronJob).get(namespace, 'tick')
  return (status?.active ?? []).map(({ name }) => name)
}

const jobsOf = async ({ cluster, namespace }: Ground): Promise<readonly (string | undefined)[]> => {
  const { items } = await cluster.client.resource(Job).list({ namespace })
  return items.map(({ metadata }) => metadata?.name)
}

const startsTogether: Behave<Ground> = async (ground) => {
  await create(ground, { concurrencyPolicy: 'Allow' })
  await ground.cluster.advance(2 * minuteMs)
  expect(await activeOf(ground)).toHaveLength(2)
  expect(await jobsOf(ground)).toHaveLength(2)
}

const staysSuspended: Behave<Ground> = async (ground) => {
  await create(ground, { suspend: true })
  await ground.cluster.advance(5 * minuteMs)
  expect(await activeOf(ground)).toEqual([])
  expect(await jobsOf(ground)).toEqual([])
}

const startsNoOther: Behave<Ground> = async (ground) => {
  await create(ground, { concurrencyPolicy: 'Forbid' })
  await ground.cluster.advance(minuteMs)
  const active = await activeOf(ground)
  expect(active).toHaveLength(1)
  await ground.cluster.advance(3 * minuteMs)
  expect(await activeOf(ground)).toEqual(active)
  expect(await jobsOf(ground)).toEqual(active)
}

const replacesTheLast: Behave<Ground> = async (ground) => {
  await create(ground, { concurrencyPolicy: 'Replace' })
  await ground.cluster.advance(minuteMs)
  const active = await activeOf(ground)
  expect(active).toHaveLength(1)
  await ground.cluster.advance(minuteMs)
  expect(await activeOf(ground)).not.toEqual(active)
  expect(await jobsOf(ground)).toEqual(await activeOf(ground))
}

describe('cron jobs', () => {
  let cluster: Cluster

  beforeAll(async () => {
    cluster = await Cluster.start({ nodes: 1, runtime: 'simulated', clock: 'virtual' })
  })

  afterAll(() => cluster.stop())

  const rows = listedRows<Ground>({
    '[sig-apps] CronJob should schedule multiple jobs concurrently': startsTogether,
    '[sig-apps] CronJob should not schedule jobs when suspended [Slow]': staysSuspended,
    '[sig-apps] CronJob should not schedule new jobs when ForbidConcurrent [Slow]': startsNoOther,
    '[sig-apps] CronJob should replace jobs when ReplaceConcurrent': replacesTheLast,
  })
  for (const [index, [name, behave]] of rows.entries()) {
    test(name, async () => {
      const namespace = `test-${index}`
      await cluster.client.resource(Namespace).create({ metadata: { name: namespace } })
      await cluster.advance(1_000)
      await behave({ cluster, namespace })
    })
  }
})
