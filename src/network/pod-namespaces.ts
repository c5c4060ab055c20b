import { readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { RunProgram } from '../base/host/run-program.ts'

/** Where libcni notes what it has given to which container; fixed in containerd. */
const cniCacheDir = '/var/lib/cni/results'

/** The part of such a note that matters. */
interface CacheEntry {
  readonly containerId?: string
  readonly networkName?: string
  readonly result?: {
    readonly interfaces?: readonly { readonly name?: string; readonly sandbox?: string }[]
  }
}

/** What the plugin `bandwidth` calls the device that holds a pod's own packets back; on the node, beside the wire. */
const shaperPrefix = 'bwp'

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
  const removed = new Set<string>()
  for (const file of files.filter((name) => name.startsWith(`${networkName}-`))) {
    const path = join(cacheDir, file)
    const { containerId, networkName: network, result } = await readEntry(path)
    if (network !== networkName || containerId === undefined) continue
    for (const { name = '', sandbox = '' } of result?.interfaces ?? []) {
      if (name.startsWith(shaperPrefix)) await run('ip', ['link', 'delete', name]).catch(() => {})
      if (!sandbox.startsWith('/') || removed.has(sandbox)) continue
      // Gone already where the runtime stopped the pod in order.
      await run('umount', ['--lazy', sandbox]).catch(() => {})
      await rm(sandbox, { force: true })
      removed.add(sandbox)
    }
    await rm(path, { force: true })
    await rm(join(cacheDir, `cni-loopback-${containerId}-lo`), { force: true })
  }
  return removed.size
}
