import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { cpuPlaces } from './cpu-places.ts'
import { numaMemory } from './numa-memory.ts'

const root = mkdtempSync(join(tmpdir(), 'timonel-places-'))
afterAll(() => rmSync(root, { recursive: true }))

function write(path: string, text: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true })
  writeFileSync(join(root, path), `${text}\n`)
}

/** Two sockets of a node each, of two cores of two threads; the second node's cores have caches of their own. */
write('cpu/online', '0-6')
for (let cpu = 0; cpu < 8; cpu++) {
  const core = cpu % 4
  const socket = Math.floor(core / 2)
  write(`cpu/cpu${cpu}/topology/physical_package_id`, String(socket))
  write(`cpu/cpu${cpu}/topology/thread_siblings_list`, `${core},${core + 4}`)
  write(`cpu/cpu${cpu}/cache/index2/level`, '2')
  write(`cpu/cpu${cpu}/cache/index2/shared_cpu_list`, `${core},${core + 4}`)
  write(`cpu/cpu${cpu}/cache/index3/level`, '3')
  write(`cpu/cpu${cpu}/cache/index3/id`, String(10 + core))
  write(`cpu/cpu${cpu}/cache/index3/shared_cpu_list`, socket === 0 ? '0-1,4-5' : `${core},${core + 4}`)
}
for (const [node, cpus] of ['0-1,4-5', '2-3,6-7'].entries()) {
  write(`node/node${node}/cpulist`, cpus)
  write(`node/node${node}/meminfo`, `Node ${node} MemTotal:       ${1024 * (node + 1)} kB`)
  write(`node/node${node}/hugepages/hugepages-2048kB/nr_hugepages`, String(node))
}

test('cpuPlaces() finds cores, sockets, NUMA nodes and caches of what is online', async () => {
  expect([...(await cpuPlaces(root))]).toEqual([
    [0, { core: 0, socket: 0, node: 0, cache: 0 }],
    [1, { core: 1, socket: 0, node: 0, cache: 0 }],
    [4, { core: 0, socket: 0, node: 0, cache: 0 }],
    [5, { core: 1, socket: 0, node: 0, cache: 0 }],
    [2, { core: 2, socket: 1, node: 1, cache: 12 }],
    [3, { core: 3, socket: 1, node: 1, cache: 13 }],
    [6, { core: 2, socket: 1, node: 1, cache: 12 }],
  ])
})

test('numaMemory() finds what each node has', async () => {
  const pages = (bytes: number) => new Map([['hugepages-2Mi', bytes]])
  expect([...(await numaMemory([0, 1, 7], 5, join(root, 'node')))]).toEqual([
    [0, { bytes: 2 ** 20, hugepages: pages(0) }],
    [1, { bytes: 2 ** 21, hugepages: pages(2 ** 21) }],
    [7, { bytes: 5, hugepages: new Map() }],
  ])
})
