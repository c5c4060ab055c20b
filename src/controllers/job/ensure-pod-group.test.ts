import { afterEach, beforeEach, expect, test } from 'vitest'
import { Pod } from '../../api/core/pod/kind.ts'
import { PodGroup } from '../../api/scheduling/pod-group/kind.ts'
import { Workload } from '../../api/scheduling/workload/kind.ts'
import { JobCluster } from './testing/job-cluster.ts'

let cluster: JobCluster
beforeEach(() => {
  cluster = new JobCluster({ groupsPods: true })
})
afterEach(() => cluster.stop())

const gang = { completionMode: 'Indexed', completions: 3, parallelism: 3 }

test('ensurePodGroup() makes a workload and a group for a job whose pods all run at once', async () => {
  const job = await cluster.makeJob(gang)
  const [workload] = await cluster.list(Workload)
  expect(workload?.metadata?.name).toMatch(/^work-[a-z0-9]{7,10}$/)
  expect(workload?.spec).toEqual({
    controllerRef: { apiGroup: 'batch', kind: 'Job', name: 'work' },
    podGroupTemplates: [{ name: 'work-pgt-0', schedulingPolicy: { gang: { minCount: 3 } } }],
  })
  const [group] = await cluster.list(PodGroup)
  const name = group?.metadata?.name ?? ''
  expect(name.startsWith(`${workload?.metadata?.name}-work-pgt-0-`)).toBe(true)
  expect(group?.metadata?.ownerReferences?.map(({ kind, controller }) => [kind, controller])).toEqual([
    ['Job', true],
    ['Workload', undefined],
  ])
  const pods = await cluster.pods()
  expect(pods.map(({ spec }) => spec?.schedulingGroup)).toEqual(pods.map(() => ({ podGroupName: name })))
  expect(pods[0]?.metadata?.ownerReferences?.map(({ uid }) => uid)).toEqual([
    job.metadata?.uid,
    group?.metadata?.uid,
  ])
  expect(await cluster.events()).toContain(
    `Normal WorkloadCreated Created Workload ${workload?.metadata?.name} for Job work`,
  )
  await cluster.restart()
  expect(await cluster.list(Workload)).toHaveLength(1)
  expect(await cluster.list(PodGroup)).toHaveLength(1)
})

test.each([
  ['runs no more than one pod', { ...gang, completions: 1, parallelism: 1 }],
  ['has more to do than it runs at once', { ...gang, parallelism: 2 }],
  ['has no indexes', { completions: 3, parallelism: 3 }],
])('ensurePodGroup() leaves a job alone that %s', async (_what, spec) => {
  await cluster.makeJob(spec)
  expect(await cluster.list(Workload)).toEqual([])
  expect(
    (await cluster.list(Pod)).some(({ spec: { schedulingGroup } = { containers: [] } }) => schedulingGroup),
  ).toBe(false)
})

test('ensurePodGroup() leaves alone what others have made for the job', async () => {
  await cluster.create(Workload, {
    metadata: { name: 'mine', namespace: 'default' },
    spec: { controllerRef: { apiGroup: 'batch', kind: 'Job', name: 'work' }, podGroupTemplates: [] },
  })
  await cluster.makeJob(gang)
  expect(await cluster.list(Workload)).toHaveLength(1)
  expect(await cluster.list(PodGroup)).toEqual([])
  expect(await cluster.pods()).toHaveLength(3)
})
