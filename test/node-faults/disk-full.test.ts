import { mkdir, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ConfigMap } from '../../src/api/core/config-map/kind.ts'
import { Node } from '../../src/api/core/node/kind.ts'
import { Pod as podKind } from '../../src/api/core/pod/kind.ts'
import type { core } from '../../src/api/generated/types/index.ts'
import { realHost } from '../../src/base/host/real-host.ts'
import { runProgram } from '../../src/base/host/run-program.ts'
import { silentLogger } from '../../src/base/logger.ts'
import type { Client } from '../../src/client/client.ts'
import { createClient } from '../../src/client/create-client.ts'
import type { InformerFactory } from '../../src/client/informer.ts'
import { createInformerFactory } from '../../src/client/informer-factory.ts'
import { FakeApi } from '../../src/client/testing/fake-api.ts'
import {
  type ContainerdBench,
  containerdBench,
  pauseImage,
  shellImage,
  whyNoContainers,
} from '../../src/kubelet/containerd/testing/containerd-bench.ts'
import { defaultEviction } from '../../src/kubelet/eviction/thresholds.ts'
import { type LinuxNode, startLinuxNode } from '../../src/kubelet/linux/linux-node.ts'
import { mountsBelow, mountTmpfs } from '../../src/kubelet/linux/mounts.ts'
import { until } from '../e2e/support/until.ts'

const diskBytes = 32 * 1024 ** 2
const patienceMs = 60_000
const nodeName = 'small'
const namespace = 'default'

describe.skipIf(whyNoContainers !== '')(`a node whose disk is full ${whyNoContainers}`, () => {
  let bench: ContainerdBench
  let disk: string
  let client: Client
  let informers: InformerFactory
  let node: LinuxNode

  beforeAll(async () => {
    bench = await containerdBench()
    disk = join(bench.directory, 'disk')
    await mkdir(disk)
    await mountTmpfs(disk, diskBytes)
    client = createClient(new FakeApi(realHost))
    informers = createInformerFactory({ client, host: realHost, logger: silentLogger })
    node = await startLinuxNode({
      ...{ client, informers, host: realHost, logger: silentLogger, runtime: bench.runtime, nodeName },
      addresses: ['127.0.0.1'],
      rootDirectory: join(disk, 'kubelet'),
      ...{ cgroupPrefix: ['timonel-test-disk'], cgroupDriver: 'cgroupfs', port: 0, version: 'v1.36.0' },
      ...{ clusterDns: ['10.96.0.10'], clusterDomain: 'cluster.local' },
      keptImages: [pauseImage, shellImage],
      tuning: { eviction: { ...defaultEviction, pressureTransitionMs: 1_000 } },
    })
  })

  afterAll(async () => {
    await node?.stop()
    await informers?.stop()
    await bench?.close()
    await node?.clear()
    expect(await mountsBelow(bench.directory)).toEqual([])
  })

  const create = (name: string, script: string, volume: Omit<core.v1.Volume, 'name'>): Promise<core.v1.Pod> =>
    client.resource(podKind).create({
      ...{ apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace } },
      spec: {
        ...{ restartPolicy: 'Never', hostNetwork: true, nodeName, terminationGracePeriodSeconds: 1 },
        volumes: [{ name: 'data', ...volume }],
        containers: [
          {
            ...{ name: 'main', image: shellImage, imagePullPolicy: 'Never' },
            ...{ terminationMessagePath: '/dev/termination-log', command: ['sh', '-c', script] },
            volumeMounts: [{ name: 'data', mountPath: '/data' }],
          },
        ],
      },
    })
  const podWhen = async (
    name: string,
    holds: (status: core.v1.PodStatus) => boolean,
  ): Promise<core.v1.Pod> => {
    let last = ''
    try {
      return await until(
        `${name} is as it should be`,
        async () => {
          const pod = await client.resource(podKind).get(namespace, name)
          last = JSON.stringify(pod.status)
          return holds(pod.status ?? {}) && pod
        },
        patienceMs,
      )
    } catch (error) {
      throw new Error(last, { cause: error })
    }
  }
  const pressing = (wanted: 'True' | 'False'): Promise<unknown> =>
    until(
      `the disk’s pressure is ${wanted}`,
      async () => {
        const { status } = await client.resource(Node).get('', nodeName)
        return status?.conditions?.find(({ type }) => type === 'DiskPressure')?.status === wanted
      },
      patienceMs,
    )

  test('who fills it is evicted, others live on, and what could not be written is written later', async () => {
    await client
      .resource(ConfigMap)
      .create({ metadata: { name: 'settings', namespace }, data: { key: 'old' } })
    const follows = 'until grep -q new /data/key; do sleep 0.2; done; cat /data/key'
    await create('steady', follows, { configMap: { name: 'settings' } })
    await podWhen('steady', ({ phase }) => phase === 'Running')
    await create('hog', 'yes > /data/all; sleep 1000', { emptyDir: {} })
    const volumes = (uid: string): string => join(disk, 'kubelet/pods', uid, 'volumes')
    const folder = (await client.resource(podKind).get(namespace, 'steady')).metadata?.uid ?? ''
    await until('the disk is full', async () => {
      const text = await runProgram('df', ['--output=avail', disk])
      return Number(text.split('\n')[1]) === 0
    })
    const patch = { data: { key: 'new' } }
    await client.resource(ConfigMap).patch(namespace, 'settings', 'application/merge-patch+json', patch)
    await pressing('True')
    await create('refused', 'true', { emptyDir: {} })
    const refused = await podWhen('refused', ({ phase }) => phase === 'Failed')
    expect(refused.status).toMatchObject({
      reason: 'Evicted',
      message: 'Pod was rejected: The node had condition: [DiskPressure]. ',
    })
    const hog = await podWhen('hog', ({ phase }) => phase === 'Failed')
    expect(hog.status?.reason).toBe('Evicted')
    const steady = await podWhen('steady', ({ phase }) => phase === 'Succeeded')
    expect(steady.status?.containerStatuses?.[0]?.restartCount).toBe(0)
    const versions = await readdir(join(volumes(folder), 'kubernetes.io~configmap/data')).catch(() => [])
    expect(versions.filter((name) => /^\.\.\d/.test(name)).length).toBeLessThan(2)
    await pressing('False')
    await create('later', 'echo new > /data/all; cat /data/all', { emptyDir: {} })
    await podWhen('later', ({ phase }) => phase === 'Succeeded')
    for (const name of ['steady', 'hog', 'refused', 'later'])
      await client.resource(podKind).delete(namespace, name)
    await until('nothing of them is left', async () => {
      const sandboxes = await bench.runtime.listPodSandbox({})
      const found = await Promise.all(['pods', 'logs'].map((each) => readdir(join(disk, 'kubelet', each))))
      return sandboxes.length + found.flat().length === 0
    })
  })
})
