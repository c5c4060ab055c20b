/** A process that the kernel killed for want of memory. */
export interface OomKill {
  /** The group whose limit was met; `/`: the machine itself had none left. */
  readonly group: string
  readonly processName: string
  readonly pid: number
}

/** In whose words kernels since 5.0 tell it, and the line that older ones, and those without a group, end with. */
const detail = /oom-kill:.*,oom_memcg=(.*),task_memcg=.*,task=(.*),pid=(\d+),uid=/
const lastLine = /Killed process (\d+) \((.+)\)/
const ofOldGroup = /Task in .* killed as a result of limit of (.*)/

/** Finds in the kernel's log, line by line, who was killed for want of memory. */
export class OomParser {
  /** Undefined between two kills. */
  #group: string | undefined

  /** Takes one message; what it completes. */
  take(message: string): OomKill | undefined {
    if (message.includes('invoked oom-killer:')) {
      this.#group = '/'
      return undefined
    }
    if (this.#group === undefined) return undefined
    const [, group, task, pid] = detail.exec(message) ?? []
    if (group !== undefined) return this.#found(group, task, pid)
    this.#group = ofOldGroup.exec(message)?.[1] ?? this.#group
    const [, lastPid, lastName] = lastLine.exec(message) ?? []
    return lastPid === undefined ? undefined : this.#found(this.#group, lastName, lastPid)
  }

  #found(group: string, processName = '', pid = '0'): OomKill {
    this.#group = undefined
    return { group, processName, pid: Number(pid) }
  }
}

/** What the node's event says where the machine itself had no memory left; undefined for a group's own limit. */
export function systemOomMessage({ group, processName, pid }: OomKill): string | undefined {
  if (group !== '/') return undefined
  const victim = processName === '' || pid === 0 ? '' : `, victim process: ${processName}, pid: ${pid}`
  return `System OOM encountered${victim}`
}
