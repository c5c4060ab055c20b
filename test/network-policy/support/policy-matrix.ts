import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { expect } from 'vitest'
import { Namespace } from '../../../src/api/core/namespace/kind.ts'
import { Pod } from '../../../src/api/core/pod/kind.ts'
import type { core } from '../../../src/api/generated/types/index.ts'
import { NetworkPolicy } from '../../../src/api/networking/network-policy/kind.ts'
import { parseIp } from '../../../src/apimachinery/ip-address.ts'
import type { StringMap } from '../../../src/apimachinery/meta.ts'
import { assert } from '../../../src/base/assert.ts'
import type { Client } from '../../../src/client/client.ts'
import { mayPass, type PlainWorld } from '../../../src/network/policy/testing/may-pass.ts'
import { type Machine, root } from '../../e2e/support/machine.ts'
import { processOf } from '../../e2e/support/process-of.ts'
import { until } from '../../e2e/support/until.ts'
import type { Scenario } from './scenarios.ts'

export interface MatrixOptions {
  /** Of busybox, on all nodes. */
  readonly image: string
  readonly nodes: readonly string[]
}

interface Target {
  readonly address: string
  readonly protocol: 'tcp' | 'udp'
  readonly port: number
}

const namespaces = ['x', 'y', 'z']
const names = ['a', 'b', 'c']
const ports = [80, 81]
/** A busy machine takes its time: answers count when they are what they should be. */
const patienceMs = 60_000

/** A pod's own answers and questions, from inside its network. */
class PodAgent {
  readonly #process: ChildProcess
  readonly #lines: AsyncIterator<string>

  private constructor(process: ChildProcess) {
    this.#process = process
    this.#lines = createInterface({ input: present(process.stdout, 'output') })[Symbol.asyncIterator]()
  }

  static async start(pid: string): Promise<PodAgent> {
    const script = join(import.meta.dirname, 'agent.mjs')
    const node = join(root, 'node_modules/.bin/node')
    const args = [`--net=/proc/${pid}/ns/net`, node, script, ...ports.map(String)]
    const agent = new PodAgent(spawn('nsenter', args, { stdio: ['pipe', 'pipe', 'inherit'] }))
    await agent.#lines.next()
    return agent
  }

  async reaches(targets: readonly Target[]): Promise<readonly boolean[]> {
    this.#process.stdin?.write(`${JSON.stringify(targets)}\n`)
    return JSON.parse((await this.#lines.next()).value)
  }

  async stop(): Promise<void> {
    const gone = this.#process.exitCode === null ? once(this.#process, 'exit') : undefined
    this.#process.stdin?.end()
    await gone
  }
}

/** Nine pods in three namespaces, on several nodes, each of which tries all others over two ports and two protocols. */
export class PolicyMatrix {
  readonly #client: Client
  readonly #pods: readonly core.v1.Pod[]
  readonly #agents: readonly PodAgent[]

  private constructor(client: Client, pods: readonly core.v1.Pod[], agents: readonly PodAgent[]) {
    this.#client = client
    this.#pods = pods
    this.#agents = agents
  }

  static async create(
    machine: Machine,
    client: Client,
    { image, nodes }: MatrixOptions,
  ): Promise<PolicyMatrix> {
    const command = ['/bin/sh', '-c', 'trap "exit 0" TERM; sleep 3600 & wait']
    for (const [row, namespace] of namespaces.entries()) {
      await client.resource(Namespace).create({ metadata: { name: namespace, labels: { ns: namespace } } })
      for (const [column, name] of names.entries()) {
        const nodeName = nodes[(row + column) % nodes.length] ?? ''
        const named = ports.flatMap((port) =>
          ['TCP', 'UDP'].map((protocol) => ({
            ...{ protocol, containerPort: port, name: `serve-${port}-${protocol.toLowerCase()}` },
          })),
        )
        await client.resource(Pod).create({
          metadata: { namespace, name, labels: { pod: name } },
          spec: {
            nodeName,
            terminationGracePeriodSeconds: 0,
            containers: [{ name: 'main', image, command, ports: named }],
          },
        })
      }
    }
    const pods = await until(
      'nine pods run',
      async () => {
        const lists = await Promise.all(
          namespaces.map((namespace) => client.resource(Pod).list({ namespace })),
        )
        const all = lists.flatMap(({ items }) => items)
        return all.length === 9 && all.every(({ status }) => status?.containerStatuses?.[0]?.ready) && all
      },
      patienceMs,
    )
    const agents = await Promise.all(pods.map(async (pod) => PodAgent.start(await processOf(machine, pod))))
    return new PolicyMatrix(client, pods, agents)
  }

  /** The scenario's policies are enforced between every two pods as the documents say; they are gone afterwards. */
  async hold({ name: scenario, policies, labels = {} }: Scenario): Promise<void> {
    const resource = this.#client.resource(NetworkPolicy)
    const made = await Promise.all(policies.map((policy) => resource.create(policy)))
    const world: PlainWorld = {
      policies: made,
      namespaces: new Map(namespaces.map((name) => [name, labelsOf(name, labels[name])])),
      pods: this.#pods,
      nodes: [],
      adminPolicies: [],
      baseline: [],
    }
    await this.#label(labels)
    const expected = this.#pods.map((from) => this.#expected(world, from))
    try {
      await expect
        .poll(() => this.#measured(), { timeout: patienceMs, interval: 50, message: scenario })
        .toEqual(expected)
    } finally {
      await Promise.all(
        made.map(({ metadata }) => resource.delete(metadata?.namespace ?? '', metadata?.name ?? '')),
      )
      await this.#label(Object.fromEntries(Object.keys(labels).map((namespace) => [namespace, null])))
    }
  }

  async dispose(): Promise<void> {
    await Promise.all(this.#agents.map((agent) => agent.stop()))
    for (const name of namespaces) await this.#client.resource(Namespace).delete('', name)
    await until(
      'its namespaces are gone',
      async () => {
        const { items } = await this.#client.resource(Namespace).list()
        return items.every(({ metadata }) => !namespaces.includes(metadata?.name ?? ''))
      },
      patienceMs,
    )
  }

  async #label(labels: Readonly<Record<string, StringMap | null>>): Promise<void> {
    for (const [name, more] of Object.entries(labels)) {
      const namespace = await this.#client.resource<core.v1.Namespace>(Namespace).get('', name)
      const metadata = { ...namespace.metadata, labels: labelsOf(name, more) }
      await this.#client.resource<core.v1.Namespace>(Namespace).update({ ...namespace, metadata })
    }
  }

  get #targets(): readonly Target[] {
    return this.#pods.flatMap(({ status }) =>
      ports.flatMap((port) =>
        (['tcp', 'udp'] as const).map((protocol) => ({ address: status?.podIP ?? '', protocol, port })),
      ),
    )
  }

  /** A line for each way that should be open: `x/a → y/b tcp 80`. */
  #expected(world: PlainWorld, from: core.v1.Pod): readonly string[] {
    const nodes = new Set(this.#pods.map(({ spec }) => spec?.nodeName ?? ''))
    return this.#open(
      from,
      this.#targets.map(({ address, protocol, port }) => {
        const packet = { from: ipOf(from.status?.podIP), to: ipOf(address), protocol, port }
        return [...nodes].every((node) => mayPass(world, packet, node))
      }),
    )
  }

  async #measured(): Promise<readonly (readonly string[])[]> {
    return Promise.all(
      this.#agents.map(async (agent, index) => {
        const from = present(this.#pods[index], 'pod')
        return this.#open(from, await agent.reaches(this.#targets))
      }),
    )
  }

  #open(from: core.v1.Pod, reached: readonly boolean[]): readonly string[] {
    const nameOf = (address: string): string => {
      const pod = this.#pods.find(({ status }) => status?.podIP === address)
      return `${pod?.metadata?.namespace}/${pod?.metadata?.name}`
    }
    return this.#targets.flatMap(({ address, protocol, port }, index) =>
      reached[index] === true
        ? [`${from.metadata?.namespace}/${from.metadata?.name} → ${nameOf(address)} ${protocol} ${port}`]
        : [],
    )
  }
}

const labelsOf = (namespace: string, more: StringMap | null | undefined): Record<string, string> => ({
  ns: namespace,
  'kubernetes.io/metadata.name': namespace,
  ...more,
})

function present<T>(value: T | null | undefined, what: string): T {
  assert(value !== undefined && value !== null, `there is no ${what}`)
  return value
}

const ipOf = (text = '') => present(parseIp(text), `address in '${text}'`)
