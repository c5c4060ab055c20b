import { chmod, mkdir, open, stat } from 'node:fs/promises'
import { dirname } from 'node:path'

/** Checks a hostPath volume against its type, and makes what `…OrCreate` asks for. Rejects with upstream's texts. */
export async function prepareHostPath(path: string, type: string): Promise<void> {
  if (type === '') return
  const fail = (what: string): never => {
    throw new Error(`hostPath type check failed: ${path} is not ${what}`)
  }
  const found = await stat(path).catch(() => undefined)
  switch (type) {
    case 'DirectoryOrCreate':
      if (found === undefined) {
        await mkdir(path, { recursive: true })
        await chmod(path, 0o755)
      } else if (!found.isDirectory()) fail('a directory')
      return
    case 'FileOrCreate':
      if (found === undefined) {
        await mkdir(dirname(path), { recursive: true })
        await (await open(path, 'a', 0o644)).close()
      } else if (!found.isFile()) fail('a file')
      return
    case 'Directory':
      if (found?.isDirectory() !== true) fail('a directory')
      return
    case 'File':
      if (found?.isFile() !== true) fail('a file')
      return
    case 'Socket':
      if (found?.isSocket() !== true) fail('a socket file')
      return
    case 'CharDevice':
      if (found?.isCharacterDevice() !== true) fail('a character device')
      return
    case 'BlockDevice':
      if (found?.isBlockDevice() !== true) fail('a block device')
      return
    default:
      throw new Error(`${type} is an invalid volume type`)
  }
}
