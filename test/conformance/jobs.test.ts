import { expect } from 'vitest'
import type { Json } from './support/api.ts'
import { eventually, eventuallyGone } from './support/eventually.ts'
import { type Behave, behaviours, type Ground } from './support/suite.ts'

const jobs = ({ namespace }: Ground) => `/apis/batch/v1/namespaces/${namespace}/jobs`
const pods = ({ namespace }: Ground) => `/api/v1/namespaces/${namespace}/pods`

/** A job whose pods run a script; `exit $JOB_COMPLETION_INDEX` fails for every index but the first. */
const start = (ground: Ground, name: string, script: string, spec: object = {}): Promise<Json> =>
  ground.api.create(jobs(ground), {
    metadata: { name },
    spec: {
      template: {
        spec: {
          restartPolicy: 'Never',
          terminationGracePeriodSeconds: 0,
          containers: [{ name: 'c', image: 'registry.test/work:1', command: ['sh', '-c', script] }],
        },
      },
      ...spec,
    },
  })

const podsOf = (ground: Ground, job: string): Promise<readonly Json[]> =>
  ground.api.list(pods(ground), { labelSelector: `batch.kubernetes.io/job-name=${job}` })

const conditionsOf = ({ status }: Json): readonly unknown[] =>
  Array.isArray(status?.conditions) ? status.conditions : []

/** The job once it has ended so, with no pod left that would hold it up. */
const ended = (ground: Ground, name: string, type: 'Complete' | 'Failed', reason: string): Promise<Json> =>
  eventually(async () => {
    const live = await ground.api.get(`${jobs(ground)}/${name}`)
    const announced = type === 'Complete' ? 'SuccessCriteriaMet' : 'FailureTarget'
    expect(conditionsOf(live)).toEqual([
      expect.objectContaining({ type: announced, status: 'True', reason }),
      expect.objectContaining({ type, status: 'True', reason }),
    ])
    return live
  })

const indexed = (completions: number) => ({
  completionMode: 'Indexed',
  completions,
  parallelism: completions,
})

const failsEarly: Behave = async (ground) => {
  const rule = { action: 'FailJob', onExitCodes: { containerName: 'c', operator: 'In', values: [42] } }
  await start(ground, 'early', 'exit 42', { podFailurePolicy: { rules: [rule] } })
  const { status } = await ended(ground, 'early', 'Failed', 'PodFailurePolicy')
  expect(status).toMatchObject({ failed: 1 })
}

const ignoresDisruption: Behave = async (ground) => {
  const rule = { action: 'Ignore', onPodConditions: [{ type: 'DisruptionTarget', status: 'True' }] }
  await start(ground, 'disrupted', 'sleep 1', { backoffLimit: 0, podFailurePolicy: { rules: [rule] } })
  const running = await eventually(async () => {
    const [pod] = await podsOf(ground, 'disrupted')
    expect(pod?.status?.phase).toBe('Running')
    return pod?.metadata?.name
  })
  await ground.api.create(`${pods(ground)}/${running}/eviction`, {
    apiVersion: 'policy/v1',
    kind: 'Eviction',
    metadata: { name: running, namespace: ground.namespace },
  })
  const { status } = await ended(ground, 'disrupted', 'Complete', 'CompletionsReached')
  expect(status?.failed).toBeUndefined()
}

const namesPods: Behave = async (ground) => {
  await start(ground, 'named', 'true', indexed(4))
  const { status } = await ended(ground, 'named', 'Complete', 'CompletionsReached')
  expect(status).toMatchObject({ succeeded: 4, completedIndexes: '0-3' })
  const shown = (await podsOf(ground, 'named')).map(({ metadata, spec }) => {
    const index = metadata?.annotations?.['batch.kubernetes.io/job-completion-index']
    expect(metadata?.name).toMatch(new RegExp(`^named-${index}-`))
    return [index, spec?.hostname]
  })
  expect(shown.toSorted()).toEqual(['0', '1', '2', '3'].map((index) => [index, `named-${index}`]))
}

const isContent =
  (name: string, rule: object | undefined, completed: string): Behave =>
  async (ground) => {
    const script = rule === undefined ? 'true' : 'exit $JOB_COMPLETION_INDEX'
    const successPolicy = { rules: [rule ?? { succeededIndexes: '0-1' }] }
    await start(ground, name, script, { ...indexed(2), backoffLimitPerIndex: 5, successPolicy })
    const { status } = await ended(ground, name, 'Complete', 'SuccessPolicy')
    expect(status).toMatchObject({ completedIndexes: completed })
  }

const runsAllIndexes: Behave = async (ground) => {
  await start(ground, 'some', 'exit $JOB_COMPLETION_INDEX', { ...indexed(3), backoffLimitPerIndex: 0 })
  const { status } = await ended(ground, 'some', 'Failed', 'FailedIndexes')
  expect(status).toMatchObject({ succeeded: 1, failed: 2, completedIndexes: '0', failedIndexes: '1,2' })
}

const stopsEarly: Behave = async (ground) => {
  const limits = { backoffLimitPerIndex: 0, maxFailedIndexes: 0, parallelism: 1 }
  await start(ground, 'max', 'exit $JOB_COMPLETION_INDEX', { ...indexed(4), ...limits })
  const { status } = await ended(ground, 'max', 'Failed', 'MaxFailedIndexesExceeded')
  expect(status).toMatchObject({ completedIndexes: '0', failedIndexes: '1' })
}

const failsIndexes: Behave = async (ground) => {
  const rule = { action: 'FailIndex', onExitCodes: { operator: 'NotIn', values: [0] } }
  const limits = { backoffLimitPerIndex: 3, podFailurePolicy: { rules: [rule] } }
  await start(ground, 'fail', 'exit $JOB_COMPLETION_INDEX', { ...indexed(2), ...limits })
  const { status } = await ended(ground, 'fail', 'Failed', 'FailedIndexes')
  expect(status).toMatchObject({ failed: 1, completedIndexes: '0', failedIndexes: '1' })
}

const restartsLocally: Behave = async (ground) => {
  const { api, cluster } = ground
  const container = { name: 'c', image: 'registry.test/work:1' }
  const template = { spec: { restartPolicy: 'OnFailure', containers: [container] } }
  await start(ground, 'local', '', { completions: 2, parallelism: 2, template })
  const endAll = (exitCode: number): Promise<void> =>
    eventually(async () => {
      const list = await podsOf(ground, 'local')
      expect(list.map(({ status }) => status?.ready ?? status?.phase)).toEqual(['Running', 'Running'])
      for (const { metadata, spec } of list)
        cluster.node(String(spec?.nodeName)).runtime.endContainer(metadata?.uid ?? '', 'c', exitCode)
    })
  await endAll(1)
  await eventually(async () => {
    const states = (await podsOf(ground, 'local')).map(({ status }) => status?.containerStatuses)
    const running = { restartCount: 1, state: { running: expect.anything() } }
    expect(states).toMatchObject([[running], [running]])
  })
  await endAll(0)
  const { status } = await ended(ground, 'local', 'Complete', 'CompletionsReached')
  expect(status).toMatchObject({ succeeded: 2 })
  expect(status?.failed).toBeUndefined()
  expect(await api.list(pods(ground))).toHaveLength(2)
}

const isDeleted: Behave = async (ground) => {
  const { api } = ground
  await start(ground, 'gone', 'sleep infinity', { parallelism: 2, completions: 2 })
  await eventually(async () =>
    expect((await podsOf(ground, 'gone')).map(({ status }) => status?.phase)).toEqual(['Running', 'Running']),
  )
  await api.delete(`${jobs(ground)}/gone`, {}, { propagationPolicy: 'Background' })
  await eventuallyGone(() => api.get(`${jobs(ground)}/gone`))
  await eventually(async () => expect(await podsOf(ground, 'gone')).toEqual([]))
}

const adopts: Behave = async (ground) => {
  const { api } = ground
  await start(ground, 'adopt', 'sleep infinity', { parallelism: 2, completions: 2 })
  const [pod] = await eventually(async () => {
    const list = await podsOf(ground, 'adopt')
    expect(list).toHaveLength(2)
    return list
  })
  const path = `${pods(ground)}/${pod?.metadata?.name}`
  const ownersOf = async () => (await api.get(path)).metadata?.ownerReferences ?? []
  await api.patch(path, { metadata: { ownerReferences: null } })
  await eventually(async () =>
    expect(await ownersOf()).toEqual([
      expect.objectContaining({ kind: 'Job', name: 'adopt', controller: true }),
    ]),
  )
  await api.patch(path, { metadata: { labels: null } })
  await eventually(async () => expect(await ownersOf()).toEqual([]))
  await eventually(async () => expect(await podsOf(ground, 'adopt')).toHaveLength(2))
}

const livesItsLife: Behave = async (ground) => {
  const { api } = ground
  const made = await start(ground, 'life', 'true', { suspend: true, completions: 4, parallelism: 2 })
  const path = `${jobs(ground)}/life`
  await api.patch(path, { metadata: { labels: { stage: 'patched' } } })
  await api.patch(path, { metadata: { annotations: { updated: 'true' } }, spec: { suspend: false } })
  expect(await api.list(jobs(ground), { labelSelector: 'stage=patched' })).toHaveLength(1)
  const { status } = await eventually(async () => {
    const live = await api.get(path)
    expect(conditionsOf(live)).toContainEqual(
      expect.objectContaining({ type: 'Complete', status: 'True', reason: 'CompletionsReached' }),
    )
    return live
  })
  expect(status).toMatchObject({ succeeded: 4 })
  await api.delete(jobs(ground), { labelSelector: 'stage=patched' }, { propagationPolicy: 'Background' })
  const query = { resourceVersion: made.metadata?.resourceVersion ?? '' }
  const events = await api.watch(jobs(ground), query, (seen) => seen.some(({ type }) => type === 'DELETED'))
  expect(events.find(({ type }) => type === 'MODIFIED')).toBeDefined()
  expect(events.at(-1)?.object.metadata?.labels).toMatchObject({ stage: 'patched' })
  expect(await api.list(jobs(ground))).toEqual([])
}

behaviours('jobs', {
  '[sig-apps] Job should allow to use the pod failure policy on exit code to fail the job early': failsEarly,
  '[sig-apps] Job should allow to use a pod failure policy to ignore failure matching on DisruptionTarget condition':
    ignoresDisruption,
  '[sig-apps] Job should create pods for an Indexed job with completion indexes and specified hostname':
    namesPods,
  '[sig-apps] Job with successPolicy should succeeded when all indexes succeeded': isContent(
    'all',
    undefined,
    '0,1',
  ),
  '[sig-apps] Job with successPolicy succeededIndexes rule should succeeded even when some indexes remain pending':
    isContent('indexes', { succeededIndexes: '0' }, '0'),
  '[sig-apps] Job with successPolicy succeededCount rule should succeeded even when some indexes remain pending':
    isContent('count', { succeededCount: 1 }, '0'),
  '[sig-apps] Job should execute all indexes despite some failing when using backoffLimitPerIndex':
    runsAllIndexes,
  '[sig-apps] Job should terminate job execution when the number of failed indexes exceeds maxFailedIndexes':
    stopsEarly,
  '[sig-apps] Job should mark indexes as failed when the FailIndex action is matched in podFailurePolicy':
    failsIndexes,
  '[sig-apps] Job should run a job to completion when tasks sometimes fail and are locally restarted':
    restartsLocally,
  '[sig-apps] Job should delete a job': isDeleted,
  '[sig-apps] Job should adopt matching orphans and release non-matching pods': adopts,
  '[sig-apps] Job should manage the lifecycle of a job': livesItsLife,
})
