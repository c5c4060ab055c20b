import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { Pod } from '../../../api/core/pod/kind.ts'
import type { core } from '../../../api/generated/types/index.ts'
import { defined } from '../../../base/defined.ts'
import { realHost } from '../../../base/host/real-host.ts'
import { silentLogger } from '../../../base/logger.ts'
import type { Client } from '../../../client/client.ts'
import { createClient } from '../../../client/create-client.ts'
import { createInformerFactory } from '../../../client/informer-factory.ts'
import { FakeApi } from '../../../client/testing/fake-api.ts'
import { containerdBench, shellImage } from '../../containerd/testing/containerd-bench.ts'
import type { Runtime } from '../../runtime/runtime.ts'
import { type LinuxNode, startLinuxNode } from '../linux-node.ts'
import { mountsBelow } from '../mounts.ts'
import { pinnedTuning } from './pinned-pods.ts'

const hold = 'test.timonel.dev/hold'

/** An agent with a containerd of its own, against an API in memory that keeps what it is told to delete. */
export interface LinuxNodeBench {
  readonly directory: string
  readonly client: Client
  readonly runtime: Runtime
  /** The agent that runs now. */
  node(): LinuxNode
  /** All that was written to the API: `DELETE /api/v1/…`. */
  writes(): readonly string[]
  /** Starts and ends the agent alone. */
  begin(): Promise<void>
  end(): Promise<void>
  /** Creates a pod of this node in its network. */
  run(name: string, spec: Partial<core.v1.PodSpec>, labels?: Record<string, string>): Promise<core.v1.Pod>
  get(name: string): Promise<core.v1.Pod>
  until(name: string, holds: (pod: core.v1.Pod) => boolean): Promise<core.v1.Pod>
  phase(name: string, wanted: string): Promise<core.v1.Pod>
  /** What its container `main` has written. */
  logs(name: string): Promise<string>
  /** Ends everything; resolves to the mounts that were left. */
  close(): Promise<readonly string[]>
}

/** A container that runs a script. */
export const shell = (script: string, more: Partial<core.v1.Container> = {}): core.v1.Container => ({
  name: 'main',
  image: shellImage,
  imagePullPolicy: 'Never',
  terminationMessagePath: '/dev/termination-log',
  command: ['sh', '-c', script],
  ...more,
})

/** `group`: the control group above those of its pods. */
export async function linuxNodeBench(group: string): Promise<LinuxNodeBench> {
  const bench = await containerdBench()
  const { directory, runtime } = bench
  const api = new FakeApi(realHost)
  const client = createClient(api)
  const start = async () => {
    const informers = createInformerFactory({ client, host: realHost, logger: silentLogger })
    const node = await startLinuxNode({
      ...{ client, informers, runtime, host: realHost, logger: silentLogger, nodeName: 'real' },
      addresses: ['127.0.0.1'],
      rootDirectory: join(directory, 'kubelet'),
      cgroupPrefix: [group],
      cgroupDriver: 'cgroupfs',
      port: 0,
      version: 'v1.36.0',
      clusterDns: ['10.96.0.10'],
      clusterDomain: 'cluster.local',
      tuning: pinnedTuning,
      ...defined({ imageMounts: await runtime.imageMounts() }),
    })
    return { node, informers }
  }
  await mkdir(join(directory, 'hostpath'))
  let running = await start()
  const pods = client.resource(Pod)
  const get = (name: string): Promise<core.v1.Pod> => pods.get('default', name)
  const end = async (): Promise<void> => {
    await running.node.stop()
    await running.informers.stop()
  }
  async function until(name: string, holds: (pod: core.v1.Pod) => boolean): Promise<core.v1.Pod> {
    for (let tries = 0; tries < 400; tries++) {
      const pod = await get(name)
      if (holds(pod)) return pod
      await delay(25)
    }
    throw new Error(`it did not happen: ${JSON.stringify((await get(name)).status)}`)
  }
  return {
    ...{ directory, client, runtime, get, until, end },
    node: () => running.node,
    writes: () => api.writes(),
    begin: async () => {
      running = await start()
    },
    run: (name, spec, labels = {}) =>
      pods.create({
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name, namespace: 'default', finalizers: [hold], labels },
        spec: { restartPolicy: 'Never', hostNetwork: true, nodeName: 'real', containers: [], ...spec },
      }),
    phase: (name, wanted) => until(name, ({ status }) => status?.phase === wanted),
    logs: async (name) => {
      let text = ''
      await running.node.kubelet.api.containerLogs(
        { namespace: 'default', pod: name, container: 'main' },
        { follow: false, previous: false, timestamps: false },
        (data) => {
          text += Buffer.from(data).toString()
        },
        new AbortController().signal,
      )
      return text
    },
    close: async () => {
      await end()
      await bench.close()
      await running.node.clear()
      return mountsBelow(directory)
    },
  }
}
