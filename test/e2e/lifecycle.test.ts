import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ConfigMap } from '../../src/api/core/config-map/kind.ts'
import { Node } from '../../src/api/core/node/kind.ts'
import { Pod } from '../../src/api/core/pod/kind.ts'
import type { core } from '../../src/api/generated/types/index.ts'
import type { Client } from '../../src/client/client.ts'
import { Machine } from './support/machine.ts'
import { lacksContainers, suiteName } from './support/requirements.ts'
import { listen as listenTo } from './support/run.ts'
import { until } from './support/until.ts'

const image = 'timonel.local/busybox:1'
const namespace = 'default'

const sleeper = (name: string): core.v1.Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace },
  spec: {
    terminationGracePeriodSeconds: 1,
    containers: [
      { name: 'main', image, command: ['/bin/sh', '-c', 'trap "exit 0" TERM; sleep 1000000 & wait'] },
    ],
  },
})

const running = (client: Client, name: string): Promise<core.v1.ContainerStatus> =>
  until(`${name} runs`, async () => {
    const { status } = await client.resource(Pod).get(namespace, name)
    const [container] = status?.containerStatuses ?? []
    return container?.ready ? container : undefined
  })

async function remove(client: Client, name: string): Promise<void> {
  await client.resource(Pod).delete(namespace, name)
  await until(`${name} is gone`, async () => {
    const { items } = await client.resource(Pod).list({ namespace })
    return items.every(({ metadata }) => metadata?.name !== name)
  })
}

/** What tells a container that was left alone from one that was made anew. */
const identity = ({ containerID, restartCount }: core.v1.ContainerStatus) => ({ containerID, restartCount })

const isAlive = (pid: number): boolean => existsSync(`/proc/${pid}`)

/** Kills all of them before any can react. */
async function killNow(...pids: readonly number[]): Promise<void> {
  expect(pids).not.toContain(undefined)
  for (const pid of pids) process.kill(pid, 'SIGKILL')
  await until('the killed are gone', async () => pids.every((pid) => !isAlive(pid)))
}

const nodeProcess = / run-node --config /
const containerd = /^containerd --config /

describe.skipIf(lacksContainers.length > 0)(
  suiteName('a cluster with real containers', lacksContainers),
  () => {
    let machine: Machine
    let before: readonly string[]
    const up = () => machine.mustTimonel('up', '--detach')

    beforeAll(async () => {
      machine = await Machine.create({ network: true })
      before = await machine.traces()
    })
    afterAll(() => machine?.dispose())

    test('up --detach returns when the node is registered, status and kubeconfig tell of it', async () => {
      const said = await up()
      expect(said).toContain('The cluster is ready')
      const status = JSON.parse(await machine.mustTimonel('status', '-o', 'json'))
      expect(status).toMatchObject({
        running: true,
        server: 'https://127.0.0.1:6443',
        pid: machine.state.pid,
      })
      expect(status.nodes).toMatchObject([{ name: 'node-1', runtime: expect.stringMatching(/^containerd:/) }])
      expect(await machine.mustTimonel('kubeconfig')).toBe(readFileSync(machine.kubeconfig, 'utf8'))
      await until('the node is Ready', async () => {
        const { conditions } = (await machine.client().resource(Node).get('', 'node-1')).status ?? {}
        return conditions?.some(({ type, status: value }) => type === 'Ready' && value === 'True')
      })
    })

    test('a second up says that it runs', async () => {
      expect(await up()).toContain('is running already, at https://127.0.0.1:6443')
      const { code, stderr } = await machine.timonel('up')
      expect({ code, stderr }).toMatchObject({
        code: 1,
        stderr: expect.stringContaining('is running already'),
      })
    })

    test('image load brings an image from which a pod runs', async () => {
      expect(await machine.mustTimonel('image load', await machine.packBusybox(image))).toContain('node-1')
      const { code, stderr } = await machine.timonel('image load', join(machine.folder, 'none.tar'))
      expect({ code, stderr }).toMatchObject({ code: 1, stderr: expect.stringContaining('there is no file') })
      const client = machine.client()
      await client.resource(Pod).create(sleeper('steady'))
      expect(identity(await running(client, 'steady'))).toMatchObject({ restartCount: 0 })
    })

    test('a node process that is killed is started again and leaves containers alone', async () => {
      const client = machine.client()
      const container = await running(client, 'steady')
      await killNow(...machine.pids(nodeProcess))
      await client.resource(Pod).create(sleeper('later'))
      await running(client, 'later')
      expect(identity(await running(client, 'steady'))).toEqual(identity(container))
      await remove(client, 'later')
    })

    test('containerd that is killed is started again and leaves containers alone', async () => {
      const client = machine.client()
      const container = await running(client, 'steady')
      await killNow(...machine.pids(containerd))
      await until('it runs again', async () => machine.pids(containerd).length === 1)
      await client.resource(Pod).create(sleeper('again'))
      await running(client, 'again')
      expect(identity(await running(client, 'steady'))).toEqual(identity(container))
      await remove(client, 'again')
    })

    test('a second cluster in the same network is refused, and taking it down leaves the first alone', async () => {
      const other = ['--data-dir', join(machine.folder, 'other')]
      const { code, stderr } = await machine.run([...machine.program, 'up', '--api-port', '6444', ...other])
      expect({ code, stderr }).toMatchObject({
        code: 1,
        stderr: expect.stringContaining(machine.dataDirectory),
      })
      const traces = await machine.traces()
      await machine.succeed([...machine.program, 'down', ...other])
      expect(await machine.traces()).toEqual(traces)
    })

    test('the next up adopts the containers of a killed cluster', async () => {
      const container = await running(machine.client(), 'steady')
      await killNow(machine.state.pid, ...machine.pids(nodeProcess))
      expect(JSON.parse((await machine.timonel('status', '-o', 'json')).stdout)).toMatchObject({
        running: false,
      })
      await up()
      const client = machine.client()
      await client.resource(Pod).create(sleeper('after'))
      await running(client, 'after')
      expect(identity(await running(client, 'steady'))).toEqual(identity(container))
    })

    test('down leaves nothing behind, and the next up resumes the cluster', async () => {
      await machine
        .client()
        .resource(ConfigMap)
        .create({
          apiVersion: 'v1',
          kind: 'ConfigMap',
          metadata: { name: 'kept', namespace },
          data: { is: 'here' },
        })
      expect(await machine.mustTimonel('down')).toContain('The cluster is stopped')
      expect(await machine.traces()).toEqual(before)
      expect((await machine.timonel('status')).code).toBe(1)
      await up()
      const client = machine.client()
      expect((await client.resource(ConfigMap).get(namespace, 'kept')).data).toEqual({ is: 'here' })
      await until('the pods run again', async () => {
        const pods = (await client.resource(Pod).list({ namespace })).items
        return pods.length === 2 && pods.every(({ status }) => status?.containerStatuses?.[0]?.ready)
      })
    })

    test('down cleans up after a crash of everything, and the cluster starts again', async () => {
      await running(machine.client(), 'steady')
      await killNow(machine.state.pid, ...machine.pids(nodeProcess), ...machine.pids(containerd))
      await machine.mustTimonel('down')
      expect(await machine.traces()).toEqual(before)
      await up()
      await running(machine.client(), 'steady')
    })

    test('delete removes the cluster, data and all', async () => {
      await machine.mustTimonel('delete')
      expect(existsSync(machine.dataDirectory)).toBe(false)
      expect(await machine.traces()).toEqual(before)
    })

    test('of two starts at the same moment one goes on', async () => {
      const starting = [machine.timonel('up', '--detach'), machine.timonel('up', '--detach')]
      const said = (await Promise.all(starting)).map(({ stdout, stderr }) => stdout + stderr)
      const both = ['The cluster is ready', 'is running already'].map((text) => expect.stringContaining(text))
      expect(said).toEqual(expect.arrayContaining(both))
      await machine.mustTimonel('delete')
    })

    test('delete ends a cluster that starts', async () => {
      const starting = machine.timonel('up', '--detach')
      const claimed = join(machine.dataDirectory, 'run/cluster.json')
      await until('it has begun', async () => existsSync(claimed))
      expect(await machine.mustTimonel('delete')).toContain('stop pods, nodes and control plane')
      await starting
      expect(existsSync(machine.dataDirectory)).toBe(false)
      expect(await machine.traces()).toEqual(before)
    })

    test('a port that is taken is named, and nothing is left behind', async () => {
      for (const port of ['6443', '10250']) {
        const listen = `require('node:net').createServer().listen(${port}, '0.0.0.0', () => console.log('ready'))`
        const child = machine.start([process.execPath, '-e', listen])
        const said = listenTo(child)
        await until('it listens', async () => said().stdout.includes('ready'))
        const { code, stderr } = await machine.timonel('up', '--detach')
        expect({ code, stderr }).toMatchObject({ code: 1, stderr: expect.stringContaining(port) })
        child.kill('SIGKILL')
        expect(await machine.traces()).toEqual(before)
      }
    })

    test('delete refuses a directory that is none of a cluster', async () => {
      const { code, stderr } = await machine.run([...machine.program, 'delete', '--data-dir', machine.folder])
      expect({ code, stderr }).toMatchObject({ code: 1, stderr: expect.stringContaining('left alone') })
      expect(existsSync(machine.folder)).toBe(true)
    })

    test('Ctrl-C stops a cluster in the foreground', async () => {
      const child = machine.start(machine.command('up'))
      const said = listenTo(child)
      await until('it is ready', async () => said().stdout.includes('Ctrl-C stops it'))
      const exit = new Promise((resolve) => child.on('exit', resolve))
      child.kill('SIGINT')
      expect(await exit).toBe(0)
      expect(await machine.traces()).toEqual(before)
    })
  },
)
