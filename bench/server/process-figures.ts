import { readdirSync, readFileSync } from 'node:fs'

/** Of Linux on every architecture that Node runs on: sysconf(_SC_CLK_TCK). */
const ticksPerSecond = 100

/** Processor time of a process so far, user and system. Source: proc(5), fields 14 and 15 of /proc/PID/stat. */
export function processorSeconds(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond
}

export interface ResidentMemory {
  readonly residentMiB: number
  /** Without the pages of the store's mapped file, which the kernel takes back when it needs them. */
  readonly withoutStoreMiB: number
}

/** Source: proc(5), /proc/PID/smaps. */
export function residentMemory(pid: number): ResidentMemory {
  let isStore = false
  let all = 0
  let store = 0
  for (const line of readFileSync(`/proc/${pid}/smaps`, 'utf8').split('\n')) {
    if (/^[0-9a-f]+-[0-9a-f]+ /.test(line)) isStore = line.endsWith('.lmdb')
    else if (line.startsWith('Rss:')) {
      const kib = Number(/\d+/.exec(line)?.[0] ?? 0)
      all += kib
      if (isStore) store += kib
    }
  }
  return { residentMiB: all / 1024, withoutStoreMiB: (all - store) / 1024 }
}

export interface Process {
  readonly pid: number
  /** With its arguments. */
  readonly command: string
}

/** The children of a process, with theirs. Source: proc(5), /proc/PID/stat and /proc/PID/cmdline. */
export function processesBelow(pid: number): readonly Process[] {
  const parents = new Map<number, number>()
  for (const name of readdirSync('/proc').filter((each) => /^\d+$/.test(each))) {
    try {
      const stat = readFileSync(`/proc/${name}/stat`, 'utf8')
      parents.set(Number(name), Number(stat.slice(stat.lastIndexOf(')') + 4).split(' ')[0]))
    } catch {
      // It has ended meanwhile.
    }
  }
  const below = (of: number): readonly number[] =>
    [...parents].filter(([, parent]) => parent === of).flatMap(([child]) => [child, ...below(child)])
  return below(pid).map((child) => ({
    pid: child,
    command: readFileSync(`/proc/${child}/cmdline`, 'utf8').replaceAll('\0', ' '),
  }))
}
