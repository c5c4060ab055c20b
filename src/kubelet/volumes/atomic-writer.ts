import {
  chmod,
  chown,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  readlink,
  rename,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Payload } from './payload.ts'

const dataLink = '..data'
const newDataLink = '..data_tmp'

/**
 * Writes a payload into a volume so that readers see all of it or nothing: the files go to a directory of their
 * own, `..data` is renamed to point there, and the names in the volume point through `..data`. `prepare` is given
 * the new directory before it shows. Whether anything changed.
 */
export async function writeAtomically(
  target: string,
  payload: Payload,
  prepare: (directory: string) => Promise<void>,
): Promise<boolean> {
  const current = await readlink(join(target, dataLink)).catch(() => undefined)
  if (current !== undefined && (await holds(join(target, current), payload))) return false
  const stamp = new Date().toISOString().slice(0, 19).replace(/[-T:]/g, '_')
  await removeOthers(target, current)
  const fresh = await mkdtemp(join(target, `..${stamp}.`))
  try {
    await writeFiles(fresh, payload)
    await prepare(fresh)
  } catch (error) {
    await rm(fresh, { recursive: true, force: true })
    throw error
  }
  const name = fresh.slice(target.length + 1)
  await rm(join(target, newDataLink), { force: true })
  await symlink(name, join(target, newDataLink))
  await rename(join(target, newDataLink), join(target, dataLink))
  await linkNames(target, payload)
  if (current !== undefined) await rm(join(target, current), { recursive: true, force: true })
  return true
}

async function writeFiles(directory: string, payload: Payload): Promise<void> {
  await chmod(directory, 0o755)
  await Promise.all(
    [...payload].map(async ([path, file]) => {
      const place = join(directory, path)
      if (path.includes('/')) await mkdir(dirname(place), { recursive: true, mode: 0o755 })
      await writeFile(place, file.content)
      // The umask has its part in writeFile's mode.
      await chmod(place, file.mode)
      if (file.uid !== undefined) await chown(place, file.uid, -1)
    }),
  )
}

/** What an agent that was killed had begun to write, or not removed yet. */
async function removeOthers(target: string, current: string | undefined): Promise<void> {
  const others = (await readdir(target)).filter((name) => /^\.\.\d/.test(name) && name !== current)
  for (const name of others) await rm(join(target, name), { recursive: true, force: true })
}

/** The names that show in the volume: the first part of each path. */
async function linkNames(target: string, payload: Payload): Promise<void> {
  const wanted = new Set([...payload.keys()].map((path) => path.split('/')[0] ?? ''))
  const present = (await readdir(target)).filter((name) => !name.startsWith('..'))
  for (const name of wanted) {
    if (!present.includes(name)) await symlink(join(dataLink, name), join(target, name))
  }
  for (const name of present) if (!wanted.has(name)) await rm(join(target, name), { force: true })
}

async function holds(directory: string, payload: Payload): Promise<boolean> {
  const files = await readdir(directory, { recursive: true, withFileTypes: true }).catch(() => [])
  const paths = files
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(directory.length + 1))
  if (paths.length !== payload.size) return false
  for (const path of paths) {
    const wanted = payload.get(path)
    if (wanted === undefined) return false
    const there = await readFile(join(directory, path))
    if (!there.equals(wanted.content)) return false
    const { mode, uid } = await stat(join(directory, path))
    if (wanted.uid !== undefined && uid !== wanted.uid) return false
    // A group's ownership adds bits; what was asked for must be there.
    if ((mode & wanted.mode) !== wanted.mode) return false
  }
  return true
}
