import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Server, ServerCredentials, type ServerWritableStream } from '@grpc/grpc-js'
import { afterEach, beforeEach, expect, test } from 'vitest'
import deviceDescriptor from '../../api/generated/rpc/deviceplugin-v1beta1.json' with { type: 'json' }
import podResourcesDescriptor from '../../api/generated/rpc/podresources-v1.json' with { type: 'json' }
import type { core } from '../../api/generated/types/index.ts'
import { loadServices } from '../../base/host/load-services.ts'
import { realHost } from '../../base/host/real-host.ts'
import { silentLogger } from '../../base/logger.ts'
import { createClient } from '../../client/create-client.ts'
import { FakeApi } from '../../client/testing/fake-api.ts'
import { GrpcConnection } from '../grpc/grpc-connection.ts'
import { type LocalManagers, localManagers } from '../linux/local-managers.ts'
import { servePlugins } from '../linux/plugin-server.ts'

const resource = 'example.com/gpu'
const pod: core.v1.Pod = {
  metadata: { name: 'p', namespace: 'ns', uid: 'u' },
  spec: { containers: [{ name: 'c', resources: { limits: { [resource]: '2' } } }] },
}
const container = pod.spec?.containers[0] ?? { name: '' }

let rootDirectory: string
let managers: LocalManagers
const ends: (() => unknown)[] = []

const options = () => ({
  ...{ host: realHost, logger: silentLogger, rootDirectory, nodeName: 'n' },
  ...{ kept: {}, memoryBytes: 2 ** 30 },
  client: createClient(new FakeApi(realHost)),
})

beforeEach(async () => {
  rootDirectory = mkdtempSync(join(tmpdir(), 'tm-dev-'))
  managers = await localManagers(options())
  const close = await servePlugins({ ...options(), managers, pods: () => [pod] })
  ends.push(close)
})

afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end()
  rmSync(rootDirectory, { recursive: true })
})

type Stream = ServerWritableStream<unknown, object>

/** A device plugin as vendors write them, on its own socket. */
async function plugin(): Promise<{
  readonly calls: string[]
  list(devices: readonly object[]): void
  end(): void
}> {
  const service = loadServices(deviceDescriptor).get('v1beta1.DevicePlugin')
  if (service === undefined) throw new Error('no service')
  const calls: string[] = []
  const streams: Stream[] = []
  let devices: readonly object[] = []
  const server = new Server()
  type Call = {
    readonly request: { readonly containerRequests: readonly { readonly devicesIds: readonly string[] }[] }
  }
  type Answer = (error: null, response: object) => void
  server.addService(service, {
    GetDevicePluginOptions: (_call: unknown, answer: Answer) => answer(null, { preStartRequired: true }),
    ListAndWatch: (call: Stream) => {
      streams.push(call)
      call.write({ devices })
    },
    Allocate: ({ request }: Call, answer: Answer) => {
      const ids = request.containerRequests[0]?.devicesIds ?? []
      calls.push(`allocate ${ids.join(' ')}`)
      answer(null, {
        containerResponses: [
          {
            envs: { IDS: ids.join(',') },
            mounts: [{ containerPath: '/lib/gpu', hostPath: '/opt/gpu', readOnly: true }],
            devices: [{ containerPath: '/dev/gpu', hostPath: '/dev/gpu0', permissions: 'rw' }],
            annotations: { gpu: 'yes' },
            cdiDevices: [{ name: 'example.com/gpu=0' }],
          },
        ],
      })
    },
    PreStartContainer: (_call: unknown, answer: Answer) => {
      calls.push('start')
      answer(null, {})
    },
  })
  const path = join(rootDirectory, 'device-plugins', 'gpu.sock')
  await new Promise<void>((resolve, reject) => {
    server.bindAsync(`unix:${path}`, ServerCredentials.createInsecure(), (error) =>
      error === null ? resolve() : reject(error),
    )
  })
  ends.push(() => server.forceShutdown())
  return {
    calls,
    list: (next) => {
      devices = next
      for (const stream of streams) stream.write({ devices })
    },
    end: () => server.forceShutdown(),
  }
}

const registry = () => {
  const connection = new GrpcConnection(
    join(rootDirectory, 'device-plugins', 'kubelet.sock'),
    loadServices(deviceDescriptor),
  )
  ends.push(() => connection.close())
  return (request: object) => connection.call<object>('v1beta1.Registration', 'Register', request)
}

/** Resolves as soon as it holds, whenever something changes. */
const until = (holds: () => boolean): Promise<void> =>
  new Promise((resolve) => {
    const look = (): void => {
      if (!holds()) return
      remove()
      resolve()
    }
    const remove = managers.all.onChange(look)
    look()
  })

test('a plugin registers, its devices are the node’s, and containers that have them are told', async () => {
  const gpu = await plugin()
  gpu.list([
    { ID: 'a', health: 'Healthy', topology: { nodes: [{ ID: 0 }] } },
    { ID: 'b', health: 'Healthy' },
    { ID: 'c', health: 'Unhealthy' },
  ])
  await registry()({ version: 'v1beta1', endpoint: 'gpu.sock', resourceName: resource })
  await until(() => managers.all.amounts().capacity[resource] === '3')
  expect(managers.all.amounts().allocatable[resource]).toBe('2')
  expect(await managers.all.admit(pod)).toBeUndefined()
  const { allocations } = await managers.all.grant(pod, container)
  expect(allocations).toMatchObject([{ envs: { IDS: 'a,b' }, cdiDevices: [{ name: 'example.com/gpu=0' }] }])
  expect(gpu.calls).toEqual(['allocate a b', 'start'])
  const checkpoint = JSON.parse(
    readFileSync(join(rootDirectory, 'device-plugins', 'kubelet_internal_checkpoint'), 'utf8'),
  )
  expect(checkpoint.Data.PodDeviceEntries[0].DeviceIDs).toEqual({ '-1': ['b'], '0': ['a'] })
  const again = await localManagers(options())
  expect((await again.all.grant(pod, container)).allocations).toEqual(allocations)
  gpu.list([
    { ID: 'a', health: 'Unhealthy' },
    { ID: 'b', health: 'Healthy' },
  ])
  await until(() => managers.all.amounts().capacity[resource] === '2')
  const status = managers.all.withHealth(pod, { containerStatuses: [statusOf('c')] })
  expect(status.containerStatuses?.[0]?.allocatedResourcesStatus).toEqual([
    {
      name: resource,
      resources: [
        { resourceID: 'a', health: 'Unhealthy' },
        { resourceID: 'b', health: 'Healthy' },
      ],
    },
  ])
  gpu.end()
  await until(() => managers.all.amounts().allocatable[resource] === '0')
  expect(await managers.all.admit({ ...pod, metadata: { uid: 'v' } })).toEqual({
    reason: 'UnexpectedAdmissionError',
    message: `Allocate failed due to no healthy devices present; cannot allocate unhealthy devices ${resource}, which is unexpected`,
  })
})

const statusOf = (name: string): core.v1.ContainerStatus => ({
  ...{ name, ready: true, restartCount: 0, image: '', imageID: '' },
})

test('what is no plugin of this version, or of no extended resource, does not register', async () => {
  const register = registry()
  await expect(register({ version: 'v2', endpoint: 'x', resourceName: resource })).rejects.toThrow(
    'requested API version "v2" is not supported by kubelet. Supported version is ["v1beta1"]',
  )
  await expect(register({ version: 'v1beta1', endpoint: 'x', resourceName: 'cpu' })).rejects.toThrow(
    'the ResourceName "cpu" is invalid',
  )
})

test('the pod-resources API tells which container has what', async () => {
  const gpu = await plugin()
  gpu.list([
    { ID: 'a', health: 'Healthy', topology: { nodes: [{ ID: 0 }] } },
    { ID: 'b', health: 'Healthy' },
  ])
  await registry()({ version: 'v1beta1', endpoint: 'gpu.sock', resourceName: resource })
  await until(() => managers.all.amounts().capacity[resource] === '2')
  await managers.all.admit(pod)
  const socket = join(rootDirectory, 'pod-resources', 'kubelet.sock')
  const connection = new GrpcConnection(socket, loadServices(podResourcesDescriptor))
  ends.push(() => connection.close())
  const ask = (method: string, request: object = {}) =>
    connection.call<object>('v1.PodResourcesLister', method, request)
  const devices = [
    { resourceName: resource, deviceIds: ['b'] },
    { resourceName: resource, deviceIds: ['a'], topology: { nodes: [{ ID: 0 }] } },
  ]
  const own = {
    name: 'p',
    namespace: 'ns',
    containers: [{ name: 'c', devices: expect.arrayContaining(devices) }],
  }
  expect(await ask('List')).toMatchObject({ podResources: [own] })
  expect(await ask('Get', { podName: 'p', podNamespace: 'ns' })).toMatchObject({ podResources: own })
  await expect(ask('Get', { podName: 'q', podNamespace: 'ns' })).rejects.toThrow(
    'pod q in namespace ns not found',
  )
  expect(await ask('GetAllocatableResources')).toMatchObject({ devices: expect.arrayContaining(devices) })
})
