import { readFile } from 'node:fs/promises'

const readNumber = (name: string): Promise<number> =>
  readFile(`/proc/sys/kernel/${name}`, 'utf8').then(
    (text) => Number(text),
    () => 0,
  )

/** What processes the machine may have: the least of what the kernel says; 0 where it says nothing. */
export async function maxPids(): Promise<number> {
  const limits = (await Promise.all(['pid_max', 'threads-max'].map(readNumber))).filter((limit) => limit > 0)
  return limits.length === 0 ? 0 : Math.min(...limits)
}
