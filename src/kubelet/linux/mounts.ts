import { readFile } from 'node:fs/promises'
import { ProgramError, runProgram } from '../../base/host/run-program.ts'

/** `\040` and the like, as the kernel writes paths into mountinfo. */
const unescapePath = (path: string): string =>
  path.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)))

/** Mount points at or below a directory, the deepest and newest first. */
export async function mountsBelow(directory: string): Promise<readonly string[]> {
  // Only Linux has the file: elsewhere nothing of ours is mounted.
  const text = process.platform === 'linux' ? await readFile('/proc/self/mountinfo', 'utf8') : ''
  const lines = text.split('\n')
  return lines
    .map((line) => unescapePath(line.split(' ')[4] ?? ''))
    .filter((path) => path === directory || path.startsWith(`${directory}/`))
    .reverse()
}

/** Unmounts everything at or below a directory; what is busy goes as soon as it is not. */
export async function unmountBelow(directory: string): Promise<void> {
  for (const path of await mountsBelow(directory)) {
    try {
      await runProgram('umount', ['--lazy', path])
    } catch (error) {
      const gone = error instanceof ProgramError && /not mounted|no mount point/.test(error.stderr)
      if (!gone) throw error
    }
  }
}

export async function isMountPoint(path: string): Promise<boolean> {
  return (await mountsBelow(path)).includes(path)
}

/** Mounts memory of at most `sizeBytes` (no limit of its own: 0). */
export async function mountTmpfs(path: string, sizeBytes: number): Promise<void> {
  const options = ['noswap', ...(sizeBytes > 0 ? [`size=${sizeBytes}`] : [])]
  try {
    await runProgram('mount', ['-t', 'tmpfs', '-o', options.join(), 'tmpfs', path])
  } catch (error) {
    // Kernels before 6.3 do not know `noswap`.
    if (!(error instanceof ProgramError)) throw error
    const rest = options.slice(1)
    const flags = rest.length > 0 ? ['-o', rest.join()] : []
    await runProgram('mount', ['-t', 'tmpfs', ...flags, 'tmpfs', path])
  }
}
