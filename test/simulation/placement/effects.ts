import type { core } from '../../../src/api/generated/types/index.ts'
import { Random } from '../../../src/base/random.ts'
import { node, type Placement, place, pod } from './placement-world.ts'

/** What a plugin is for, measured without it and with it. */
export interface Effect {
  readonly plugin: string
  readonly measure: string
  readonly without: number
  readonly with: number
}

export type Measurement = (seed: number) => Promise<Effect>

/** The same pods and nodes, scheduled by the default profile and by one with the plugin. */
async function compare(
  what: Pick<Effect, 'plugin' | 'measure'>,
  seed: number,
  { profile, ...world }: Placement,
  measure: (pods: readonly core.v1.Pod[]) => number,
): Promise<Effect> {
  const without = measure((await place(seed, world)).pods)
  return {
    ...what,
    without,
    with: measure((await place(seed, { ...world, ...(profile && { profile }) })).pods),
  }
}

const count = <T>(length: number, make: (index: number) => T): readonly T[] =>
  Array.from({ length }, (_, index) => make(index))

/** A whole number below `limit`. */
function diceOf(seed: number): (limit: number) => number {
  const random = new Random(seed)
  return (limit) => Math.trunc(random.next() * limit)
}

const plugins = (name: string, args?: object): object => ({
  plugins: { multiPoint: { enabled: [{ name, weight: 10 }] } },
  ...(args === undefined ? {} : { pluginConfig: [{ name, args }] }),
})

/** One team asks for all there is before another asks for a little. */
const fairness: Measurement = (seed) => {
  const of = (namespace: string, many: number) =>
    count(many, (index) => pod({ name: `${namespace}-${index}`, namespace, cpuMilli: 1000 }))
  return compare(
    { plugin: 'DominantResourceFairness', measure: 'pods placed of 30 that come behind 200 of others' },
    seed,
    {
      nodes: count(10, (index) => node({ name: `n${index}` })),
      pods: [...of('many', 200), ...of('few', 30)],
      profile: {
        plugins: {
          queueSort: {
            enabled: [{ name: 'DominantResourceFairness' }],
            disabled: [{ name: 'PrioritySort' }],
          },
        },
      },
    },
    (pods) => pods.filter(({ metadata, spec }) => metadata?.namespace === 'few' && spec?.nodeName).length,
  )
}

/** Forty data sets on thirty nodes, sixty pods that read one each. */
const locality: Measurement = (seed) => {
  const dice = diceOf(seed)
  const held = count(40, (index) => ({ data: `d${index}`, node: dice(30), gi: 1 + dice(200) }))
  const nodes = count(30, (index) =>
    node({
      name: `n${index}`,
      labels: {
        'topology.kubernetes.io/zone': `z${index % 3}`,
        ...Object.fromEntries(
          held
            .filter((each) => each.node === index)
            .map(({ data, gi }) => [`data.timonel.dev/${data}`, `${gi}Gi`]),
        ),
      },
    }),
  )
  const pods = count(60, (index) =>
    pod({
      name: `p${index}`,
      annotations: { 'scheduling.timonel.dev/reads-data': `d${dice(40)}` },
    }),
  )
  const travels = ({ metadata, spec }: core.v1.Pod): number => {
    const data = metadata?.annotations?.['scheduling.timonel.dev/reads-data']
    const set = held.find((each) => each.data === data)
    return set === undefined || spec?.nodeName === `n${set.node}` ? 0 : set.gi
  }
  return compare(
    { plugin: 'DataLocality', measure: 'GiB read over the network by 60 pods' },
    seed,
    { nodes, pods, profile: plugins('DataLocality') },
    (all) => all.reduce((sum, each) => sum + travels(each), 0),
  )
}

/** Three kinds of machines, one of which is cheap for what it has, and load for a third of them. */
const cost: Measurement = (seed) => {
  const dice = diceOf(seed)
  const kinds = [
    { cpu: 4, memoryGi: 16, price: 0.2 },
    { cpu: 8, memoryGi: 32, price: 0.34 },
    { cpu: 16, memoryGi: 64, price: 0.9 },
  ] as const
  const nodes = count(30, (index) => {
    const { cpu, memoryGi, price } = kinds[index % 3] ?? kinds[0]
    return node({
      ...{ name: `n${index}`, cpu, memoryGi },
      labels: { 'scheduling.timonel.dev/price-per-hour': String(price) },
    })
  })
  const pods = count(100, (index) =>
    pod({ name: `p${index}`, cpuMilli: 250 * (1 + dice(5)), memoryMi: 512 * (1 + dice(6)) }),
  )
  const spreading = ['NodeResourcesFit', 'NodeResourcesBalancedAllocation'].map((name) => ({ name }))
  const profile = {
    plugins: {
      multiPoint: { enabled: [{ name: 'CostAwarePacking', weight: 10 }] },
      score: { disabled: spreading },
    },
  }
  return compare(
    { plugin: 'CostAwarePacking', measure: 'price per hour of the nodes that 100 pods use' },
    seed,
    { nodes, pods, profile },
    (all) => {
      const used = new Set(all.map(({ spec }) => spec?.nodeName))
      const prices = nodes.map(({ metadata }) =>
        used.has(metadata?.name) ? Number(metadata?.labels?.['scheduling.timonel.dev/price-per-hour']) : 0,
      )
      return prices.reduce((sum, price) => sum + price, 0)
    },
  )
}

/** Services that suffer from batch work beside them, and batch work that suffers from its own kind. */
const interference: Measurement = (seed) => {
  const dice = diceOf(seed)
  const classes = ['service', 'batch', 'idle'] as const
  const slowdowns = [
    { class: 'service', by: 'batch', percent: 30 },
    { class: 'batch', by: 'batch', percent: 10 },
  ]
  const label = 'scheduling.timonel.dev/workload-class'
  const pods = count(90, (index) =>
    pod({ name: `p${index}`, labels: { [label]: classes[dice(3)] ?? 'idle' } }),
  )
  const classOf = ({ metadata }: core.v1.Pod): string => metadata?.labels?.[label] ?? ''
  const suffered = (one: core.v1.Pod, all: readonly core.v1.Pod[]): number =>
    all
      .filter((other) => other !== one && other.spec?.nodeName === one.spec?.nodeName)
      .reduce((sum, other) => {
        const found = slowdowns.find((each) => each.class === classOf(one) && each.by === classOf(other))
        return sum + (found?.percent ?? 0)
      }, 0)
  return compare(
    { plugin: 'WorkloadInterference', measure: 'mean slowdown of 90 pods, in percent' },
    seed,
    {
      nodes: count(15, (index) => node({ name: `n${index}` })),
      pods,
      profile: plugins('WorkloadInterference', { slowdowns }),
    },
    (all) => all.reduce((sum, one) => sum + suffered(one, all), 0) / all.length,
  )
}

export const measurements: readonly Measurement[] = [fairness, locality, cost, interference]

/** As lines of a table. */
export function effectLines(effects: readonly Effect[]): readonly string[] {
  const rows = [
    ['plugin', 'measure', 'without', 'with'],
    ...effects.map((each) => [
      ...[each.plugin, each.measure],
      ...[each.without, each.with].map((value) => String(Math.round(value * 100) / 100)),
    ]),
  ]
  const widths = [0, 1, 2, 3].map((column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  )
}
