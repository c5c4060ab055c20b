import { constants, type FileHandle, mkdir, open, realpath, stat, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { runProgram } from '../../base/host/run-program.ts'
import { isMountPoint } from '../linux/mounts.ts'

const within = (base: string, path: string): boolean => path === base || path.startsWith(`${base}/`)

/**
 * Binds a path inside a volume to `target` so that nothing that the pod does to the volume meanwhile can make it
 * lead elsewhere: links are resolved once, and then each directory is opened through the one above, without
 * following links, and the last is bound by its descriptor. A directory that is not there is made like the
 * volume.
 */
export async function bindSubPath(volume: string, subPath: string, target: string): Promise<void> {
  if (await isMountPoint(target)) return
  const base = await realpath(volume)
  const wanted = join(base, subPath)
  let resolved = await realpath(wanted).catch(() => undefined)
  if (resolved === undefined) {
    await makeDirectories(base, subPath)
    resolved = await realpath(wanted)
  }
  if (!within(base, resolved)) throw new Error('the path leads out of its volume')
  const handle = await openBelow(base, resolved.slice(base.length).split('/').filter(Boolean))
  try {
    const source = `/proc/${process.pid}/fd/${handle.fd}`
    await mkdir(dirname(target), { recursive: true })
    if ((await stat(source)).isDirectory()) await mkdir(target, { recursive: true })
    else await writeFile(target, '', { flag: 'a' })
    await runProgram('mount', ['--no-canonicalize', '--bind', source, target])
  } finally {
    await handle.close()
  }
}

/** The text of a file in a volume; rejects where there is none, or where links lead out of the volume. */
export async function readInVolume(volume: string, path: string): Promise<string> {
  const base = await realpath(volume)
  const resolved = await realpath(join(base, path))
  if (!within(base, resolved)) throw new Error('the path leads out of its volume')
  const handle = await openBelow(base, resolved.slice(base.length).split('/').filter(Boolean))
  try {
    return await handle.readFile('utf8')
  } finally {
    await handle.close()
  }
}

const throughHandle = (handle: FileHandle, name: string): string => `/proc/self/fd/${handle.fd}/${name}`

/** Opens part after part; a link on the way makes it fail. */
async function openBelow(base: string, parts: readonly string[]): Promise<FileHandle> {
  let current = await open(base, constants.O_RDONLY | constants.O_DIRECTORY)
  for (const part of parts) {
    const next = await open(throughHandle(current, part), constants.O_RDONLY | constants.O_NOFOLLOW).finally(
      () => current.close(),
    )
    current = next
  }
  return current
}

/** Makes what is missing of a path, with the mode of the volume. */
async function makeDirectories(base: string, subPath: string): Promise<void> {
  const { mode } = await stat(base)
  let current = await open(base, constants.O_RDONLY | constants.O_DIRECTORY)
  for (const part of subPath.split('/').filter((name) => name !== '' && name !== '.')) {
    const path = throughHandle(current, part)
    const made = await mkdir(path).then(
      () => true,
      (error: NodeJS.ErrnoException) => {
        if (error.code === 'EEXIST') return false
        throw error
      },
    )
    const flags = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW
    const next = await open(path, flags).finally(() => current.close())
    if (made) await next.chmod(mode & 0o7777)
    current = next
  }
  await current.close()
}
