import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'

const usualRoot = '/sys/devices/system/node'

/** NUMA nodes of this machine in order, each with its distances to all of them; one where the kernel names none. */
export async function numaNodes(root = usualRoot): Promise<ReadonlyMap<number, readonly number[]>> {
  const names = await readdir(root).catch(() => [])
  const ids = names.flatMap((name) => /^node(\d+)$/.exec(name)?.[1] ?? []).map(Number)
  const nodes = new Map<number, readonly number[]>()
  for (const id of ids.sort((a, b) => a - b)) {
    const text = await readFile(join(root, `node${id}`, 'distance'), 'utf8').catch(() => '')
    nodes.set(id, text.trim().split(/\s+/).filter(Boolean).map(Number))
  }
  return nodes.size === 0 ? new Map([[0, [10]]]) : nodes
}
