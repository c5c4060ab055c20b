import { setTimeout as sleep } from 'node:timers/promises'
import { expect } from 'vitest'
import { StatusError } from '../../src/cluster/index.ts'
import type { Json } from './support/api.ts'
import { eventually, eventuallyGone } from './support/eventually.ts'
import { asking, hostname, nodes, podPath, scheduled, start } from './support/scheduled-pods.ts'
import { type Behave, behaviours, type Ground } from './support/suite.ts'

/** The scheduler has looked at it, and says why it fits nowhere. */
const unschedulable = (ground: Ground, name: string, why: string) =>
  eventually(async () => {
    const { spec, status } = await ground.api.get(podPath(ground, name))
    expect(spec?.nodeName).toBeUndefined()
    expect(status?.conditions).toContainEqual(
      expect.objectContaining({
        type: 'PodScheduled',
        status: 'False',
        reason: 'Unschedulable',
        message: expect.stringContaining(why),
      }),
    )
    const fieldSelector = `involvedObject.name=${name},reason=FailedScheduling`
    const events = await ground.api.list(`/api/v1/namespaces/${ground.namespace}/events`, { fieldSelector })
    expect(events.map(({ message }) => message)).toContainEqual(expect.stringContaining(why))
  })

/** Pods that leave less than half of each node's processors. */
const limits: Behave = async (ground) => {
  let largest = 0
  for (const name of nodes) {
    const { status } = await ground.api.get(`/api/v1/nodes/${name}`)
    const cpu = Number(JSON.parse(JSON.stringify(status?.allocatable)).cpu) * 1000
    largest = Math.max(largest, cpu)
    await start(ground, `filler-${name}`, { ...asking(cpu * 0.7), nodeSelector: hostname(name) })
    await scheduled(ground, `filler-${name}`)
  }
  await start(ground, 'large', asking(largest * 0.5))
  await unschedulable(ground, 'large', 'Insufficient cpu')
  await start(ground, 'small', asking(largest * 0.1))
  await scheduled(ground, 'small')
}

const selects: Behave = async (ground) => {
  const [, node = ''] = nodes
  await ground.api.patch(`/api/v1/nodes/${node}`, { metadata: { labels: { 'e2e.test/label': '42' } } })
  await start(ground, 'with-labels', { nodeSelector: { 'e2e.test/label': '42' } })
  expect(await scheduled(ground, 'with-labels')).toBe(node)
  await ground.api.patch(`/api/v1/nodes/${node}`, { metadata: { labels: { 'e2e.test/label': null } } })
}

const hostPort = (hostIP: string) => ({
  nodeSelector: hostname('node-1'),
  containers: [
    {
      name: 'c',
      image: 'registry.test/web:1',
      ports: [
        { containerPort: 8080, hostPort: 54322, protocol: 'TCP', ...(hostIP === '' ? {} : { hostIP }) },
      ],
    },
  ],
})

const portConflict: Behave = async (ground) => {
  await start(ground, 'pod4', hostPort(''))
  await scheduled(ground, 'pod4')
  await start(ground, 'pod5', hostPort('127.0.0.1'))
  await unschedulable(ground, 'pod5', "node(s) didn't have free ports for the requested pod ports")
  await ground.api.delete(podPath(ground, 'pod4'), {}, { gracePeriodSeconds: 0 })
  await scheduled(ground, 'pod5')
}

const taint = { key: 'e2e.test/evict', value: 'evictTaintVal', effect: 'NoExecute' }

const setTaints = (ground: Ground, taints: readonly object[]): Promise<Json> =>
  ground.api.patch('/api/v1/nodes/node-1', { spec: { taints } })

/** Lives so long on a tainted node. */
const tolerating = (tolerationSeconds: number) => ({
  nodeSelector: hostname('node-1'),
  tolerations: [{ key: taint.key, value: taint.value, effect: taint.effect, tolerationSeconds }],
})

const cancels: Behave = async (ground) => {
  await start(ground, 'tolerates', tolerating(2))
  await scheduled(ground, 'tolerates')
  await setTaints(ground, [taint])
  await sleep(500)
  await setTaints(ground, [])
  await sleep(3_000)
  const { metadata, status } = await ground.api.get(podPath(ground, 'tolerates'))
  expect(metadata?.deletionTimestamp).toBeUndefined()
  expect(status?.conditions).not.toContainEqual(expect.objectContaining({ type: 'DisruptionTarget' }))
}

const evictsInTime: Behave = async (ground) => {
  await start(ground, 'short', tolerating(1))
  await start(ground, 'long', tolerating(600))
  await Promise.all(['short', 'long'].map((name) => scheduled(ground, name)))
  await setTaints(ground, [taint])
  await eventuallyGone(() => ground.api.get(podPath(ground, 'short')))
  await sleep(1_000)
  expect((await ground.api.get(podPath(ground, 'long'))).metadata?.deletionTimestamp).toBeUndefined()
  await setTaints(ground, [])
}

const refused = async (call: Promise<unknown>): Promise<void> => {
  const error: unknown = await call.then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  if (!(error instanceof StatusError)) throw error ?? new Error('it was not refused')
  expect(error.status.message).toContain('value: Forbidden: may not be changed in an update')
}

const priorityClasses: Behave = async ({ api, namespace }) => {
  const path = '/apis/scheduling.k8s.io/v1/priorityclasses'
  const [one, two] = [`${namespace}-1`, `${namespace}-2`]
  for (const [index, name] of [one, two].entries())
    await api.create(path, { metadata: { name }, value: index + 1, description: 'first' })
  await refused(api.patch(`${path}/${one}`, { value: 10 }, 'application/strategic-merge-patch+json'))
  await refused(api.update(`${path}/${two}`, { ...(await api.get(`${path}/${two}`)), value: 20 }))
  const description = 'updated description'
  await api.patch(`${path}/${one}`, { description }, 'application/strategic-merge-patch+json')
  await api.update(`${path}/${two}`, { ...(await api.get(`${path}/${two}`)), description })
  const names = (await api.list(path)).map(({ metadata }) => metadata?.name)
  expect(names).toEqual(expect.arrayContaining([one, two, 'system-node-critical']))
  expect(await api.get(`${path}/${one}`)).toMatchObject({ value: 1, description })
  expect(await api.get(`${path}/${two}`)).toMatchObject({ value: 2, description })
}

const predicates = (what: string) => `[sig-scheduling] SchedulerPredicates [Serial] ${what}`

behaviours('Scheduling', {
  [predicates('validates resource limits of pods that are allowed to run')]: async (ground) => {
    await limits(ground)
    await ground.api.delete(podPath(ground).slice(0, -1), {}, { gracePeriodSeconds: 0 })
  },
  [predicates('validates that NodeSelector is respected if not matching')]: async (ground) => {
    await start(ground, 'restricted', { nodeSelector: { label: 'nonempty' } })
    await unschedulable(ground, 'restricted', "node(s) didn't match Pod's node affinity/selector")
  },
  [predicates('validates that NodeSelector is respected if matching')]: selects,
  [predicates(
    'validates that there exists conflict between pods with same hostPort and protocol but one using 0.0.0.0 hostIP',
  )]: portConflict,
  '[sig-scheduling] SchedulerPreemption [Serial] PriorityClass endpoints verify PriorityClass endpoints can be operated with different HTTP methods':
    priorityClasses,
  '[sig-node] NoExecuteTaintManager Single Pod [Serial] removing taint cancels eviction [Disruptive]':
    cancels,
  '[sig-node] NoExecuteTaintManager Multiple Pods [Serial] evicts pods with minTolerationSeconds [Disruptive]':
    evictsInTime,
})
