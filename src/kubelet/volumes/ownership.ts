import { chmod, lchown, lstat, readdir } from 'node:fs/promises'
import { join } from 'node:path'

const readWriteMask = 0o660
const readOnlyMask = 0o440
const executeMask = 0o110
const setGroupId = 0o2000

/** Gives a volume to a pod's fsGroup: its files to the group, directories so that new files follow (pkg/volume/volume_linux.go). */
export async function setGroupOwnership(path: string, group: number, readOnly: boolean): Promise<void> {
  const entry = await lstat(path)
  await lchown(path, entry.uid, group)
  if (entry.isSymbolicLink()) return
  const mask = readOnly ? readOnlyMask : readWriteMask
  const wanted = entry.isDirectory() ? mask | setGroupId | executeMask : mask
  await chmod(path, (entry.mode & 0o7777) | wanted)
  if (!entry.isDirectory()) return
  for (const name of await readdir(path)) await setGroupOwnership(join(path, name), group, readOnly)
}

/** Upstream's OnRootMismatch: whether the top of the volume already is as it would be made. */
export async function hasGroupOwnership(path: string, group: number): Promise<boolean> {
  const { gid, mode } = await lstat(path)
  const wanted = readWriteMask | setGroupId | executeMask
  return gid === group && (mode & wanted) === wanted
}
