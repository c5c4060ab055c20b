import { beforeEach, expect, test } from 'vitest'
import { Pod } from '../../../api/core/pod/kind.ts'
import type { core } from '../../../api/generated/types/index.ts'
import { admit } from '../../testing/admit.ts'
import { FakeReader } from '../../testing/fake-reader.ts'
import { podResizeValidator } from './pod-resize-validator.ts'

let reader: FakeReader
beforeEach(() => {
  reader = new FakeReader()
})

const putNode = (labels: Record<string, string>): void => {
  const status = { allocatable: { cpu: '2', memory: '1Gi' } }
  reader.put('nodes', { metadata: { name: 'node', labels }, ...{ status } })
}

const pod = (generation: number, requests: Record<string, string>, nodeName = 'node'): core.v1.Pod => ({
  metadata: { name: 'p', namespace: 'n', generation },
  spec: { nodeName, containers: [{ name: 'c', image: 'i', resources: { requests } }] },
})

const resize = (requests: Record<string, string>, nodeName?: string, generation = 2) =>
  admit(podResizeValidator(reader), Pod, pod(generation, requests, nodeName), {
    operation: 'UPDATE',
    subresource: 'resize',
    old: pod(1, {}, nodeName),
  })

const refused = 'pods "p" is forbidden: '

test('podResizeValidator() refuses what the whole node does not have', async () => {
  putNode({})
  await resize({ cpu: '2', memory: '1Gi' })
  const short = `${refused}node didn't have enough allocatable resources: `
  const both =
    'cpu, requested: 2500, allocatable: 2000; memory, requested: 2147483648, allocatable: 1073741824'
  await expect(resize({ cpu: '2500m', memory: '2Gi' })).rejects.toMatchObject({
    message: short + both,
    status: { details: { causes: [{ reason: 'NodeCapacity' }] } },
  })
  await expect(resize({ cpu: '3' })).rejects.toThrow(`${short}cpu, requested: 3000, allocatable: 2000`)
})

test('podResizeValidator() knows nodes of other systems, and nodes that are gone', async () => {
  await expect(resize({})).rejects.toThrow(`${refused}node "node" not found`)
  putNode({ 'kubernetes.io/os': 'windows' })
  await expect(resize({})).rejects.toMatchObject({
    message: `${refused}pod resize is only supported on linux nodes, node "node" is "windows"`,
    status: { details: { causes: [{ reason: 'UnsupportedPlatform' }] } },
  })
})

test('podResizeValidator() lets pods be that are not bound, or not changed', async () => {
  putNode({})
  await resize({ cpu: '3' }, '')
  await resize({ cpu: '3' }, 'node', 1)
})
