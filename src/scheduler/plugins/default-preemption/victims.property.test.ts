import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { core, policy } from '../../../api/generated/types/index.ts'
import { formatTime } from '../../../apimachinery/time.ts'
import { PreparedCycle } from '../../cycle/prepared-cycle.ts'
import { defaultProfile } from '../../default-profile.ts'
import type { FailedAttempt } from '../../framework.ts'
import { NodeTable } from '../../node-table.ts'
import { untimed } from '../../plugin-timing.ts'
import { makePodInfo } from '../../pod-info.ts'
import { Nominator } from '../../queue/nominator.ts'
import { pluginContext } from '../../testing/plugin-context.ts'
import { Budgets } from './budgets.ts'
import { pickCandidate } from './pick-candidate.ts'
import { selectVictims } from './victims.ts'

const nowMs = 100_000

const shape = fc.record({
  cpu: fc.integer({ min: 1, max: 3 }),
  port: fc.constantFrom(undefined, undefined, 80),
  priority: fc.constantFrom(-5, 0, 1, 2, 10),
  app: fc.constantFrom('x', 'y', 'z'),
  startedMs: fc.option(
    fc.integer({ min: 1, max: 10 }).map((seconds) => seconds * 1_000),
    { nil: undefined },
  ),
})
type Shape = typeof shape extends fc.Arbitrary<infer T> ? T : never
interface Named extends Shape {
  readonly name: string
}

const budget = fc.record({
  app: fc.constantFrom('x', 'y'),
  allowed: fc.integer({ min: 0, max: 2 }),
  /** The first pod of the first node is accounted for already. */
  disrupted: fc.boolean(),
})
type Budget = typeof budget extends fc.Arbitrary<infer T> ? T : never

const world = fc.record({
  nodes: fc.array(
    fc.record({
      cpu: fc.integer({ min: 1, max: 8 }),
      // No two of a node have started at the same time: nothing says which of such goes first.
      pods: fc.uniqueArray(shape, { maxLength: 7, selector: ({ startedMs }) => startedMs }),
    }),
    { minLength: 1, maxLength: 4 },
  ),
  wanted: shape,
  budgets: fc.array(budget, { maxLength: 3 }),
})

const podOf = ({ name, cpu, port, priority, app, startedMs }: Named): core.v1.Pod => ({
  metadata: { name, uid: name, namespace: 'd', labels: { app } },
  spec: {
    priority,
    containers: [
      {
        name: 'c',
        resources: { requests: { cpu: String(cpu) } },
        ...(port === undefined ? {} : { ports: [{ containerPort: port, hostPort: port }] }),
      },
    ],
  },
  ...(startedMs === undefined ? {} : { status: { startTime: formatTime(startedMs) } }),
})

const disruptedName = 'n0-0'

const budgetOf = ({ app, allowed, disrupted }: Budget): policy.v1.PodDisruptionBudget => ({
  metadata: { name: 'b', namespace: 'd' },
  spec: { selector: { matchLabels: { app } } },
  status: {
    ...{ disruptionsAllowed: allowed, currentHealthy: 0, desiredHealthy: 0, expectedPods: 0 },
    ...(disrupted ? { disruptedPods: { [disruptedName]: formatTime(0) } } : {}),
  },
})

const moreImportant = (one: Named, other: Named): number =>
  other.priority - one.priority || (one.startedMs ?? nowMs) - (other.startedMs ?? nowMs)

interface Loss {
  readonly node: string
  readonly victims: readonly Named[]
  readonly violations: number
}

/** The twin: sums over lists in place of a table that is changed and changed back. */
function loseOn(
  node: string,
  cpu: number,
  there: readonly Named[],
  wanted: Named,
  budgets: readonly Budget[],
): Loss | undefined {
  const fits = (kept: readonly Named[]): boolean =>
    kept.reduce((sum, pod) => sum + pod.cpu, wanted.cpu) <= cpu &&
    !kept.some(({ port }) => port !== undefined && port === wanted.port)
  const lower = there.filter(({ priority }) => priority < wanted.priority).toSorted(moreImportant)
  let kept = there.filter(({ priority }) => priority >= wanted.priority)
  if (lower.length === 0 || !fits(kept)) return undefined
  const left = budgets.map(({ allowed }) => allowed)
  const violating = lower.filter(({ app, name }) => {
    const own = budgets.flatMap((each, index) =>
      each.app === app && !(each.disrupted && name === disruptedName) ? [index] : [],
    )
    for (const index of own) left[index] = (left[index] ?? 0) - 1
    return own.some((index) => (left[index] ?? 0) < 0)
  })
  for (const pod of [...violating, ...lower.filter((each) => !violating.includes(each))])
    if (fits([...kept, pod])) kept = [...kept, pod]
  const victims = lower.filter((pod) => !kept.includes(pod))
  return { node, victims, violations: victims.filter((pod) => violating.includes(pod)).length }
}

/** What is compared, in order: less is better. */
const lossOf = ({ victims, violations }: Loss): readonly number[] => {
  const highest = Math.max(...victims.map(({ priority }) => priority))
  const important = victims.filter(({ priority }) => priority === highest)
  return [
    ...[violations, highest],
    victims.reduce((sum, { priority }) => sum + priority + 2 ** 31, 0),
    victims.length,
    -Math.min(...important.map(({ startedMs }) => startedMs ?? nowMs)),
  ]
}

function leastLoss(losses: readonly Loss[]): Loss | undefined {
  return losses.toSorted((one, other) => {
    const [left, right] = [lossOf(one), lossOf(other)]
    const place = left.findIndex((value, index) => value !== right[index])
    return place < 0 ? 0 : (left[place] ?? 0) - (right[place] ?? 0)
  })[0]
}

test('selectVictims() and pickCandidate() evict whom a plain count over lists would', () => {
  fc.assert(
    fc.property(world, ({ nodes, wanted: asked, budgets }) => {
      const table = new NodeTable()
      const wanted: Named = { ...asked, name: 'wanted' }
      const placed = nodes.map(({ cpu, pods }, node) => {
        const name = `n${node}`
        table.setNode({ metadata: { name }, status: { allocatable: { cpu: String(cpu), pods: '110' } } })
        const there = pods.map((pod, index): Named => ({ ...pod, name: `${name}-${index}` }))
        for (const pod of there) table.addPod(name, makePodInfo(podOf(pod)))
        return { name, cpu, there }
      })
      const pod = makePodInfo(podOf(wanted))
      const profile = defaultProfile(pluginContext({ table }))
      const cycle = new PreparedCycle({
        ...{ pod, profile, table, nominated: new Nominator(), timer: untimed, shared: undefined },
      })
      const attempt: FailedAttempt = {
        ...{
          pod,
          nodes: table.nodes,
          suppose: cycle,
          check: (node) => cycle.check(node),
          breathe: async () => {},
        },
        refusalOf: () => ({ plugin: '', rejection: { resolvable: true, reasons: [] } }),
      }
      const limits = new Budgets(budgets.map(budgetOf))
      const found = table.nodes.flatMap((node) => {
        const candidate = selectVictims(attempt, node, limits, nowMs)
        return 'victims' in candidate && candidate.victims.length > 0 ? [candidate] : []
      })
      const losses = placed
        .flatMap(({ name, cpu, there }) => loseOn(name, cpu, there, wanted, budgets) ?? [])
        .filter(({ victims }) => victims.length > 0)
      const plain = (loss: Loss | undefined) =>
        loss && { ...loss, victims: loss.victims.map(({ name }) => name) }
      const seen = (candidate: (typeof found)[number] | undefined) =>
        candidate && {
          node: candidate.node.name,
          victims: candidate.victims.map(({ uid }) => uid),
          violations: candidate.violations,
        }
      expect(found.map(seen)).toEqual(losses.map(plain))
      expect(seen(pickCandidate(found, nowMs))).toEqual(plain(leastLoss(losses)))
      // What was supposed is taken back.
      for (const { name, there } of placed)
        expect(new Set(table.get(name)?.pods.keys())).toEqual(new Set(there.map((each) => each.name)))
    }),
    { numRuns: 300 },
  )
})
