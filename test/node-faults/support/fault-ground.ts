import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { Event } from '../../../src/api/core/event/kind.ts'
import { Pod as podKind } from '../../../src/api/core/pod/kind.ts'
import type { core } from '../../../src/api/generated/types/index.ts'
import { isStatus } from '../../../src/apimachinery/status-error.ts'
import type { Client } from '../../../src/client/client.ts'
import { dataDirectory } from '../../../src/cluster/data-directory.ts'
import { nodePaths } from '../../../src/cluster/real-nodes/node-paths.ts'
import { Machine } from '../../e2e/support/machine.ts'
import { until } from '../../e2e/support/until.ts'

type Pod = core.v1.Pod

export const image = 'timonel.local/busybox:1'
export const namespace = 'default'
export const nodeName = 'node-1'
const patienceMs = 90_000

/** Runs until it is asked to end. */
export const forever = 'trap "exit 0" TERM; sleep 10000 & wait'

/** Of the cluster's processes: node agents, containerds, and what holds containers. */
export const agents = /run-node/
export const containerds = /containerd --config/
export const shims = /containerd-shim/

/** The directories below one. */
const below = (folder: string): readonly string[] =>
  readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .flatMap(({ name }) => [join(folder, name), ...below(join(folder, name))])

/** A cluster with one node of real containers, to which things happen. */
export class FaultGround {
  readonly machine: Machine
  readonly #environment: NodeJS.ProcessEnv
  #client: Client | undefined

  private constructor(machine: Machine, environment: NodeJS.ProcessEnv) {
    this.machine = machine
    this.#environment = environment
  }

  /** `environment` goes over the cluster's. */
  static async create(environment: NodeJS.ProcessEnv = {}): Promise<FaultGround> {
    const ground = new FaultGround(await Machine.create({ network: true }), environment)
    const { machine } = ground
    await ground.up('--nodes', '1')
    await machine.mustTimonel('image load', await machine.packBusybox(image))
    return ground
  }

  dispose(): Promise<void> {
    return this.machine.dispose()
  }

  /** Starts the cluster, with `inside` in front of the command. */
  async up(...args: readonly string[]): Promise<void> {
    await this.upInside([], ...args)
  }

  async upInside(inside: readonly string[], ...args: readonly string[]): Promise<void> {
    const env = { ...process.env, ...this.#environment }
    const command = [...inside, ...this.machine.command('up', '--detach', ...args)]
    await this.machine.succeed(command, { env, timeoutMs: 120_000 })
  }

  get paths() {
    return nodePaths(dataDirectory(this.machine.dataDirectory).node(nodeName))
  }

  get client(): Client {
    this.#client ??= this.machine.client()
    return this.#client
  }

  /** Kills processes of the cluster; an error where there are none. */
  kill(...patterns: readonly RegExp[]): void {
    const pids = patterns.flatMap((pattern) => this.machine.pids(pattern))
    if (pids.length === 0) throw new Error(`no process fits ${patterns.join(', ')}`)
    for (const pid of pids) process.kill(pid, 'SIGKILL')
  }

  /** Kills what serves the API, and waits until it is gone. */
  async killServer(): Promise<void> {
    const { pid } = this.machine.state
    process.kill(pid, 'SIGKILL')
    await until('its process is gone', async () => !existsSync(`/proc/${pid}`))
  }

  create(name: string, script: string, spec: Partial<core.v1.PodSpec> = {}): Promise<Pod> {
    return this.client.resource(podKind).create({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name, namespace },
      spec: {
        nodeName,
        terminationGracePeriodSeconds: 3,
        containers: [{ name: 'main', image, command: ['/bin/sh', '-c', script] }],
        ...spec,
      },
    })
  }

  get(name: string): Promise<Pod> {
    return this.client.resource(podKind).get(namespace, name)
  }

  async delete(...names: readonly string[]): Promise<void> {
    for (const name of names) await this.client.resource(podKind).delete(namespace, name)
  }

  /** The pod, once `holds` says so. */
  podWhen(name: string, what: string, holds: (pod: Pod) => boolean): Promise<Pod> {
    let last = ''
    return until(
      `${name} ${what}`,
      async () => {
        const pod = await this.get(name)
        last = JSON.stringify(pod.status)
        return holds(pod) && pod
      },
      patienceMs,
    ).catch((error: unknown) => {
      throw new Error(`${String(error)}\n${last}\n${this.machine.logs()}`)
    })
  }

  phase(name: string, ...wanted: readonly string[]): Promise<Pod> {
    return this.podWhen(name, `is ${wanted.join(' or ')}`, ({ status }) =>
      wanted.includes(status?.phase ?? ''),
    )
  }

  /** Its container's status once it runs and is ready. */
  async running(
    name: string,
    holds = (_: core.v1.ContainerStatus) => true,
  ): Promise<core.v1.ContainerStatus> {
    const found: core.v1.ContainerStatus[] = []
    await this.podWhen(name, 'runs as it should', ({ status }) => {
      found.splice(0, found.length, ...(status?.containerStatuses ?? []))
      const [first] = found
      return first?.state?.running !== undefined && first.ready && holds(first)
    })
    const [first] = found
    if (first === undefined) throw new Error(`${name} has no container`)
    return first
  }

  gone(...names: readonly string[]): Promise<unknown> {
    return Promise.all(
      names.map((name) =>
        until(
          `${name} is gone`,
          () =>
            this.get(name).then(
              () => false,
              (error: unknown) => isStatus(error, 'NotFound'),
            ),
          patienceMs,
        ),
      ),
    )
  }

  /** Reasons and messages of the events about something. */
  async events(kind: string, name: string): Promise<readonly string[]> {
    const { items } = await this.client.resource(Event).list({ namespace })
    return items
      .filter(({ involvedObject }) => involvedObject?.kind === kind && involvedObject.name === name)
      .map(({ reason, message }) => `${reason}: ${message}`)
  }

  /** What pods have on the node: containers, sandboxes, files, logs, mounts, groups. */
  async left(): Promise<readonly string[]> {
    const { kubelet, socket } = this.paths
    const list = ['ctr', '--address', socket, '--namespace', 'k8s.io', 'containers', 'ls', '--quiet']
    const containers = (await this.machine.succeed(list)).split('\n').filter((id) => id !== '')
    const traces = await this.machine.traces()
    const groups = traces
      .filter((trace) => trace.startsWith('group '))
      .flatMap((trace) => below(trace.slice('group '.length)))
      .filter((path) => /\/pod[0-9a-f-]+(\/|$)/.test(path))
    const files = [join(kubelet, 'pods'), join(kubelet, 'logs')]
      .filter(existsSync)
      .flatMap((folder) => readdirSync(folder).map((name) => join(folder, name)))
    const mounts = traces.filter((trace) => trace.startsWith(`mount ${join(kubelet, 'pods')}`))
    return [...containers, ...files, ...mounts, ...groups]
  }

  async nothingLeft(): Promise<void> {
    let last: readonly string[] = []
    await until(
      'nothing of them is left',
      async () => {
        last = await this.left()
        return last.length === 0
      },
      patienceMs,
    ).catch((error: unknown) => {
      throw new Error(`${String(error)}\n${last.join('\n')}\n${this.machine.logs()}`)
    })
  }
}
