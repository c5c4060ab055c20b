import { expect } from 'vitest'
import { eventually, eventuallyGone } from './support/eventually.ts'
import { podSpec } from './support/samples.ts'
import { type Behave, behaviours, type Ground } from './support/suite.ts'

const budgets = ({ namespace }: Ground) => `/apis/policy/v1/namespaces/${namespace}/poddisruptionbudgets`
const pods = ({ namespace }: Ground) => `/api/v1/namespaces/${namespace}/pods`

const makeBudget = (ground: Ground, spec: object) =>
  ground.api.create(budgets(ground), {
    metadata: { name: 'foo' },
    spec: { selector: { matchLabels: { foo: 'bar' } }, ...spec },
  })

const budgetShows = (ground: Ground, status: object) =>
  eventually(async () =>
    expect((await ground.api.get(`${budgets(ground)}/foo`)).status).toMatchObject(status),
  )

async function runPods(ground: Ground, count: number): Promise<void> {
  const { api } = ground
  for (let index = 0; index < count; index++)
    await eventually(() =>
      api.create(pods(ground), {
        metadata: { name: `pod-${index}`, labels: { foo: 'bar' } },
        spec: podSpec,
      }),
    )
  await eventually(async () => {
    for (const { status } of await api.list(pods(ground)))
      expect(status).toMatchObject({
        conditions: expect.arrayContaining([expect.objectContaining({ type: 'Ready', status: 'True' })]),
      })
  })
}

const evict = (ground: Ground, name: string) =>
  ground.api.create(`${pods(ground)}/${name}/eviction`, {
    apiVersion: 'policy/v1',
    kind: 'Eviction',
    metadata: { name },
  })

/** No eviction while too few pods are healthy, one as soon as there are enough. */
const blocks: Behave = async (ground) => {
  await makeBudget(ground, { minAvailable: 2 })
  await runPods(ground, 2)
  await budgetShows(ground, { currentHealthy: 2, desiredHealthy: 2, disruptionsAllowed: 0 })
  await expect(evict(ground, 'pod-0')).rejects.toMatchObject({ reason: 'TooManyRequests' })
  await ground.api.patch(`${budgets(ground)}/foo`, { spec: { minAvailable: 1 } })
  await budgetShows(ground, { desiredHealthy: 1, disruptionsAllowed: 1 })
  await evict(ground, 'pod-0')
  await eventuallyGone(() => ground.api.get(`${pods(ground)}/pod-0`))
  await budgetShows(ground, { currentHealthy: 1, disruptionsAllowed: 0 })
}

/** The controller counts anew, and leaves what was said of pods that are still expected to go. */
const keepsStatus: Behave = async (ground) => {
  const { api } = ground
  const status = `${budgets(ground)}/foo/status`
  await makeBudget(ground, { minAvailable: 1 })
  await runPods(ground, 2)
  await budgetShows(ground, { expectedPods: 2 })
  const now = `${new Date().toISOString().slice(0, 19)}Z`
  await api.patch(status, { status: { disruptedPods: { 'pod-0': now } } })
  await budgetShows(ground, { currentHealthy: 1, disruptedPods: { 'pod-0': now } })
  await eventually(async () => {
    const live = await api.get(status)
    return api.update(status, { ...live, status: { ...live.status, disruptedPods: { 'pod-1': now } } })
  })
  await budgetShows(ground, { currentHealthy: 1, disruptedPods: { 'pod-1': now } })
}

behaviours('budgets of disruption', {
  '[sig-apps] DisruptionController should update/patch PodDisruptionBudget status': keepsStatus,
  '[sig-apps] DisruptionController should create a PodDisruptionBudget': async (ground) => {
    await makeBudget(ground, { minAvailable: '1%' })
    await budgetShows(ground, { observedGeneration: 1 })
  },
  '[sig-apps] DisruptionController should observe PodDisruptionBudget status updated': async (ground) => {
    await makeBudget(ground, { minAvailable: 1 })
    await runPods(ground, 3)
    await budgetShows(ground, { expectedPods: 3, disruptionsAllowed: 2 })
  },
  '[sig-apps] DisruptionController should block an eviction until the PDB is updated to allow it': blocks,
})
