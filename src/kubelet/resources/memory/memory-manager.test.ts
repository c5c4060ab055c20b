import { expect, test } from 'vitest'
import type { core } from '../../../api/generated/types/index.ts'
import { silentLogger } from '../../../base/logger.ts'
import { maskOf, nodesOf } from '../topology/numa-mask.ts'
import { memoryCheckpoint, parseMemoryCheckpoint } from './memory-checkpoint.ts'
import { MemoryManager } from './memory-manager.ts'
import type { MemoryBlock } from './memory-state.ts'
import {
  checkAgainstMachine,
  checkReservedMemory,
  freeMemory,
  type MemoryReservation,
  parseReservedMemory,
} from './reserved-memory.ts'

type Container = core.v1.Container

const gi = 2 ** 30
const nodes = new Map(
  [0, 1].map((id) => [id, { bytes: 10 * gi, hugepages: new Map([['hugepages-2Mi', gi]]) }]),
)
const reserved: readonly MemoryReservation[] = [{ numaNode: 0, limits: { memory: '1Gi' } }]
const free = freeMemory(nodes, reserved)

const container = (name: string, memory: string, more: Partial<Container> = {}): Container => {
  const amounts = { cpu: '1', memory }
  return { name, resources: { requests: amounts, limits: amounts }, ...more }
}
const podOf = (
  uid: string,
  containers: readonly Container[],
  initContainers: readonly Container[] = [],
): core.v1.Pod => ({ metadata: { name: uid, namespace: 'ns', uid }, spec: { containers, initContainers } })

async function manager(near?: readonly number[], saved?: string, preferred = false) {
  let text = saved
  const memory = new MemoryManager({
    ...{ policy: 'Static', free, logger: silentLogger },
    affinity: () => ({ preferred, ...(near === undefined ? {} : { affinity: maskOf(near) }) }),
    store: {
      load: async () => text,
      save: async (next) => {
        text = next
      },
    },
  })
  await memory.load()
  const admit = async (pod: core.v1.Pod): Promise<void> => {
    for (const each of [...(pod.spec?.initContainers ?? []), ...(pod.spec?.containers ?? [])])
      await memory.allocate(pod, each)
  }
  const hints = (pod: core.v1.Pod): readonly (readonly [readonly number[], boolean])[] =>
    (memory.podHints(pod).get('memory') ?? []).map(({ affinity = 0n, preferred: good }) => [
      nodesOf(affinity),
      good,
    ])
  return { memory, admit, hints, text: () => text ?? '' }
}

const block = (numaAffinity: readonly number[], size: number, type = 'memory'): MemoryBlock => ({
  ...{ numaAffinity, type, size },
})

test('MemoryManager gives memory of one node, or of both where one has too little', async () => {
  const { memory, admit, hints } = await manager()
  expect(hints(podOf('a', [container('c', '8Gi')]))).toEqual([
    [[0], true],
    [[1], true],
    [[0, 1], false],
  ])
  // Huge pages are memory, too: 10 less 1 of them, less 1 that is reserved.
  expect(hints(podOf('a', [container('c', '9Gi')]))).toEqual([
    [[1], true],
    [[0, 1], false],
  ])
  await admit(podOf('a', [container('c', '3Gi')]))
  expect(memory.blocks('a', 'c')).toEqual([block([0], 3 * gi)])
  expect(memory.nodesFor('a', 'c')).toEqual([0])
  // A node that serves alone does not serve in company.
  expect(hints(podOf('b', [container('c', '9Gi')]))).toEqual([[[1], true]])
  await admit(podOf('b', [container('c', '9Gi')]))
  expect(memory.nodesFor('b', 'c')).toEqual([1])
  await expect(admit(podOf('d', [container('c', '9Gi')]))).rejects.toThrow(
    '[memorymanager] failed to get the default NUMA affinity, no NUMA nodes with enough memory is available',
  )
  memory.release('a')
  memory.keepOnly(new Set())
  expect(hints(podOf('d', [container('c', '12Gi')]))).toEqual([[[0, 1], true]])
  await admit(podOf('d', [container('c', '12Gi')]))
  expect(memory.nodesFor('d', 'c')).toEqual([0, 1])
  expect(hints(podOf('e', [container('c', '1Gi')]))).toEqual([[[0, 1], false]])
})

test('MemoryManager gives huge pages of the same nodes', async () => {
  const { memory, admit } = await manager()
  const amounts = { cpu: '1', memory: '1Gi', 'hugepages-2Mi': '512Mi' }
  await admit(podOf('a', [{ name: 'c', resources: { requests: amounts, limits: amounts } }]))
  expect(memory.blocks('a', 'c')).toEqual([block([0], gi), block([0], gi / 2, 'hugepages-2Mi')])
})

test('MemoryManager takes from the nodes that the topology manager said, and from more where it must', async () => {
  const near = await manager([1])
  await near.admit(podOf('a', [container('c', '3Gi')]))
  expect(near.memory.nodesFor('a', 'c')).toEqual([1])
  const wide = await manager([1])
  await wide.admit(podOf('a', [container('c', '11Gi')]))
  expect(wide.memory.nodesFor('a', 'c')).toEqual([0, 1])
  const taken = await manager([0, 1])
  await taken.admit(podOf('a', [container('c', '12Gi')]))
  const alone = await manager([0, 1], taken.text())
  await alone.admit(podOf('b', [container('c', '1Gi')]))
  expect(alone.memory.nodesFor('b', 'c')).toEqual([0, 1])
})

test('MemoryManager gives what init containers have had again, once', async () => {
  const { memory, admit, hints } = await manager([1])
  const pod = podOf('a', [container('c', '3Gi'), container('d', '2Gi')], [container('i', '5Gi')])
  await admit(pod)
  expect(memory.blocks('a', 'i')).toEqual([block([1], 0)])
  // 9 less 5.
  expect(hints(podOf('b', [container('c', '4Gi')])).map(([mask]) => mask)).toContainEqual([1])
  expect(hints(podOf('b', [container('c', '5Gi')])).map(([mask]) => mask)).not.toContainEqual([1])
  memory.starting(pod, container('c', '3Gi'))
  expect(memory.blocks('a', 'i')).toEqual([])
  memory.release('a')
  expect(hints(podOf('b', [container('c', '9Gi')])).map(([mask]) => mask)).toContainEqual([1])
})

test('MemoryManager has nothing for pods that are not guaranteed', async () => {
  const { memory, admit } = await manager()
  const pod = podOf('a', [{ name: 'c', resources: { requests: { memory: '1Gi' } } }])
  await admit(pod)
  expect(memory.blocks('a', 'c')).toEqual([])
  expect(memory.hints(pod, pod.spec?.containers[0] ?? { name: '' }).size).toBe(0)
})

test('MemoryManager goes on from what was saved, on the same machine', async () => {
  const before = await manager()
  const pod = podOf('a', [container('c', '3Gi')])
  await before.admit(pod)
  const after = await manager(undefined, before.text())
  expect(after.memory.nodesFor('a', 'c')).toEqual([0])
  expect(after.hints(pod)).toEqual([[[0], true]])
  const state = parseMemoryCheckpoint(before.text(), 'Static')
  const other = memoryCheckpoint('Static', { ...state, assigned: new Map() })
  await expect(manager(undefined, other)).rejects.toThrow(
    '[memorymanager] the expected machine state is different from the real one',
  )
  const elsewhere = memoryCheckpoint('Static', {
    ...state,
    assigned: new Map([['a', new Map([['c', [block([5], gi)]]])]]),
  })
  await expect(manager(undefined, elsewhere)).rejects.toThrow(
    '[memorymanager] (pod: a, container: c) the memory assignment uses the NUMA that does not exist',
  )
  await expect(manager(undefined, memoryCheckpoint('None', state))).rejects.toThrow(
    '[memorymanager] configured policy "Static" differs from state checkpoint policy "None"',
  )
  await expect(manager(undefined, before.text().replace('"size":3', '"size":4'))).rejects.toThrow(
    'checkpoint is corrupted',
  )
})

/** A sum that upstream's own file has (pkg/kubelet/cm/memorymanager/state). */
test('parseMemoryCheckpoint() takes what an upstream kubelet has written', () => {
  const table = { total: 2048, systemReserved: 512, allocatable: 1536, reserved: 512, free: 1024 }
  const text = JSON.stringify({
    policyName: 'static',
    machineState: { 0: { numberOfAssignments: 0, memoryMap: { memory: table }, cells: [] } },
    entries: { pod: { container1: [{ numaAffinity: [0], type: 'memory', size: 512 }] } },
    checksum: 4215593881,
  })
  const { machine, assigned } = parseMemoryCheckpoint(text, 'static')
  expect(machine.get(0)?.memoryMap.get('memory')).toEqual(table)
  expect(assigned.get('pod')?.get('container1')).toEqual([block([0], 512)])
})

test('parseReservedMemory() reads the flag', () => {
  expect(parseReservedMemory('0:memory=1Gi,hugepages-2Mi=2Gi;1:memory=2Gi')).toEqual([
    { numaNode: 0, limits: { memory: '1Gi', 'hugepages-2Mi': '2Gi' } },
    { numaNode: 1, limits: { memory: '2Gi' } },
  ])
})

test.each([
  [
    'memory=1Gi',
    'the reserved memory has incorrect format, expected numaNodeID:type=quantity[,type=quantity...], got memory=1Gi',
  ],
  ['a:memory=1Gi', 'failed to convert the NUMA node ID, expected integer, got a'],
  ['0:memory', 'the reserved limit has incorrect value, expected type=quantity, got memory'],
  ['0:cpu=1', 'memory type conversion error, unknown type: "cpu"'],
  ['0:memory=x', 'failed to parse the quantity: x'],
])('parseReservedMemory() refuses %s', (text, message) => {
  expect(() => parseReservedMemory(text)).toThrow(message)
})

const reservation = (numaNode: number, limits: Readonly<Record<string, string>>): MemoryReservation => ({
  ...{ numaNode, limits },
})

test.each([
  [
    [reservation(0, { cpu: '1' })],
    'the limit type "cpu" for NUMA node 0 is not supported, only [memory hugepages-<HugePageSize>] is accepted',
  ],
  [
    [reservation(1, { memory: '0' })],
    'reserved memory may not be zero for NUMA node 1 and resource "memory"',
  ],
  [
    [reservation(0, { memory: '1Gi' }), reservation(0, { memory: '1Gi' })],
    'the reserved memory has a duplicate value for NUMA node 0 and resource "memory"',
  ],
])('checkReservedMemory() refuses %j', (reservations, message) => {
  expect(() => checkReservedMemory(reservations)).toThrow(`invalid configuration: ${message}`)
})

test('checkAgainstMachine() wants exactly what the node keeps', () => {
  const two = [reservation(0, { memory: '1Gi' }), reservation(1, { memory: '100Mi' })]
  expect(() => checkAgainstMachine(two, nodes, { cpu: '1', memory: '1124Mi' })).not.toThrow()
  expect(() => checkAgainstMachine(two, nodes, { memory: '1Gi' })).toThrow(
    'the total amount "1124Mi" of type "memory" is not equal to the value "1Gi" determined by Node Allocatable feature',
  )
  expect(() => checkAgainstMachine([reservation(7, { memory: '1Gi' })], nodes, {})).toThrow(
    'the reserved memory configuration references a NUMA node 7 that does not exist on this machine',
  )
  expect(() => checkAgainstMachine([], nodes, {})).toThrow(
    '[memorymanager] you should specify the system reserved memory',
  )
})
