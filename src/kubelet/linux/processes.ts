import { readdir, readFile } from 'node:fs/promises'
import { setTimeout as delay } from 'node:timers/promises'

/** The words of a process's command line; undefined when there is none (any more). */
export async function commandLine(pid: number): Promise<readonly string[] | undefined> {
  try {
    const text = await readFile(`/proc/${pid}/cmdline`, 'utf8')
    return text === '' ? undefined : text.split('\0').slice(0, -1)
  } catch {
    return undefined
  }
}

/** Processes of this PID namespace whose command line fits. */
export async function findProcesses(fits: (words: readonly string[]) => boolean): Promise<readonly number[]> {
  const found: number[] = []
  for (const name of await readdir('/proc')) {
    if (!/^\d+$/.test(name)) continue
    const words = await commandLine(Number(name))
    if (words !== undefined && fits(words)) found.push(Number(name))
  }
  return found
}

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

/** SIGTERM, then SIGKILL after `graceMs`; resolves when the process is gone. */
export async function endProcess(pid: number, graceMs: number): Promise<void> {
  const signal = (name: 'SIGTERM' | 'SIGKILL'): void => {
    try {
      process.kill(pid, name)
    } catch {
      // It is gone already.
    }
  }
  signal('SIGTERM')
  const untilMs = Date.now() + graceMs
  while (isAlive(pid) && (await commandLine(pid)) !== undefined) {
    if (Date.now() > untilMs) signal('SIGKILL')
    await delay(20)
  }
}
