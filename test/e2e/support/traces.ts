import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { clusterId } from '../../../src/cluster/real-nodes/cluster-id.ts'
import { succeed } from './run.ts'

const cniResults = '/var/lib/cni/results'
const groups = '/sys/fs/cgroup'

const list = (folder: string): readonly string[] => (existsSync(folder) ? readdirSync(folder) : [])

const read = (file: string): string => {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return '' // the process has ended meanwhile
  }
}

/** What a cluster has on the machine beyond its data directory, sorted; compare before and after. */
export class Traces {
  readonly #folder: string
  /** The prefix of the names of all that a cluster makes. */
  readonly #name: string
  readonly #inside: readonly string[]
  readonly #namespaceLink: string
  /** Pods' network namespaces have names that nobody can tell apart later. */
  readonly #podNamespaces = new Set<string>()

  /** `inside`: the words before a program that run it in the cluster's network; `namespacePath` is that network's. */
  constructor(folder: string, inside: readonly string[], namespacePath: string | undefined) {
    this.#folder = folder
    this.#name = `timonel-${clusterId(folder)}`
    this.#inside = inside
    this.#namespaceLink = namespacePath ?? ''
  }

  async read(): Promise<readonly string[]> {
    const all = [
      ...this.#processes().map(({ pid, command }) => `process ${pid}: ${command}`),
      ...this.#mounts(),
      ...this.#namespaces(),
      ...this.#groups(),
      ...(await this.#network()),
    ]
    return all.sort()
  }

  /** Processes of the cluster, also those in containers. */
  #processes(): readonly { readonly pid: number; readonly command: string }[] {
    return (
      list('/proc')
        .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
        .map((name) => ({
          pid: Number(name),
          command: read(`/proc/${name}/cmdline`).replaceAll('\0', ' ').trim(),
          group: read(`/proc/${name}/cgroup`),
          state: /\) (\S)/.exec(read(`/proc/${name}/stat`))?.[1],
        }))
        // A zombie is nothing but an entry that the machine's first process has not removed yet.
        .filter(({ state }) => state !== undefined && state !== 'Z' && state !== 'X')
        .filter(({ command, group }) => command.includes(this.#folder) || group.includes(`/${this.#name}`))
    )
  }

  /** Of the cluster's processes, those whose command line fits. */
  pids(pattern: RegExp): readonly number[] {
    return this.#processes()
      .filter(({ command }) => pattern.test(command))
      .map(({ pid }) => pid)
  }

  #mounts(): readonly string[] {
    return read('/proc/self/mountinfo')
      .split('\n')
      .map((line) => line.split(' ')[4] ?? '')
      .filter((path) => path.startsWith(this.#folder) || path.includes(this.#name))
      .map((path) => `mount ${path}`)
  }

  #namespaces(): readonly string[] {
    const notes = list(cniResults).filter((name) => name.startsWith(`${this.#name}-`))
    for (const note of notes) {
      const path = /"netns":"([^"]+)"/.exec(read(join(cniResults, note)))?.[1]
      if (path !== undefined) this.#podNamespaces.add(path)
    }
    return [
      ...notes.map((name) => `note of CNI ${name}`),
      ...[...this.#podNamespaces].filter((path) => existsSync(path)).map((path) => `namespace ${path}`),
      ...list('/run/netns')
        .filter((name) => name.startsWith(this.#name))
        .map((name) => `namespace ${name}`),
    ]
  }

  #groups(): readonly string[] {
    return [groups, ...list(groups).map((name) => join(groups, name))]
      .flatMap((folder) =>
        list(folder)
          .filter((name) => name.startsWith(this.#name))
          .map((name) => join(folder, name)),
      )
      .map((path) => `group ${path}`)
  }

  async #network(): Promise<readonly string[]> {
    const lines = async (what: string, command: readonly string[]): Promise<readonly string[]> =>
      (await succeed([...this.#inside, ...command]))
        .split('\n')
        .map((line) => line.trim())
        .filter((line) => line !== '')
        .map((line) => `${what} ${line.replace(/\s+/g, ' ')}`)
    if (this.#namespaceLink === '') return []
    return [
      ...(await lines('table', ['nft', 'list', 'tables'])),
      ...(await lines('link', ['ip', '-o', '-br', 'link'])).map((line) => line.replace(/ \S+ <.*$/, '')),
      ...(await lines('address', ['ip', '-4', '-br', 'address'])).map((line) =>
        line.replace(/ (UP|UNKNOWN|DOWN) /, ' '),
      ),
      ...(await lines('route', ['ip', '-4', 'route'])),
      ...(await lines('rule', ['ip', '-4', 'rule'])),
    ]
  }
}
