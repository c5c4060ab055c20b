import { lstat, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { FsUsage } from '../../eviction/pod-usage.ts'

const blockBytes = 512

/** What a file or a folder with everything below it takes of its disk; nothing where it is not there. */
export async function diskUsageOf(path: string): Promise<FsUsage> {
  let [bytes, inodes] = [0, 0]
  const seen = new Set<string>()
  const waiting = [path]
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const found = await lstat(next).catch(() => undefined)
    if (found === undefined) continue
    // A file with several names takes its place once.
    const id = `${found.dev}:${found.ino}`
    if (found.nlink > 1 && !found.isDirectory() && seen.has(id)) continue
    seen.add(id)
    bytes += found.blocks * blockBytes
    inodes += 1
    const folder = next
    if (found.isDirectory()) {
      for (const name of await readdir(folder).catch(() => [])) waiting.push(join(folder, name))
    }
  }
  return { bytes, inodes }
}
