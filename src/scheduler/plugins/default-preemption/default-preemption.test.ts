import { describe, expect, test } from 'vitest'
import { Pod } from '../../../api/core/pod/kind.ts'
import type { core } from '../../../api/generated/types/index.ts'
import { PodDisruptionBudget } from '../../../api/policy/pod-disruption-budget/kind.ts'
import { testHost } from '../../../client/testing/test-host.ts'
import { runPostFilter } from '../../attempt/post-filter.ts'
import { PodPlacer } from '../../cycle/schedule-pod.ts'
import { defaultProfile } from '../../default-profile.ts'
import type { FailedAttempt } from '../../framework.ts'
import { NodeTable } from '../../node-table.ts'
import { makePodInfo } from '../../pod-info.ts'
import { Nominator } from '../../queue/nominator.ts'
import { FixedInformers } from '../../testing/fixed-informers.ts'
import { pluginContext } from '../../testing/plugin-context.ts'
import { candidatesToFind, defaultPreemption } from './default-preemption.ts'
import { pickCandidate } from './pick-candidate.ts'

const node = (name: string): core.v1.Node => ({
  metadata: { name, labels: { 'kubernetes.io/hostname': name } },
  status: { allocatable: { cpu: '4', memory: '8Gi', pods: '110' } },
})

interface Traits {
  readonly priority?: number
  readonly cpu?: string
  readonly on?: string
  readonly labels?: Record<string, string>
  readonly started?: string
  readonly spec?: Partial<core.v1.PodSpec>
  readonly status?: core.v1.PodStatus
}

const pod = (name: string, traits: Traits): core.v1.Pod => ({
  metadata: { name, namespace: 'default', uid: name, ...(traits.labels ? { labels: traits.labels } : {}) },
  spec: {
    priority: traits.priority ?? 0,
    ...(traits.on ? { nodeName: traits.on } : {}),
    containers: [{ name: 'c', resources: { requests: { cpu: traits.cpu ?? '1' } } }],
    ...traits.spec,
  },
  status: { startTime: traits.started ?? '2026-01-01T00:00:00Z', ...traits.status },
})

/** What becomes of `wanted`: the node that it is nominated to and the victims there, or what is said. */
async function preempt(
  nodes: readonly string[],
  present: readonly core.v1.Pod[],
  wanted: core.v1.Pod,
  budgets: readonly { readonly allowed: number; readonly labels: Record<string, string> }[] = [],
) {
  const table = new NodeTable()
  for (const name of nodes) table.setNode(node(name))
  for (const each of present) table.addPod(each.spec?.nodeName ?? '', makePodInfo(each))
  const informers = new FixedInformers().set(Pod, ...present)
  for (const [index, { allowed, labels }] of budgets.entries()) {
    informers.set(PodDisruptionBudget, {
      metadata: { name: `b${index}`, namespace: 'default' },
      spec: { selector: { matchLabels: labels } },
      status: { disruptionsAllowed: allowed },
    })
  }
  const events: string[] = []
  const context = pluginContext({ table, informers })
  const nominated = new Nominator()
  const placer = new PodPlacer({ table, nominated, random: () => 0.5, percentageOfNodesToScore: 0 })
  const profile = defaultProfile({
    ...context,
    waiting: { get: () => undefined, list: () => [], preempt: () => true },
    report: ({ regarding }) => events.push(regarding.metadata?.name ?? ''),
  })
  const before = table.nodes.map(({ pods }) => [...pods.keys()].sort())
  const selection = placer.select(makePodInfo(wanted), profile)
  if (selection.type === 'node' || selection.cycle === undefined) throw new Error('it fits')
  const { message, nomination } = await runPostFilter(
    selection.cycle,
    selection.diagnosis,
    table.nodes,
    testHost(),
  )
  for (let turn = 0; turn < 10; turn++) await Promise.resolve()
  expect(table.nodes.map(({ pods }) => [...pods.keys()].sort())).toEqual(before)
  return { message, nomination, victims: events.sort() }
}

const high: Traits = { priority: 10, cpu: '2' }

describe('DefaultPreemption', () => {
  test('evicts the fewest pods of lower priority, the least important of them', async () => {
    const present = [
      pod('old', { on: 'a', started: '2025-01-01T00:00:00Z' }),
      pod('young', { on: 'a', started: '2026-01-01T00:00:00Z' }),
      pod('younger', { on: 'a', started: '2026-01-02T00:00:00Z' }),
      pod('equal', { on: 'a', priority: 10 }),
    ]
    const result = await preempt(['a'], present, pod('p', high))
    expect(result).toEqual({ message: '', nomination: 'a', victims: ['young', 'younger'] })
  })

  test('takes the node where the victims matter least', async () => {
    const present = [
      pod('x', { on: 'a', cpu: '4', priority: 5 }),
      pod('y', { on: 'b', cpu: '4', priority: 3 }),
    ]
    expect(await preempt(['a', 'b'], present, pod('p', high))).toMatchObject({
      nomination: 'b',
      victims: ['y'],
    })
  })

  test('spares pods whose budgets are exhausted where it can', async () => {
    const present = [
      pod('guarded', { on: 'a', cpu: '2', labels: { app: 'db' } }),
      pod('free', { on: 'a', cpu: '2' }),
    ]
    const budgets = [{ allowed: 0, labels: { app: 'db' } }]
    expect(await preempt(['a'], present, pod('p', high), budgets)).toMatchObject({ victims: ['free'] })
  })

  test.each<[string, core.v1.Pod[], core.v1.Pod, string, string | undefined]>([
    [
      'nobody of lower priority is there',
      [pod('x', { on: 'a', cpu: '4', priority: 10 })],
      pod('p', high),
      'preemption: 0/1 nodes are available: 1 No preemption victims found for incoming pod.',
      '',
    ],
    [
      'no eviction would help',
      [pod('x', { on: 'a', cpu: '4' })],
      pod('p', { ...high, cpu: '5' }),
      'preemption: 0/1 nodes are available: 1 Preemption is not helpful for scheduling.',
      '',
    ],
    [
      'the pod never preempts',
      [pod('x', { on: 'a', cpu: '4' })],
      pod('p', { ...high, spec: { preemptionPolicy: 'Never' } }),
      'preemption: not eligible due to preemptionPolicy=Never.',
      undefined,
    ],
    [
      'its victims are still leaving',
      [
        {
          ...pod('x', {
            on: 'a',
            cpu: '4',
            status: {
              conditions: [{ type: 'DisruptionTarget', status: 'True', reason: 'PreemptionByScheduler' }],
            },
          }),
          metadata: { name: 'x', namespace: 'default', uid: 'x', deletionTimestamp: '2026-01-01T00:00:00Z' },
        },
      ],
      pod('p', { ...high, status: { nominatedNodeName: 'a' } }),
      'preemption: not eligible due to a terminating pod on the nominated node.',
      undefined,
    ],
  ])('says so when %s', async (_name, present, wanted, message, nomination) => {
    expect(await preempt(['a'], present, wanted)).toEqual({
      message: `no new claims to deallocate, ${message}`,
      nomination,
      victims: [],
    })
  })
})

test('defaultPreemption() evicts nobody from a node that only somebody beside the plugins refuses', async () => {
  const table = new NodeTable()
  table.setNode(node('a'))
  table.addPod('a', makePodInfo(pod('x', { cpu: '1' })))
  const plugin = defaultPreemption(pluginContext({ table }))
  const attempt: FailedAttempt = {
    pod: makePodInfo(pod('p', high)),
    nodes: table.nodes,
    refusalOf: () => ({ plugin: 'Extender', rejection: { resolvable: true, reasons: ['busy'] } }),
    check: () => undefined,
    suppose: { add: () => {}, remove: () => {} },
    breathe: async () => {},
  }
  await expect(plugin.postFilter?.(attempt)).rejects.toThrow('expected at least one victim pod on node "a"')
})

test.each([
  [50, 50],
  [500, 100],
  [5_000, 500],
])('candidatesToFind() of %i nodes is %i', (nodes, expected) =>
  expect(candidatesToFind(nodes, { minCandidateNodesPercentage: 10, minCandidateNodesAbsolute: 100 })).toBe(
    expected,
  ),
)

test('pickCandidate() prefers no violation, low priorities, few victims, a late start', () => {
  const table = new NodeTable()
  for (const name of ['a', 'b']) table.setNode(node(name))
  const [a, b] = table.nodes
  if (!a || !b) throw new Error('no nodes')
  const one = (traits: Traits) => makePodInfo(pod('v', traits))
  const pick = (left: Traits[], right: Traits[], violations = 0) =>
    pickCandidate(
      [
        { node: a, victims: left.map(one), violations },
        { node: b, victims: right.map(one), violations: 0 },
      ],
      0,
    )?.node.name
  expect(pick([{ priority: 1 }], [{ priority: 9 }], 1)).toBe('b')
  expect(pick([{ priority: 1 }], [{ priority: 9 }])).toBe('a')
  expect(pick([{ priority: 1 }, { priority: 1 }], [{ priority: 1 }])).toBe('b')
  expect(pick([{ priority: -1 }, { priority: -1 }], [{ priority: -1 }])).toBe('b')
  expect(pick([{ started: '2025-01-01T00:00:00Z' }], [{ started: '2026-01-01T00:00:00Z' }])).toBe('b')
  expect(pick([{}], [{}])).toBe('a')
})
