import { expect, test } from 'vitest'
import { testHost } from '../../client/testing/test-host.ts'
import type { Image } from '../runtime/messages.ts'
import { ImagePuller, pullAnnotation } from './image-puller.ts'
import { PullRecords, usualVerification } from './pull-records.ts'

function bench(onEvent: (reason: string) => void = () => {}) {
  const host = testHost()
  const present = new Map<string, Image>()
  const broken = new Set<string>()
  const pulls: string[] = []
  const told: string[] = []
  const records = new PullRecords(undefined, usualVerification, () => host.now())
  const puller = new ImagePuller({
    host,
    runtime: {
      imageStatus: async ({ image }) => present.get(image),
      pullImage: async ({ image }, auth) => {
        pulls.push(`${image} ${auth?.username}`)
        if (broken.has(image)) throw new Error('away')
        present.set(image, { id: `id-${image}`, repoTags: [image], repoDigests: [], size: 1, username: '' })
        return image
      },
    },
    nodeEvent: (_type, reason, message) => {
      told.push(`${reason}: ${message}`)
      onEvent(reason)
    },
    records,
    nodeCredentials: async (image) => [{ key: image, auth: { username: 'node', password: 'p' } }],
  })
  const name = (images: string) => puller.see({ metadata: { annotations: { [pullAnnotation]: images } } })
  return { host, present, broken, pulls, told, records, puller, name }
}

test('ImagePuller pulls what a node’s annotation names, once, for every pod', async () => {
  const { host, present, pulls, told, records, puller, name } = bench()
  name('registry.example/a:1, registry.example/b\nregistry.example/a:1')
  await host.advance(1_000)
  expect(pulls).toEqual(['registry.example/a:1 node', 'registry.example/b:latest node'])
  expect(told).toContain('Pulled: Successfully pulled image "registry.example/b"')
  expect(await records.mustPull('registry.example/a:1', 'id-registry.example/a:1', async () => [])).toBe(
    false,
  )
  present.clear()
  name('registry.example/a:1, registry.example/b\nregistry.example/a:1')
  await host.advance(600_000)
  expect(pulls).toHaveLength(2)
  name('registry.example/a:1')
  await host.advance(1_000)
  expect(pulls).toHaveLength(3)
  await puller.stop()
})

test('ImagePuller tries an image again, and is not held up by it', async () => {
  const { host, broken, pulls, told, puller, name } = bench()
  broken.add('registry.example/a:1')
  name('registry.example/a:1 registry.example/b:1')
  await host.advance(31_000)
  expect(pulls).toEqual([
    'registry.example/a:1 node',
    'registry.example/b:1 node',
    'registry.example/a:1 node',
    'registry.example/a:1 node',
  ])
  expect(told).toContain('Failed: Failed to pull image "registry.example/a:1": away')
  name('')
  await host.advance(600_000)
  expect(pulls).toHaveLength(4)
  await puller.stop()
})

test.each([0, 1, 2, 3, 4, 5, 6])(
  'ImagePuller misses nothing that is named %d turns after its last pull',
  async (turns) => {
    const { host, pulls, puller, name } = bench((reason) => {
      if (reason === 'Pulled' && pulls.length === 1) void later()
    })
    const later = async (): Promise<void> => {
      for (let turn = 0; turn < turns; turn++) await undefined
      name('registry.example/b:1')
    }
    name('registry.example/a:1')
    await host.advance(1_000)
    expect(pulls).toEqual(['registry.example/a:1 node', 'registry.example/b:1 node'])
    await puller.stop()
  },
)
