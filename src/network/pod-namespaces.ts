import { readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { RunProgram } from '../base/host/run-program.ts'

/** Where libcni notes what it has given to which container; fixed in containerd. */
const cniCacheDir = '/var/lib/cni/results'

/** The part of such a note that matters. */
interface CacheEntry {
  readonly netns?: string
  readonly networkName?: string
}

async function readEntry(path: string): Promise<CacheEntry> {
  try {
    const entry: CacheEntry = JSON.parse(await readFile(path, 'utf8'))
    return entry
  } catch {
    return {}
  }
}

/**
 * Removes network namespaces of pods that a runtime left behind, known by CNI's own notes about our network.
 * With its namespace a pod's wire to the node goes as well. Returns how many were removed.
 */
export async function removePodNamespaces(
  networkName: string,
  run: RunProgram,
  cacheDir = cniCacheDir,
): Promise<number> {
  const files = await readdir(cacheDir).catch(() => [])
  let removed = 0
  for (const file of files.filter((name) => name.startsWith(`${networkName}-`))) {
    const path = join(cacheDir, file)
    const { netns, networkName: network } = await readEntry(path)
    if (network !== networkName) continue
    if (netns?.startsWith('/')) {
      // Gone already where the runtime stopped the pod in order.
      await run('umount', ['--lazy', netns]).catch(() => {})
      await rm(netns, { force: true })
      removed++
    }
    await rm(path, { force: true })
  }
  return removed
}
