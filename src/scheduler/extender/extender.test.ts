import { expect, test } from 'vitest'
import type { core } from '../../api/generated/types/index.ts'
import { silentLogger } from '../../base/logger.ts'
import { schedulingOf } from '../config/scheduling-of.ts'
import { fitErrorText } from '../cycle/fit-error.ts'
import { PodPlacer } from '../cycle/schedule-pod.ts'
import { defaultProfile } from '../default-profile.ts'
import { NodeTable } from '../node-table.ts'
import { makePodInfo } from '../pod-info.ts'
import { Nominator } from '../queue/nominator.ts'
import { pluginContext } from '../testing/plugin-context.ts'
import { type ExtenderCall, makeExtenders } from './extender.ts'

const node = (name: string): core.v1.Node => ({
  metadata: { name },
  status: { allocatable: { cpu: '4', memory: '8Gi', pods: '10' } },
})
const pod: core.v1.Pod = {
  metadata: { name: 'p', namespace: 'd', uid: 'p' },
  spec: { containers: [{ name: 'c' }] },
}
const all = { filterVerb: 'filter', prioritizeVerb: 'prioritize', bindVerb: 'bind', preemptVerb: 'preempt' }

/** With one extender that answers so; what it was asked. */
function setUp(answers: Readonly<Record<string, unknown>>, change: object = {}, wanted = pod) {
  const asked: [string, unknown][] = []
  const callExtender: ExtenderCall = async (url, body) => {
    const verb = url.split('/').at(-1) ?? ''
    asked.push([url, JSON.parse(body)])
    const answered = answers[verb]
    const answer: unknown = typeof answered === 'function' ? answered(JSON.parse(body)) : answered
    return { status: answer === undefined ? 500 : 200, text: JSON.stringify(answer) }
  }
  const extender = { urlPrefix: 'http://ext/', weight: 2, nodeCacheCapable: true, ...all, ...change }
  const { extenders = [] } = schedulingOf({ configuration: { extenders: [extender] } })
  const made = makeExtenders({ extenders, callExtender, logger: silentLogger })
  const table = new NodeTable()
  for (const name of ['a', 'b', 'c']) table.setNode(node(name))
  const placer = new PodPlacer({
    ...{ table, extenders: made, nominated: new Nominator(), random: () => 0.5 },
    percentageOfNodesToScore: 0,
  })
  const profile = defaultProfile(pluginContext({ table }))
  return {
    asked,
    table,
    extender: made[0],
    select: async () => placer.selectAsking(makePodInfo(wanted), profile),
  }
}

test('an extender leaves out nodes and prefers others', async () => {
  const { asked, select } = setUp({
    filter: { NodeNames: ['b', 'c'], FailedNodes: { a: 'no room' } },
    prioritize: [{ Host: 'c', Score: 10 }],
  })
  const selection = await select()
  expect(selection.type === 'node' && selection.node.name).toBe('c')
  expect(asked).toMatchObject([
    ['http://ext/filter', { Pod: pod, NodeNames: ['a', 'b', 'c'] }],
    ['http://ext/prioritize', { NodeNames: ['b', 'c'] }],
  ])
})

test('what an extender says of nodes is among the reasons, and any event may help', async () => {
  const failed = { a: 'no room', b: 'no room' }
  const { select } = setUp({
    filter: { NodeNames: [], FailedNodes: failed, FailedAndUnresolvableNodes: { c: 'never' } },
  })
  const selection = await select()
  if (selection.type === 'node') throw new Error('it fits')
  const { refusals, unschedulablePlugins } = selection.diagnosis
  expect(fitErrorText({ nodes: 3, reasons: refusals.reasons(3) })).toBe(
    '0/3 nodes are available: 1 never, 2 no room.',
  )
  expect([...unschedulablePlugins]).toEqual(['Extender'])
})

test('where an extender does not want the nominated node, the others are looked at', async () => {
  const filter = ({ NodeNames }: { NodeNames: readonly string[] }) => ({
    NodeNames: NodeNames.filter((name) => name === 'c'),
    FailedNodes: { a: 'no room', b: 'no room' },
  })
  const wanted = { ...pod, status: { nominatedNodeName: 'b' } }
  const { asked, select } = setUp({ filter, prioritize: [] }, {}, wanted)
  const selection = await select()
  expect(selection.type === 'node' && selection.node.name).toBe('c')
  expect(asked).toMatchObject([
    ['http://ext/filter', { NodeNames: ['b'] }],
    ['http://ext/filter', {}],
  ])
})

test('an extender that fails ends the attempt, unless it may', async () => {
  await expect(setUp({}).select()).rejects.toThrow(
    'failed filter with extender at URL http://ext/filter, code 500',
  )
  expect((await setUp({}, { ignorable: true }).select()).type).toBe('node')
  await expect(setUp({ filter: { Error: 'broken' } }).select()).rejects.toThrow('broken')
})

test('bind() names pod and node; preempt() takes what is left of the victims', async () => {
  const meta = { a: { Pods: [{ UID: 'v' }], NumPDBViolations: 1 } }
  const { asked, extender, table } = setUp({ bind: {}, preempt: { NodeNameToMetaVictims: meta } })
  expect(await extender?.bind(pod, 'a')).toBe(true)
  expect(asked[0]?.[1]).toEqual({ PodName: 'p', PodNamespace: 'd', PodUID: 'p', Node: 'a' })
  const victim = makePodInfo({ ...pod, metadata: { name: 'v', namespace: 'd', uid: 'v' } })
  table.addPod('a', victim)
  const [a, b] = [table.get('a'), table.get('b')]
  if (!a || !b) throw new Error('no nodes')
  const proposed = { pods: [victim], violations: 1 }
  const left = await extender?.preempt(
    pod,
    new Map([
      [a, proposed],
      [b, proposed],
    ]),
  )
  expect([...(left ?? [])]).toEqual([[a, proposed]])
})

test('only pods that ask for its resources concern an extender that manages some', () => {
  const { extender } = setUp(
    {},
    { managedResources: [{ name: 'example.com/gpu', ignoredByScheduler: true }] },
  )
  const resources = { limits: { 'example.com/gpu': '1' } }
  expect(extender?.isInterested(pod)).toBe(false)
  expect(extender?.isInterested({ spec: { containers: [{ name: 'c', resources }] } })).toBe(true)
})

test.each([
  [
    { prioritizeVerb: 'p' },
    'extenders[0].weight: Invalid value: 0: must have a positive weight applied to it',
  ],
  [
    { managedResources: [{ name: 'cpu' }] },
    'extenders[0].managedResources[0].name: Invalid value: "cpu": is an invalid extended resource name',
  ],
])('a configuration with %j is refused', (extender, message) => {
  expect(() => schedulingOf({ configuration: { extenders: [extender] } })).toThrow(message)
})
