import { expect } from 'vitest'
import type { Json } from './support/api.ts'
import { eventually } from './support/eventually.ts'
import { asking, hostname, nodes, podPath, scheduled, start } from './support/scheduled-pods.ts'
import { type Behave, behaviours, type Ground } from './support/suite.ts'

/** Priority classes of a test's own, lowest first. */
async function priorities({ api, namespace }: Ground, count: number): Promise<readonly string[]> {
  const names = Array.from({ length: count }, (_, index) => `${namespace}-p${index + 1}`)
  for (const [index, name] of names.entries())
    await api.create('/apis/scheduling.k8s.io/v1/priorityclasses', { metadata: { name }, value: index + 1 })
  return names
}

const milliCpuOf = async ({ api }: Ground, node: string): Promise<number> => {
  const { status } = await api.get(`/api/v1/nodes/${node}`)
  return Number(JSON.parse(JSON.stringify(status?.allocatable)).cpu) * 1000
}

const clear = ({ api }: Ground, path: string): Promise<unknown> =>
  api.delete(path, {}, { gracePeriodSeconds: 0 })

const gone = (ground: Ground, name: string) =>
  eventually(async () => {
    const names = (await ground.api.list(podPath(ground).slice(0, -1))).map(({ metadata }) => metadata?.name)
    expect(names).not.toContain(name)
  })

/** A pod of low priority fills one node, one of medium priority each of the others; who comes is above them. */
const preemptsLowest =
  (priorityClassName: (classes: readonly string[]) => string): Behave =>
  async (ground) => {
    const classes = await priorities(ground, 3)
    for (const [index, node] of nodes.entries()) {
      const milliCpu = await milliCpuOf(ground, node)
      const spec = { ...asking(milliCpu * 0.6), nodeSelector: hostname(node) }
      await start(ground, `there-${index}`, { ...spec, priorityClassName: classes[Math.min(index, 1)] })
      await scheduled(ground, `there-${index}`)
    }
    const milliCpu = await milliCpuOf(ground, nodes[0] ?? '')
    await start(ground, 'preemptor', {
      ...asking(milliCpu * 0.6),
      priorityClassName: priorityClassName(classes),
    })
    expect(await scheduled(ground, 'preemptor')).toBe(nodes[0])
    await gone(ground, 'there-0')
    expect((await ground.api.get(podPath(ground, 'there-1'))).metadata?.deletionTimestamp).toBeUndefined()
    await clear(ground, podPath(ground).slice(0, -1))
  }

const tellsItsVictim: Behave = async (ground) => {
  const [low, high] = await priorities(ground, 2)
  const [node = ''] = nodes
  const spec = { ...asking((await milliCpuOf(ground, node)) * 0.6), nodeSelector: hostname(node) }
  await start(ground, 'victim', { ...spec, priorityClassName: low })
  await scheduled(ground, 'victim')
  await ground.api.patch(podPath(ground, 'victim'), { metadata: { finalizers: ['e2e.test/stays'] } })
  await start(ground, 'preemptor', { ...spec, priorityClassName: high })
  await eventually(async () => {
    const { metadata, status } = await ground.api.get(podPath(ground, 'victim'))
    expect(metadata?.deletionTimestamp).toBeDefined()
    expect(status?.conditions).toContainEqual(
      expect.objectContaining({ type: 'DisruptionTarget', status: 'True', reason: 'PreemptionByScheduler' }),
    )
  })
  await ground.api.patch(podPath(ground, 'victim'), { metadata: { finalizers: null } })
  await scheduled(ground, 'preemptor')
  await clear(ground, podPath(ground).slice(0, -1))
}

/** Three sets of one pod each share a node; a pod above them needs the room of the two lowest. */
const preemptsSets: Behave = async (ground) => {
  const classes = await priorities(ground, 4)
  const [node = ''] = nodes
  const milliCpu = await milliCpuOf(ground, node)
  const of = (share: number, index: number) => ({
    ...asking(milliCpu * share),
    nodeSelector: hostname(node),
    priorityClassName: classes[index],
    terminationGracePeriodSeconds: 0,
  })
  const sets = `/apis/apps/v1/namespaces/${ground.namespace}/replicasets`
  const podsOf = (app: string): Promise<readonly Json[]> =>
    ground.api.list(podPath(ground).slice(0, -1), { labelSelector: `app=${app}` })
  const first = new Map<string, string | undefined>()
  for (const [index, share] of [0.2, 0.3, 0.45].entries()) {
    const labels = { app: `set-${index}` }
    await ground.api.create(sets, {
      metadata: { name: labels.app },
      spec: {
        replicas: 1,
        selector: { matchLabels: labels },
        template: { metadata: { labels }, spec: of(share, index) },
      },
    })
    await eventually(async () => {
      const [pod] = await podsOf(labels.app)
      expect(pod?.spec?.nodeName).toBe(node)
      first.set(labels.app, pod?.metadata?.uid)
    })
  }
  await start(ground, 'above', of(0.4, 3))
  expect(await scheduled(ground, 'above')).toBe(node)
  for (const app of ['set-0', 'set-1'])
    await eventually(async () => {
      const [pod, ...others] = await podsOf(app)
      expect(others).toEqual([])
      expect(pod?.metadata?.uid).not.toBe(first.get(app))
    })
  const [kept] = await podsOf('set-2')
  expect([kept?.metadata?.uid, kept?.spec?.nodeName]).toEqual([first.get('set-2'), node])
  await clear(ground, sets)
  await clear(ground, podPath(ground).slice(0, -1))
}

const preemption = (what: string) => `[sig-scheduling] SchedulerPreemption [Serial] ${what}`

behaviours('Preemption', {
  [preemption('validates basic preemption works')]: preemptsLowest((classes) => classes.at(-1) ?? ''),
  [preemption('validates lower priority pod preemption by critical pod')]: preemptsLowest(
    () => 'system-cluster-critical',
  ),
  [preemption('validates pod disruption condition is added to the preempted pod')]: tellsItsVictim,
  [preemption('PreemptionExecutionPath runs ReplicaSets to verify preemption running path')]: preemptsSets,
})
