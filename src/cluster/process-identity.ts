import { readFileSync } from 'node:fs'

/**
 * When a process started, in kernel ticks since boot; undefined when there is no such process (or it is a
 * zombie). On systems without /proc: 0 for a process that exists. Source: proc(5), field 22 of /proc/PID/stat.
 */
export function processStartTicks(pid: number): number | undefined {
  if (process.platform !== 'linux') return exists(pid) ? 0 : undefined
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return fields[0] === 'Z' ? undefined : Number(fields[19])
  } catch {
    return undefined
  }
}

function exists(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}
