import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { bridgeName } from '../../../src/cluster/nodes/node-networks.ts'
import { clusterId } from '../../../src/cluster/real-nodes/cluster-id.ts'
import type { Machine } from './machine.ts'
import { type RunResult, run, succeed } from './run.ts'

/** Another machine on the wire of a cluster's nodes, without the cluster's data directory. */
export class JoinedMachine {
  readonly dataDirectory: string
  readonly #namespace: string
  readonly #machine: Machine

  private constructor(machine: Machine, namespace: string) {
    this.#machine = machine
    this.#namespace = namespace
    this.dataDirectory = join(machine.folder, 'joined')
  }

  static async create(machine: Machine): Promise<JoinedMachine> {
    const id = clusterId(machine.dataDirectory)
    const namespace = `e2e-join-${id}`
    const subnet = readFileSync(join(machine.dataDirectory, 'subnet'), 'utf8').trim().replace('.0/24', '')
    await succeed(['ip', 'netns', 'add', namespace])
    const joined = new JoinedMachine(machine, namespace)
    const peer = ['peer', 'name', 'eth0', 'netns', namespace]
    await machine.succeed(['ip', 'link', 'add', `e2j${id}`, 'type', 'veth', ...peer])
    await machine.succeed(['ip', 'link', 'set', `e2j${id}`, 'master', bridgeName(id), 'up'])
    for (const words of [
      ['link', 'set', 'lo', 'up'],
      ['address', 'add', `${subnet}.200/24`, 'dev', 'eth0'],
      ['link', 'set', 'eth0', 'up'],
      ['route', 'add', 'default', 'via', `${subnet}.1`],
    ])
      await succeed([...joined.#inside, 'ip', ...words])
    return joined
  }

  get #inside(): readonly string[] {
    return ['nsenter', `--net=/run/netns/${this.#namespace}`]
  }

  /** The address at which this machine reaches the cluster's. */
  get gateway(): string {
    return readFileSync(join(this.#machine.dataDirectory, 'subnet'), 'utf8').trim().replace('.0/24', '.1')
  }

  /** A command of ours on this machine; `words` as they would be typed, without the program. */
  timonel(words: readonly string[]): Promise<RunResult> {
    const command = [...this.#inside, ...this.#machine.program, ...words]
    return run([...command, '--data-dir', this.dataDirectory], {
      cwd: this.#machine.folder,
      timeoutMs: 120_000,
    })
  }

  /** Ends what still runs there, and takes the machine away. */
  async dispose(): Promise<void> {
    await this.timonel(['down'])
    await run(['ip', 'netns', 'del', this.#namespace])
  }
}
