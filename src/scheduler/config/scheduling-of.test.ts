import { describe, expect, test } from 'vitest'
import type { Plugin } from '../framework.ts'
import type { Profile } from '../profile.ts'
import { pluginContext } from '../testing/plugin-context.ts'
import { type CustomPlugin, schedulingOf } from './scheduling-of.ts'

const profiles = (configuration: unknown, plugins: readonly CustomPlugin[] = []): readonly Profile[] =>
  schedulingOf({ configuration, plugins }).profiles.map(({ schedulerName, make }) =>
    make({ ...pluginContext(), schedulerName }),
  )
const names = (plugins: readonly Plugin[]): readonly string[] => plugins.map(({ name }) => name)
const profile = (plugins: object): Profile => {
  const [only] = profiles({ profiles: [{ plugins }] })
  if (only === undefined) throw new Error('no profile')
  return only
}

describe('schedulingOf()', () => {
  test('without a configuration has the default plugins, and those that are given after them', () => {
    const seen: unknown[] = []
    const mine: CustomPlugin = {
      name: 'Mine',
      weight: 4,
      make: (_context, args) => {
        seen.push(args)
        return { name: 'Mine', preScore: () => ({ type: 'skip' }) }
      },
    }
    const [only] = schedulingOf({ plugins: [mine] }).profiles
    const made = only?.make({ ...pluginContext(), schedulerName: 'default-scheduler' })
    expect(names(made?.at.score ?? []).at(-1)).toBe('Mine')
    expect([made?.weights.get('Mine'), made?.weights.get('TaintToleration'), seen]).toEqual([
      4,
      3,
      [undefined],
    ])
  })

  test('leaves plugins out at a point, or altogether', () => {
    const made = profile({
      multiPoint: { disabled: [{ name: 'NodePorts' }] },
      score: { disabled: [{ name: '*' }] },
    })
    expect(names(made.at.filter)).not.toContain('NodePorts')
    expect(made.at.score).toEqual([])
    expect(names(made.at.filter)).toContain('NodeResourcesFit')
  })

  test('lets plugins score that do nothing before it, where PreScore has none', () => {
    const made = profile({
      preScore: { disabled: [{ name: '*' }] },
      score: { enabled: [{ name: 'ImageLocality', weight: 1 }], disabled: [{ name: '*' }] },
    })
    expect(names(made.scoring)).toEqual(['ImageLocality'])
  })

  test('puts a plugin that is configured again in its place, with its weight; others follow', () => {
    const made = profile({
      multiPoint: { enabled: [{ name: 'TaintToleration', weight: 9 }] },
      score: { enabled: [{ name: 'NodeResourcesFit', weight: 7 }] },
    })
    expect(names(made.at.score)[0]).toBe('NodeResourcesFit')
    expect([made.weights.get('TaintToleration'), made.weights.get('NodeResourcesFit')]).toEqual([9, 7])
    expect(names(made.at.filter).indexOf('TaintToleration')).toBe(2)
  })

  test('takes the points of topology-aware scheduling as long as nothing is enabled there', () => {
    expect(names(profile({ placementGenerate: {}, placementScore: { enabled: [] } }).at.bind)).toEqual([
      'DefaultBinder',
    ])
    expect(() => profile({ placementScore: { enabled: [{ name: 'Mine' }] } })).toThrow(
      'placementScore.enabled: Invalid value: "Mine": topology-aware scheduling is not supported',
    )
  })

  test('has optional plugins where a profile names them', () => {
    const made = profile({
      queueSort: { enabled: [{ name: 'DominantResourceFairness' }], disabled: [{ name: 'PrioritySort' }] },
      multiPoint: { enabled: [{ name: 'CostAwarePacking', weight: 3 }] },
    })
    expect([names(made.at.queueSort), made.weights.get('CostAwarePacking')]).toEqual([
      ['DominantResourceFairness'],
      3,
    ])
    expect(names(made.at.score).at(-1)).toBe('CostAwarePacking')
    expect(names(profile({}).at.score)).not.toContain('CostAwarePacking')
  })

  test('has several schedulers', () => {
    const two = profiles({
      profiles: [
        { schedulerName: 'default-scheduler' },
        { schedulerName: 'other', percentageOfNodesToScore: 5 },
      ],
    })
    expect(
      two.map(({ schedulerName, percentageOfNodesToScore }) => [schedulerName, percentageOfNodesToScore]),
    ).toEqual([
      ['default-scheduler', undefined],
      ['other', 5],
    ])
  })

  test.each<[string, object, string]>([
    [
      'an unknown field',
      { profiles: [{ plugins: { scores: {} } }] },
      'strict decoding error: unknown field "profiles[0].plugins.scores"',
    ],
    [
      'a share of more than all',
      { percentageOfNodesToScore: 101 },
      'percentageOfNodesToScore: Invalid value: 101: not in valid range [0-100]',
    ],
    [
      'back-offs in the wrong order',
      { podInitialBackoffSeconds: 5, podMaxBackoffSeconds: 2 },
      'podMaxBackoffSeconds: Invalid value: 2: must be greater than or equal to PodInitialBackoffSeconds',
    ],
    [
      'no parallelism',
      { parallelism: 0 },
      'parallelism: Invalid value: 0: should be an integer value greater than zero',
    ],
    [
      'two schedulers of one name',
      { profiles: [{ schedulerName: 'a' }, { schedulerName: 'a' }] },
      'profiles[1].schedulerName: Duplicate value: "profiles[0].schedulerName"',
    ],
    [
      'arguments twice',
      { profiles: [{ pluginConfig: [{ name: 'NodePorts' }, { name: 'NodePorts' }] }] },
      'profiles[0].pluginConfig[1]: Duplicate value: "NodePorts"',
    ],
    [
      'wrong arguments',
      {
        profiles: [
          { pluginConfig: [{ name: 'DefaultPreemption', args: { minCandidateNodesPercentage: -1 } }] },
        ],
      },
      'profiles[0].pluginConfig[0].args.minCandidateNodesPercentage: Invalid value: -1: not in valid range [0, 100]',
    ],
    [
      'a strategy that is not there',
      {
        profiles: [
          { pluginConfig: [{ name: 'NodeResourcesFit', args: { scoringStrategy: { type: 'X' } } }] },
        ],
      },
      'profiles[0].pluginConfig[0].args.scoringStrategy.type: Unsupported value: "X": supported values: "LeastAllocated", "MostAllocated", "RequestedToCapacityRatio"',
    ],
    [
      'another kind',
      { kind: 'Pod' },
      'kind: Unsupported value: "Pod": supported values: "KubeSchedulerConfiguration"',
    ],
    ['a connection', { clientConnection: { qps: 5 } }, 'unknown field "clientConnection"'],
    [
      'an election',
      { leaderElection: { leaderElect: true } },
      'leaderElection.leaderElect: Invalid value: true: it is for a scheduler of its own',
    ],
    [
      "another plugin's arguments",
      {
        profiles: [{ pluginConfig: [{ name: 'DefaultPreemption', args: { kind: 'InterPodAffinityArgs' } }] }],
      },
      'decoding .profiles[0].pluginConfig[0]: args for plugin DefaultPreemption were not of type DefaultPreemptionArgs.kubescheduler.config.k8s.io, got InterPodAffinityArgs.kubescheduler.config.k8s.io',
    ],
    [
      'orders of the queue with different arguments',
      {
        profiles: ['a', 'b'].map((schedulerName) => ({
          schedulerName,
          plugins: { queueSort: { enabled: [{ name: 'DominantResourceFairness' }] } },
          pluginConfig: [
            {
              name: 'DominantResourceFairness',
              args: { resources: [schedulerName === 'a' ? 'cpu' : 'memory'] },
            },
          ],
        })),
      },
      'profiles[1].pluginConfig.args: Invalid value: {"resources":["memory"]}: queueSort must be the same for all profiles',
    ],
    [
      'arguments of an optional plugin',
      {
        profiles: [
          {
            pluginConfig: [
              { name: 'DataLocality', args: { tiers: [{ topologyKey: 'a', percent: 101 }] } },
              { name: 'CostAwarePacking', args: { defaultPrice: 'much', idlePercent: -1 } },
              { name: 'WorkloadInterference', args: { slowdowns: [{ class: 'a', percent: 1 }] } },
              { name: 'DominantResourceFairness', args: { resources: ['_'] } },
            ],
          },
        ],
      },
      [
        "[profiles[0].pluginConfig[3].args.resources[0]: Invalid value: \"_\": name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')",
        'profiles[0].pluginConfig[0].args.tiers[0].percent: Invalid value: 101: not in valid range [0, 100]',
        'profiles[0].pluginConfig[1].args.defaultPrice: Invalid value: "much": must be a decimal number that is not negative',
        'profiles[0].pluginConfig[1].args.idlePercent: Invalid value: -1: not in valid range [0, 100]',
        'profiles[0].pluginConfig[2].args.slowdowns[0].by: Required value]',
      ].join(', '),
    ],
  ])("refuses %s in upstream's words", (_name, configuration, message) => {
    expect(() => schedulingOf({ configuration })).toThrow(message)
  })

  test.each<[string, object, string]>([
    [
      'a plugin that is not there',
      { filter: { enabled: [{ name: 'X' }] } },
      'FilterPlugin "X" does not exist',
    ],
    [
      'a plugin at a point that it does not have',
      { bind: { enabled: [{ name: 'NodeName' }] } },
      'plugin "NodeName" does not extend BindPlugin plugin',
    ],
    [
      'nobody to bind',
      { bind: { disabled: [{ name: '*' }] } },
      'at least one bind plugin is needed for profile with scheduler name "default-scheduler"',
    ],
  ])('cannot make a profile with %s', (_name, plugins, message) => {
    expect(() => profile(plugins)).toThrow(message)
  })
})
