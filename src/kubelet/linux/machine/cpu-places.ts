import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type CpuSet, parseCpuSet, sortedCpus } from '../../resources/cpu/cpu-set.ts'
import type { CpuPlace, CpuPlaces } from '../../resources/cpu/cpu-topology.ts'

const usualRoot = '/sys/devices/system'
/** Caches of this level and beyond are shared by cores. */
const sharedLevel = 3

const text = (...path: readonly string[]): Promise<string> =>
  readFile(join(...path), 'utf8').then((value) => value.trim())

const numberIn = async (...path: readonly string[]): Promise<number> => Number(await text(...path))

/** The processors of each NUMA node; one with all where the kernel names none. */
async function nodesOf(root: string, online: CpuSet): Promise<ReadonlyMap<number, CpuSet>> {
  const names = await readdir(join(root, 'node')).catch(() => [])
  const ids = names.flatMap((name) => /^node(\d+)$/.exec(name)?.[1] ?? []).map(Number)
  const nodes = new Map<number, CpuSet>()
  for (const id of ids) {
    const cpus = parseCpuSet(await text(root, 'node', `node${id}`, 'cpulist'))
    nodes.set(id, cpus.intersection(online))
  }
  return nodes.size === 0 ? new Map([[0, online]]) : nodes
}

/** The outermost cache that not all of these processors share; undefined where there is none. */
async function cacheOf(directory: string, sharing: CpuSet): Promise<number | undefined> {
  const indices = await readdir(join(directory, 'cache')).catch(() => [])
  for (const index of indices.filter((name) => /^index\d+$/.test(name))) {
    const cache = join(directory, 'cache', index)
    if ((await numberIn(cache, 'level')) < sharedLevel) continue
    const shared = parseCpuSet(await text(cache, 'shared_cpu_list'))
    if (shared.intersection(sharing).size < sharing.size) return numberIn(cache, 'id')
  }
  return undefined
}

async function placeOf(root: string, cpu: number, node: number, cpus: CpuSet): Promise<CpuPlace> {
  const directory = join(root, 'cpu', `cpu${cpu}`)
  const socket = await numberIn(directory, 'topology', 'physical_package_id')
  const threads = parseCpuSet(await text(directory, 'topology', 'thread_siblings_list'))
  const [core = cpu] = sortedCpus(threads.intersection(cpus))
  return { core, socket, node, cache: (await cacheOf(directory, cpus)) ?? socket }
}

/** Where the processors of this machine are that are online. Rejects where the kernel does not say. */
export async function cpuPlaces(root = usualRoot): Promise<CpuPlaces> {
  const online = parseCpuSet(await text(root, 'cpu', 'online'))
  const places = new Map<number, CpuPlace>()
  for (const [node, cpus] of await nodesOf(root, online))
    for (const cpu of sortedCpus(cpus)) places.set(cpu, await placeOf(root, cpu, node, cpus))
  return places
}
