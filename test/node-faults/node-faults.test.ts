import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Pod } from '../../src/api/core/pod/kind.ts'
import type { core } from '../../src/api/generated/types/index.ts'
import { isStatus } from '../../src/apimachinery/status-error.ts'
import type { Client } from '../../src/client/client.ts'
import { dataDirectory } from '../../src/cluster/data-directory.ts'
import { nodePaths } from '../../src/cluster/real-nodes/node-paths.ts'
import { Machine } from '../e2e/support/machine.ts'
import { lacksContainers, suiteName } from '../e2e/support/requirements.ts'
import { until } from '../e2e/support/until.ts'

const image = 'timonel.local/busybox:1'
const namespace = 'default'
const nodeName = 'node-1'
const patienceMs = 90_000

/** Of the cluster's processes: node agents, containerds, and what holds containers. */
const agent = /run-node/
const containerd = /containerd --config/
const shims = /containerd-shim/

interface Fault {
  readonly what: string
  readonly strike: (machine: Machine) => Promise<void>
  /** Containers that ran do not run on. */
  readonly endsContainers?: boolean
}

function kill(machine: Machine, ...patterns: readonly RegExp[]): void {
  const pids = patterns.flatMap((pattern) => machine.pids(pattern))
  expect(pids.length).toBeGreaterThan(0)
  for (const pid of pids) process.kill(pid, 'SIGKILL')
}

const faults: readonly Fault[] = [
  { what: 'the agent', strike: async (machine) => kill(machine, agent) },
  { what: 'containerd', strike: async (machine) => kill(machine, containerd) },
  { what: 'the agent and containerd', strike: async (machine) => kill(machine, agent, containerd) },
  { what: 'the shims', endsContainers: true, strike: async (machine) => kill(machine, shims) },
  {
    what: 'the API server',
    strike: async (machine) => {
      const { pid } = machine.state
      process.kill(pid, 'SIGKILL')
      await until('its process is gone', async () => !existsSync(`/proc/${pid}`))
      await machine.mustTimonel('up', '--detach')
    },
  },
]

describe.skipIf(lacksContainers.length > 0)(suiteName('faults of a node', lacksContainers), () => {
  let machine: Machine
  let client: Client

  beforeAll(async () => {
    machine = await Machine.create({ network: true })
    await machine.mustTimonel('up', '--detach', '--nodes', '1')
    await machine.mustTimonel('image load', await machine.packBusybox(image))
    client = machine.client()
  })
  afterAll(() => machine?.dispose())

  const create = (name: string, script: string, spec: Partial<core.v1.PodSpec> = {}): Promise<core.v1.Pod> =>
    client.resource(Pod).create({
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
  const phase = (name: string, wanted: string): Promise<core.v1.Pod> =>
    until(
      `${name} is ${wanted}`,
      async () => {
        const pod = await client.resource(Pod).get(namespace, name)
        return pod.status?.phase === wanted && pod
      },
      patienceMs,
    )
  const running = (name: string): Promise<core.v1.ContainerStatus> =>
    until(
      `${name} is ready`,
      async () => {
        const status = (await client.resource(Pod).get(namespace, name)).status?.containerStatuses?.[0]
        return status?.state?.running !== undefined && status.ready && status
      },
      patienceMs,
    )
  const gone = (name: string): Promise<true> =>
    until(
      `${name} is gone`,
      async () => {
        try {
          await client.resource(Pod).get(namespace, name)
          return undefined
        } catch (error) {
          return isStatus(error, 'NotFound') || undefined
        }
      },
      patienceMs,
    )

  /** What pods have on the node. */
  async function left(): Promise<readonly string[]> {
    const { kubelet, socket } = nodePaths(dataDirectory(machine.dataDirectory).node(nodeName))
    const list = ['ctr', '--address', socket, '--namespace', 'k8s.io', 'containers', 'ls', '--quiet']
    const containers = await machine.succeed(list)
    const folders = [join(kubelet, 'pods'), join(kubelet, 'logs')].filter(existsSync)
    const groups = (await machine.traces()).filter((trace) => /kubepods.*pod[0-9a-f]/.test(trace))
    return [
      ...containers.split('\n').filter((id) => id !== ''),
      ...folders.flatMap((each) => readdirSync(each)),
      ...groups,
    ]
  }

  test.each(faults)(
    '$what killed: pods end as their specs say, and leave nothing',
    async ({ strike, endsContainers }) => {
      await create('steady', 'trap "exit 0" TERM; sleep 10000 & wait')
      await create('leaving', 'trap "sleep 1; exit 0" TERM; sleep 10000 & wait')
      await create('working', 'sleep 4; exit 0', { restartPolicy: 'Never' })
      const before = await running('steady')
      await running('leaving')
      await phase('working', 'Running')
      await client.resource(Pod).delete(namespace, 'leaving')
      await create('coming', 'trap "exit 0" TERM; sleep 10000 & wait')
      await strike(machine)
      await gone('leaving')
      await running('coming')
      const working = await until(
        'working has ended',
        async () => {
          const pod = await client.resource(Pod).get(namespace, 'working')
          return ['Succeeded', 'Failed'].includes(pod.status?.phase ?? '') && pod
        },
        patienceMs,
      )
      const after = await until(
        'steady runs as it should',
        async () => {
          const status = await running('steady')
          return (status.restartCount === 0) !== (endsContainers === true) && status
        },
        patienceMs,
      )
      if (endsContainers === true) expect(after.containerID).not.toBe(before.containerID)
      else {
        expect(working.status?.phase).toBe('Succeeded')
        expect(after.containerID).toBe(before.containerID)
      }
      for (const name of ['steady', 'coming', 'working']) await client.resource(Pod).delete(namespace, name)
      for (const name of ['steady', 'coming', 'working']) await gone(name)
      await until('nothing of them is left', async () => (await left()).length === 0, patienceMs)
    },
  )
})
