import { readFileSync } from 'node:fs'
import { StorageError } from '../storage.ts'
import type { Environment } from './environment.ts'

/** Another process works on the same files. */
export class StorageInUseError extends StorageError {
  override readonly name = 'StorageInUseError'
  readonly pid: number
  constructor(path: string, pid: number) {
    super(`${path} is in use by process ${pid}`)
    this.pid = pid
  }
}

/** A process that is told apart from a later one with the same number. */
interface Process {
  readonly pid: number
  /** When it started, in clock ticks since the machine did; empty where /proc does not tell. */
  readonly started: string
  /** Of the machine's current run. */
  readonly boot: string
}

const record = 'owner'

function readOr(path: string, otherwise: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return otherwise
  }
}

/** Field 22 of /proc/<pid>/stat (proc_pid_stat(5)); the name before it may hold blanks and brackets. */
function startOf(pid: number): string {
  const stat = readOr(`/proc/${pid}/stat`, '')
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? ''
}

const thisProcess = (): Process => ({
  pid: process.pid,
  started: startOf(process.pid),
  boot: readOr('/proc/sys/kernel/random/boot_id', '').trim(),
})

function exists(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}

const isAlive = (owner: Process, boot: string): boolean =>
  owner.boot === boot && exists(owner.pid) && startOf(owner.pid) === owner.started

function parse(text: string): Process | undefined {
  const [pid, started, boot] = text.split(' ')
  if (pid === undefined || started === undefined || boot === undefined) return undefined
  return { pid: Number(pid), started, boot }
}

/**
 * Enters this process as the only one that works on the files. The entry is made in a transaction of the store
 * itself, whose lock the kernel takes from the dead, so there is no moment in which two could succeed; an entry
 * whose process is gone, killed or not, counts for nothing. Throws StorageInUseError.
 */
export function claim(path: string, { meta, root }: Environment): void {
  const self = thisProcess()
  root.transactionSync(() => {
    const owner = parse(meta.get(record)?.toString() ?? '')
    if (owner !== undefined && isAlive(owner, self.boot)) throw new StorageInUseError(path, owner.pid)
    meta.putSync(record, Buffer.from(`${self.pid} ${self.started} ${self.boot}`))
  })
}

export function release({ meta, root }: Environment): void {
  root.transactionSync(() => meta.removeSync(record))
}
