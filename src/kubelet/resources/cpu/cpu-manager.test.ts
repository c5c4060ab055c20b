import { expect, test } from 'vitest'
import { featureGates } from '../../../api/feature-gates.ts'
import type { core } from '../../../api/generated/types/index.ts'
import { silentLogger } from '../../../base/logger.ts'
import type { StateStore } from '../../state/state-store.ts'
import type { TopologyHint } from '../topology/hint.ts'
import { maskOf, nodesOf } from '../topology/numa-mask.ts'
import { parseCpuCheckpoint } from './cpu-checkpoint.ts'
import { exclusiveCpus, podExclusiveCpus } from './cpu-demand.ts'
import { CpuManager } from './cpu-manager.ts'
import { cpuSetText, noCpus, parseCpuSet } from './cpu-set.ts'
import type { CpuTopology } from './cpu-topology.ts'
import { type CpuOption, checkMachine, cpuOptions } from './policy-options.ts'
import { reservedCpus } from './take-by-options.ts'
import { fourNodes, machine, oneSocket, takingTurns } from './testing/machines.ts'

type Container = core.v1.Container

const container = (name: string, cpu: string, more: Partial<Container> = {}): Container => ({
  name,
  resources: { requests: { cpu, memory: '1Gi' }, limits: { cpu, memory: '1Gi' } },
  ...more,
})
const sidecar = { restartPolicy: 'Always' } as const
const podOf = (
  uid: string,
  containers: readonly Container[],
  initContainers: readonly Container[] = [],
): core.v1.Pod => ({ metadata: { name: uid, namespace: 'ns', uid }, spec: { containers, initContainers } })

function memoryStore(text?: string): StateStore & { readonly text: () => string } {
  let saved = text
  return {
    load: async () => saved,
    save: async (next) => {
      saved = next
    },
    text: () => saved ?? '',
  }
}

interface Setup {
  readonly topology?: CpuTopology
  readonly reserved?: string
  readonly options?: readonly CpuOption[]
  readonly saved?: string
  readonly near?: readonly number[]
  readonly policy?: 'none' | 'static'
}

async function manager(setup: Setup = {}) {
  const { topology = oneSocket, reserved = '0', options = [], saved, near, policy = 'static' } = setup
  const store = memoryStore(saved)
  const cpus = new CpuManager({
    ...{ topology, policy, options: new Set(options), reserved: parseCpuSet(reserved), store },
    logger: silentLogger,
    affinity: () => ({ preferred: true, ...(near === undefined ? {} : { affinity: maskOf(near) }) }),
  })
  await cpus.load()
  const admit = async (pod: core.v1.Pod): Promise<void> => {
    for (const each of [...(pod.spec?.initContainers ?? []), ...(pod.spec?.containers ?? [])])
      await cpus.allocate(pod, each)
  }
  const text = (uid: string, name = 'c'): string => cpuSetText(cpus.cpusOf(uid, name))
  return { cpus, store, admit, text }
}

test.each([
  ['a whole number', container('c', '2'), 2],
  ['a whole number in thousandths', container('c', '2000m'), 2],
  ['a part', container('c', '1500m'), 0],
  ['less than one', container('c', '100m'), 0],
])('exclusiveCpus() of a guaranteed pod that asks for %s', (_what, each, count) => {
  expect(exclusiveCpus(podOf('u', [each]), each)).toBe(count)
})

test('exclusiveCpus() is nothing in pods that are not guaranteed, or have resources as a whole', () => {
  const each: Container = { name: 'c', resources: { requests: { cpu: '2' }, limits: { cpu: '2' } } }
  expect(exclusiveCpus(podOf('u', [each]), each)).toBe(0)
  const own = container('c', '2')
  const whole = { requests: { cpu: '2', memory: '1Gi' }, limits: { cpu: '2', memory: '1Gi' } }
  expect(exclusiveCpus({ spec: { containers: [own], resources: whole } }, own)).toBe(0)
})

test.each([
  ['containers add up', [container('a', '1'), container('b', '2')], [], 3],
  ['a bigger init container counts', [container('a', '1')], [container('i', '4')], 4],
  ['a sidecar adds', [container('a', '1')], [container('s', '2', sidecar), container('i', '2')], 4],
  [
    'a sidecar after does not add to it',
    [container('a', '1')],
    [container('i', '2'), container('s', '2', sidecar)],
    3,
  ],
])('podExclusiveCpus(): %s', (_what, containers, init, count) => {
  expect(podExclusiveCpus(podOf('u', containers, init))).toBe(count)
})

test('CpuManager gives, shares what is left, and takes back', async () => {
  const { cpus, admit, text, store } = await manager()
  expect(text('u')).toBe('0-7')
  await admit(podOf('u', [container('c', '2'), container('d', '500m')]))
  expect([text('u'), text('u', 'd'), text('other')]).toEqual(['1,5', '0,2-4,6-7', '0,2-4,6-7'])
  expect(cpuSetText(cpus.exclusive('u', 'c') ?? noCpus)).toBe('1,5')
  expect(cpus.exclusive('u', 'd')).toBeUndefined()
  expect(cpuSetText(cpus.allocatable)).toBe('1-7')
  const saved = parseCpuCheckpoint(store.text(), 'static')
  expect(cpuSetText(saved.shared)).toBe('0,2-4,6-7')
  cpus.release('u')
  expect(text('u')).toBe('0-7')
})

test('CpuManager says what is missing, and keeps what it has', async () => {
  const { cpus, admit, text } = await manager()
  await expect(admit(podOf('u', [container('c', '8')]))).rejects.toThrow(
    'not enough cpus available to satisfy request: requested=8, available=7',
  )
  expect(text('u')).toBe('0-7')
  await admit(podOf('a', [container('c', '7')]))
  await admit(podOf('a', [container('c', '7')]))
  expect(text('b')).toBe('0')
  cpus.keepOnly(new Set(['b']))
  expect(text('b')).toBe('0-7')
})

test('CpuManager gives the processors of init containers again, but not those of sidecars', async () => {
  const { admit, text } = await manager()
  const init = [container('s', '1', sidecar), container('i', '4')]
  await admit(podOf('u', [container('c', '2'), container('d', '2')], init))
  const [s, i, c, d] = ['s', 'i', 'c', 'd'].map((name) => parseCpuSet(text('u', name)))
  if (s === undefined || i === undefined || c === undefined || d === undefined) throw new Error('no set')
  expect(c.union(d).isSubsetOf(i)).toBe(true)
  expect(c.isDisjointFrom(d) && s.isDisjointFrom(i)).toBe(true)
  expect([s.size, i.size, c.size, d.size]).toEqual([1, 4, 2, 2])
})

test('CpuManager with full-pcpus-only gives whole cores or refuses', async () => {
  const { admit, text } = await manager({ options: ['full-pcpus-only'] })
  await expect(admit(podOf('u', [container('c', '3')]))).rejects.toMatchObject({
    reason: 'SMTAlignmentError',
    message: 'SMT Alignment Error: requested 3 cpus not multiple cpus per core = 2',
  })
  // The core of the reserved one is not whole.
  await expect(admit(podOf('u', [container('c', '8')]))).rejects.toThrow(
    'SMT Alignment Error: not enough free physical CPUs: available physical CPUs = 6, requested CPUs = 8, CPUs per core = 2',
  )
  await admit(podOf('u', [container('c', '6')]))
  expect(text('u')).toBe('1-3,5-7')
  await admit(podOf('u', [container('c', '6')]))
})

test('CpuManager takes from the NUMA nodes, or their sockets, that the topology manager said', async () => {
  const near = await manager({ topology: fourNodes, near: [2] })
  await near.admit(podOf('u', [container('c', '2')]))
  expect(near.text('u')).toBe('20,60')
  const wide = await manager({ topology: fourNodes, near: [2], options: ['align-by-socket'] })
  await wide.admit(podOf('u', [container('c', '22')]))
  expect(wide.text('u')).toBe('20-30,60-70')
})

test('CpuManager with strict-cpu-reservation has nobody on what is reserved', async () => {
  const { cpus, text } = await manager({ options: ['strict-cpu-reservation'], reserved: '0,4' })
  expect(text('u')).toBe('1-3,5-7')
  expect(cpuSetText(cpus.allocatable)).toBe('1-3,5-7')
})

test('CpuManager with the policy none holds nobody to anything', async () => {
  const { cpus, admit, text, store } = await manager({ policy: 'none' })
  await admit(podOf('u', [container('c', '2')]))
  expect([text('u'), cpuSetText(cpus.allocatable)]).toEqual(['', ''])
  expect(cpus.hints(podOf('u', [container('c', '2')]), container('c', '2')).size).toBe(0)
  // As upstream's kubelets write it.
  expect(JSON.parse(store.text())).toEqual({ policyName: 'none', defaultCpuSet: '', checksum: 1353318690 })
})

const shown = (hints: readonly TopologyHint[] | undefined) =>
  hints?.map(({ affinity, preferred }) => [affinity === undefined ? [] : nodesOf(affinity), preferred])

test('CpuManager hints at nodes with enough processors', async () => {
  const { cpus, admit } = await manager({ topology: takingTurns })
  const pod = podOf('u', [container('c', '4')])
  const hints = (): ReturnType<typeof shown> => shown(cpus.hints(pod, container('c', '4')).get('cpu'))
  expect(hints()).toEqual([
    [[0], true],
    [[1], true],
    [[0, 1], false],
  ])
  await admit(podOf('v', [container('c', '2')]))
  expect(hints()).toEqual([
    [[1], true],
    [[0, 1], false],
  ])
  await admit(pod)
  expect(hints()).toEqual([[[0, 1], false]])
  expect(shown(cpus.hints(podOf('u', [container('c', '3')]), container('c', '3')).get('cpu'))).toEqual([])
  expect(shown(cpus.podHints(pod).get('cpu'))).toEqual(hints())
  expect(cpus.podHints(podOf('w', [container('c', '1500m')])).size).toBe(0)
})

test('CpuManager with align-by-socket prefers nodes of one socket', async () => {
  const { cpus } = await manager({ topology: fourNodes, options: ['align-by-socket'] })
  const found = cpus.hints(podOf('u', [container('c', '2')]), container('c', '2')).get('cpu')
  expect(found?.filter(({ preferred }) => preferred).map(({ affinity = 0n }) => nodesOf(affinity))).toEqual([
    ...[[0], [1], [2], [3]],
    ...[
      [0, 1],
      [2, 3],
    ],
  ])
})

const state = (defaultCpuSet: string, own?: string): string =>
  JSON.stringify({
    ...{ policyName: 'static', defaultCpuSet, checksum: 0 },
    ...(own === undefined ? {} : { entries: { u: { c: own } } }),
  })

test('CpuManager goes on from what was saved', async () => {
  const { text, admit } = await manager({ saved: state('0-2,4-6', '3,7') })
  expect([text('u'), text('v')]).toEqual(['3,7', '0-2,4-6'])
  await admit(podOf('u', [container('c', '2')]))
  expect(text('u')).toBe('3,7')
})

type Refused = readonly [what: string, saved: string, message: string]

test.each<Refused>([
  ['no shared processors', state('', '3,7'), 'default cpuset cannot be empty'],
  [
    'reserved ones given',
    state('1-7', '0'),
    'not all reserved cpus: "0" are present in defaultCpuSet: "1-7"',
  ],
  ['overlap', state('0-7', '7'), 'pod: u, container: c cpuset: "7" overlaps with default cpuset "0-7"'],
  [
    'another machine',
    state('0-8'),
    `current set of available CPUs "0-7" doesn't match with CPUs in state "0-8"`,
  ],
  [
    'no set',
    state('1.3'),
    'could not parse default cpu set "1.3": strconv.Atoi: parsing "1.3": invalid syntax',
  ],
  [
    'no set of a container',
    state('0-7', 'asd'),
    'could not parse cpuset "asd" for container "c" in pod "u": strconv.Atoi: parsing "asd": invalid syntax',
  ],
  [
    'another policy',
    JSON.stringify({ policyName: 'none', defaultCpuSet: '', checksum: 1353318690 }),
    'configured policy "static" differs from state checkpoint policy "none"',
  ],
  [
    'a wrong checksum',
    JSON.stringify({ policyName: 'static', defaultCpuSet: '', checksum: 1 }),
    'checkpoint is corrupted',
  ],
])('CpuManager refuses a saved state with %s', async (_what, saved, message) => {
  await expect(manager({ saved })).rejects.toThrow(message)
})

test('CpuManager with strict-cpu-reservation refuses a saved state that shares what is reserved', async () => {
  await expect(manager({ saved: state('0-7'), options: ['strict-cpu-reservation'] })).rejects.toThrow(
    'some of strictly reserved cpus: "0" are present in defaultCpuSet: "0-7"',
  )
})

/** Sums that upstream's own files have (pkg/kubelet/cm/cpumanager/state). */
test.each([
  ['4-6', {}, 354655845],
  ['1-3', { pod: { container2: '1-3', container1: '4-6' } }, 3610638499],
])('parseCpuCheckpoint() takes what an upstream kubelet has written', (defaultCpuSet, entries, sum) => {
  const text = JSON.stringify({ policyName: 'none', defaultCpuSet, entries, checksum: sum })
  expect(cpuSetText(parseCpuCheckpoint(text, 'none').shared)).toBe(defaultCpuSet)
})

const all = featureGates(new Map([['CPUManagerPolicyAlphaOptions', true]]))
const usual = featureGates(new Map())
const given = (...names: readonly string[]): ReadonlyMap<string, string> =>
  new Map(names.map((name) => [name, 'true']))

test('cpuOptions() reads what is on', () => {
  const options = new Map([
    ['full-pcpus-only', 'true'],
    ['distribute-cpus-across-numa', '1'],
    ['strict-cpu-reservation', 'false'],
  ])
  expect([...cpuOptions('static', options, usual)]).toEqual([
    'full-pcpus-only',
    'distribute-cpus-across-numa',
  ])
  expect([...cpuOptions('static', given('align-by-socket'), all)]).toEqual(['align-by-socket'])
})

test.each([
  ['static', given('fast'), usual, 'unknown CPU Manager Policy option: "fast"'],
  [
    ...(['static', given('align-by-socket'), usual] as const),
    'CPU Manager Policy Alpha-level Options not enabled, but option "align-by-socket" provided',
  ],
  [
    ...(['static', given('distribute-cpus-across-numa')] as const),
    featureGates(new Map([['CPUManagerPolicyBetaOptions', false]])),
    'CPU Manager Policy Beta-level Options not enabled, but option "distribute-cpus-across-numa" provided',
  ],
  [
    ...(['static', new Map([['full-pcpus-only', 'yes']]), usual] as const),
    'bad value for option "full-pcpus-only": strconv.ParseBool: parsing "yes": invalid syntax',
  ],
  [
    ...(['static', given('full-pcpus-only', 'distribute-cpus-across-cores'), all] as const),
    'static policy options full-pcpus-only and distribute-cpus-across-cores can not be used at the same time',
  ],
  [
    ...(['static', given('prefer-align-cpus-by-uncorecache', 'distribute-cpus-across-numa'), all] as const),
    'static policy options prefer-align-cpus-by-uncorecache and distribute-cpus-across-numa can not be used at the same time',
  ],
  [
    ...(['none', given('full-pcpus-only'), usual] as const),
    'None policy: received unsupported options=map[full-pcpus-only:true]',
  ],
] as const)('cpuOptions() refuses for %s %s', (policy, options, features, message) => {
  expect(() => cpuOptions(policy, options, features)).toThrow(message)
})

test('checkMachine() has align-by-socket only where it means something', () => {
  const options = new Set<CpuOption>(['align-by-socket'])
  expect(() => checkMachine(options, fourNodes, 'restricted')).not.toThrow()
  expect(() => checkMachine(options, fourNodes, 'single-numa-node')).toThrow(
    'Topolgy manager single-numa-node policy is incompatible with CPUManager align-by-socket policy option',
  )
  const oneNode: CpuTopology = { ...machine({ sockets: 2, coresPerNode: 2, threadsPerCore: 1 }), nodes: [0] }
  expect(() => checkMachine(options, oneNode, 'none')).toThrow(
    'number of sockets are more than number of NUMA',
  )
})

test('reservedCpus() takes as many as are reserved, rounded up, or those that are named', () => {
  const none = new Set<CpuOption>()
  expect(cpuSetText(reservedCpus(oneSocket, none, noCpus, 500))).toBe('0')
  expect(cpuSetText(reservedCpus(oneSocket, none, noCpus, 2000))).toBe('0,4')
  expect(cpuSetText(reservedCpus(oneSocket, none, parseCpuSet('2-3'), 2000))).toBe('2-3')
  expect(() => reservedCpus(oneSocket, none, noCpus, 0)).toThrow(
    '[cpumanager] the static policy requires systemreserved.cpu + kubereserved.cpu to be greater than zero',
  )
  expect(() => reservedCpus(oneSocket, none, parseCpuSet('1'), 2000)).toThrow(
    '[cpumanager] unable to reserve the required amount of CPUs (size of 1 did not equal 2)',
  )
})
