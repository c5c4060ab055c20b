import { expect, test } from 'vitest'
import { cpuSetText, parseCpuSet } from './cpu-set.ts'
import type { CpuTopology } from './cpu-topology.ts'
import { takeDistributed } from './distribute-cpus.ts'
import { takePacked } from './take-cpus.ts'
import { fourNodes, machine, oneSocket, takingTurns } from './testing/machines.ts'

type Case = readonly [what: string, topology: CpuTopology, available: string, count: number, taken: string]

const fourCaches = machine({ sockets: 1, coresPerNode: 16, threadsPerCore: 1, coresPerCache: 4 })
const twoSocketsOfCaches = machine({ sockets: 2, coresPerNode: 8, threadsPerCore: 1, coresPerCache: 4 })
const threadsAndCaches = machine({ sockets: 1, coresPerNode: 8, threadsPerCore: 2, coresPerCache: 4 })
const nodesOfCaches = machine({
  sockets: 1,
  nodesPerSocket: 2,
  coresPerNode: 8,
  threadsPerCore: 1,
  coresPerCache: 4,
})

/** What both ways give; after upstream's tables (pkg/kubelet/cm/cpumanager/cpu_assignment_test.go). */
const common: readonly Case[] = [
  ['two of a core', oneSocket, '0-7', 2, '0,4'],
  ['all', oneSocket, '0-7', 8, '0-7'],
  ['two where one core is whole', oneSocket, '0-3,6', 2, '2,6'],
  ['one from a used core', oneSocket, '1-3,5-7', 1, '1'],
  ['a socket', takingTurns, '0-11', 6, '0,2,4,6,8,10'],
  ['a socket of two nodes', fourNodes, '0-79', 40, '0-19,40-59'],
  ['a node', fourNodes, '0-79', 20, '0-9,40-49'],
  ['a node where one is taken', fourNodes, '10-39,50-79', 20, '10-19,50-59'],
]

const packed: readonly Case[] = [
  ...common,
  ['one from a used core of two sockets', takingTurns, '1-5,7-11', 1, '2'],
  ['three cores of a node and one of the other', takingTurns, '0-11', 8, '0-2,4,6-8,10'],
  ['a socket and a node', fourNodes, '0-79', 60, '0-29,40-69'],
  ['a socket and a node beside a taken core', fourNodes, '1-39,41-79', 60, '10-39,50-79'],
  ['three nodes and two cores', fourNodes, '0-79', 64, '0-31,40-71'],
]

test.each(packed)('takePacked() gives %s', (_what, topology, available, count, taken) => {
  const found = takePacked(topology, parseCpuSet(available), count, { spread: false, byCache: false })
  expect(cpuSetText(found)).toBe(taken)
})

test.each<Case>([
  ['two caches and a part of a third', fourCaches, '1-15', 10, '1-2,4-11'],
  ['one from the socket that is used', takingTurns, '1-5,7-11', 1, '1'],
  ['the first cache', twoSocketsOfCaches, '0-15', 4, '0-3'],
  ['what a socket has left', twoSocketsOfCaches, '2-15', 6, '2-7'],
  ['a cache of the second socket', twoSocketsOfCaches, '8-15', 4, '8-11'],
  ['two of the node that is used', nodesOfCaches, '3-8,12', 2, '4-5'],
  ['whole cores of the emptiest cache', threadsAndCaches, '2-7,10-15', 6, '4-6,12-14'],
  ['a cache and a core of the other', threadsAndCaches, '1-7,9-15', 10, '1,4-7,9,12-15'],
])('takePacked() by cache gives %s', (_what, topology, available, count, taken) => {
  const found = takePacked(topology, parseCpuSet(available), count, { spread: false, byCache: true })
  expect(cpuSetText(found)).toBe(taken)
})

test.each<Case>([
  ['three cores', oneSocket, '0-7', 3, '0-2'],
  ['three cores of a socket', takingTurns, '0-11', 3, '0,2,4'],
  ['a socket and two cores of the other', takingTurns, '0-11', 8, '0-4,6,8,10'],
  ['the first of a big machine', fourNodes, '0-79', 8, '0-7'],
])('takePacked() spread over cores gives %s', (_what, topology, available, count, taken) => {
  const found = takePacked(topology, parseCpuSet(available), count, { spread: true, byCache: false })
  expect(cpuSetText(found)).toBe(taken)
})

type Distributed = readonly [...Case, groupSize: number]

test.each<Distributed>([
  ...common.map((row): Distributed => [...row, 1]),
  ['two cores of each node', takingTurns, '0-11', 8, '0-3,6-9', 1],
  ['one', takingTurns, '1-5,7-11', 1, '1', 1],
  ['one that is no group', takingTurns, '1-5,7-11', 1, '2', 2],
  ['eight cores of each of four', fourNodes, '0-79', 64, '0-7,10-17,20-27,30-37,40-47,50-57,60-67,70-77', 1],
  ['eight of each of three', fourNodes, '0-79', 48, '0-7,10-17,20-27,40-47,50-57,60-67', 1],
])('takeDistributed() gives %s', (_what, topology, available, count, taken, groupSize) => {
  const found = takeDistributed(topology, parseCpuSet(available), count, { groupSize, spread: false })
  expect(cpuSetText(found)).toBe(taken)
})

test.each([
  ['26 over two nodes', '0-79', 26, 1, '0-6,10-16,40-45,50-55'],
  ['13 cores over two nodes', '0-79', 26, 2, '0-6,10-15,40-46,50-55'],
  [
    'eight of each of the last three, for balance',
    '2-29,31-39,42-69,71-79',
    48,
    1,
    '10-17,20-27,31-38,50-57,60-67,71-78',
  ],
  ['62, the rest to the first', '0-79', 62, 1, '0-7,10-17,20-27,30-37,40-47,50-57,60-66,70-76'],
  ['31 cores', '0-79', 62, 2, '0-7,10-17,20-27,30-36,40-47,50-57,60-67,70-76'],
  [
    'the rest to those that have more',
    ...(['0-8,10-18,20-39,40-48,50-58,60-79', 62, 1] as const),
    '0-7,10-17,20-27,30-37,40-46,50-56,60-67,70-77',
  ],
  [
    'the rest only from who has it',
    ...(['0-3,10-13,20-23,30-36,40-43,50-53,60-63,70-76', 34, 1] as const),
    '0-3,10-13,20-23,30-34,40-43,50-53,60-63,70-74',
  ],
] as const)('takeDistributed() shares %s', (_what, available, count, groupSize, taken) => {
  const found = takeDistributed(fourNodes, parseCpuSet(available), count, { groupSize, spread: false })
  expect(cpuSetText(found)).toBe(taken)
})

test('takePacked() and takeDistributed() say what is missing', () => {
  const few = parseCpuSet('0-1')
  const message = 'not enough cpus available to satisfy request: requested=3, available=2'
  expect(() => takePacked(oneSocket, few, 3, { spread: false, byCache: false })).toThrow(message)
  expect(() => takeDistributed(oneSocket, few, 3, { groupSize: 1, spread: false })).toThrow(message)
})

test.each([
  ['', ''],
  ['3', '3'],
  ['0-2,4,6-7', '0-2,4,6-7'],
  ['7,1,0,2-2', '0-2,7'],
])('parseCpuSet() reads %s', (text, canonical) => {
  expect(cpuSetText(parseCpuSet(text))).toBe(canonical)
})

test.each([
  ['1.3', 'strconv.Atoi: parsing "1.3": invalid syntax'],
  ['asd', 'strconv.Atoi: parsing "asd": invalid syntax'],
  ['3-1', 'invalid range "3-1" (3 > 1)'],
  ['0,', 'strconv.Atoi: parsing "": invalid syntax'],
])('parseCpuSet() refuses %s', (text, message) => {
  expect(() => parseCpuSet(text)).toThrow(message)
})
