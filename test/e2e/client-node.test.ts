import { Writable } from 'node:stream'
import {
  CoreV1Api as CoreApi,
  type CoreV1Api,
  Exec,
  KubeConfig,
  KubernetesObjectApi,
  Log,
  makeInformer,
  type V1Pod,
  type V1Status,
} from '@kubernetes/client-node'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Cluster } from '../../src/cluster/cluster.ts'

let cluster: Cluster
let config: KubeConfig
let core: CoreV1Api

beforeAll(async () => {
  cluster = await Cluster.start({ nodes: 1, runtime: 'simulated' })
  config = new KubeConfig()
  config.loadFromString(cluster.kubeconfig)
  core = config.makeApiClient(CoreApi)
})

afterAll(() => cluster.stop())

class Collected extends Writable {
  text = ''
  override _write(chunk: Buffer, _: BufferEncoding, done: () => void): void {
    this.text += chunk
    done()
  }
}

const webPod: V1Pod = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'web', labels: { app: 'web' } },
  spec: {
    containers: [{ name: 'main', image: 'web:1', command: ['sh', '-c', 'echo hello; sleep infinity'] }],
  },
}

const namespace = 'default'

describe('@kubernetes/client-node', () => {
  test('its informer follows a pod from its creation to its end', async () => {
    const seen: string[] = []
    const list = () => core.listNamespacedPod({ namespace, labelSelector: 'app=web' })
    const informer = makeInformer(config, `/api/v1/namespaces/${namespace}/pods`, list, 'app=web')
    const running = new Promise<void>((resolve) => {
      informer.on('add', (pod) => seen.push(`add ${pod.metadata?.name}`))
      informer.on('update', (pod) => {
        if (pod.status?.phase === 'Running') resolve()
      })
    })
    const gone = new Promise<void>((resolve) => informer.on('delete', () => resolve()))
    await informer.start()
    await core.createNamespacedPod({ namespace, body: webPod })
    await running
    expect(seen).toEqual(['add web'])
    await core.deleteNamespacedPod({ namespace, name: 'web', gracePeriodSeconds: 0 })
    await gone
    await informer.stop()
  })

  test('it applies, and reads back who owns what', async () => {
    const objects = KubernetesObjectApi.makeApiClient(config)
    const body = {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'settings', namespace },
      data: { a: '1' },
    }
    await objects.patch(body, undefined, undefined, 'tester', true, 'application/apply-patch+yaml')
    const read = await core.readNamespacedConfigMap({ namespace, name: 'settings' })
    expect(read.data).toEqual({ a: '1' })
    expect(read.metadata?.managedFields?.map(({ manager, operation }) => [manager, operation])).toEqual([
      ['tester', 'Apply'],
    ])
  })

  test('it shows logs and runs commands, also in simulated containers', async () => {
    await core.createNamespacedPod({ namespace, body: { ...webPod, metadata: { name: 'shell' } } })
    await expect
      .poll(async () => (await core.readNamespacedPod({ namespace, name: 'shell' })).status?.phase)
      .toBe('Running')
    const log = new Collected()
    await new Log(config).log(namespace, 'shell', 'main', log)
    await expect.poll(() => log.text).toBe('hello\n')
    const output = new Collected()
    const errors = new Collected()
    const status = await new Promise<V1Status>((resolve, reject) => {
      const command = ['sh', '-c', 'echo done; exit 3']
      new Exec(config)
        .exec(namespace, 'shell', 'main', command, output, errors, null, false, resolve)
        .catch(reject)
    })
    expect(output.text).toBe('done\n')
    expect(status.details?.causes).toEqual([{ reason: 'ExitCode', message: '3' }])
  })
})
