import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { binaryQuantity } from '../../node/capacity.ts'
import type { NumaMemory } from '../../resources/memory/reserved-memory.ts'

const usualRoot = '/sys/devices/system/node'

const text = (path: string): Promise<string> => readFile(path, 'utf8').catch(() => '')

async function hugepagesOf(directory: string): Promise<ReadonlyMap<string, number>> {
  const pages = new Map<string, number>()
  for (const name of await readdir(directory).catch(() => [])) {
    const bytes = Number(/^hugepages-(\d+)kB$/.exec(name)?.[1] ?? 0) * 1024
    const count = Number(await text(join(directory, name, 'nr_hugepages')))
    if (bytes > 0) pages.set(`hugepages-${binaryQuantity(bytes)}`, bytes * count)
  }
  return pages
}

/** What these NUMA nodes of this machine have; a node that the kernel does not know has `memoryBytes`. */
export async function numaMemory(
  nodes: Iterable<number>,
  memoryBytes: number,
  root = usualRoot,
): Promise<ReadonlyMap<number, NumaMemory>> {
  const memory = new Map<number, NumaMemory>()
  for (const node of nodes) {
    const directory = join(root, `node${node}`)
    const total = /MemTotal:\s+(\d+) kB/.exec(await text(join(directory, 'meminfo')))?.[1]
    const hugepages = await hugepagesOf(join(directory, 'hugepages'))
    memory.set(node, { bytes: total === undefined ? memoryBytes : Number(total) * 1024, hugepages })
  }
  return memory
}
