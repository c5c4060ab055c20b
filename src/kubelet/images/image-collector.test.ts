import { expect, test } from 'vitest'
import { silentLogger } from '../../base/logger.ts'
import { testHost } from '../../client/testing/test-host.ts'
import type { Container, Image } from '../runtime/messages.ts'
import { ImageCollector, type ImagePolicy, usualImagePolicy } from './image-collector.ts'

const minute = 60_000
const gib = 2 ** 30

function bench(policy: Partial<ImagePolicy>) {
  const host = testHost()
  const images = new Map<string, Image>()
  const used = new Set<string>()
  const events: string[] = []
  const disk = { bytes: 100 * gib, availableBytes: 50 * gib }
  const collector = new ImageCollector({
    ...{ host, logger: silentLogger, keptImages: ['pause:1'], disk: async () => disk },
    policy: { ...usualImagePolicy, ...policy },
    nodeEvent: (_type, reason, message) => void events.push(`${reason}: ${message}`),
    runtime: {
      listImages: async () => [...images.values()],
      listContainers: async () =>
        [...used].map(
          (id): Container => ({
            ...{ id: `c-${id}`, podSandboxId: '', metadata: { name: '', attempt: 0 }, imageRef: id },
            ...{ state: 'CONTAINER_RUNNING', createdAt: 0, labels: {}, annotations: {} },
          }),
        ),
      removeImage: async ({ image }) => {
        disk.availableBytes += images.get(image)?.size ?? 0
        images.delete(image)
      },
    },
  })
  const add = (id: string, size: number): void => {
    images.set(id, { id, size, repoTags: [id], repoDigests: [], username: '' })
  }
  return { host, images, used, events, disk, collector, add }
}

test('a disk that is nearly full is relieved of the images that were used longest ago', async () => {
  const { host, images, used, disk, collector, add, events } = bench({})
  for (const id of ['pause:1', 'old', 'recent', 'running']) add(id, 4 * gib)
  used.add('recent').add('running')
  collector.start()
  await host.advance(6 * minute)
  used.delete('recent')
  disk.availableBytes = 17 * gib
  await host.advance(5 * minute)
  expect([...images.keys()]).toEqual(['pause:1', 'old', 'recent', 'running'])
  disk.availableBytes = 14 * gib
  add('new', 4 * gib)
  await host.advance(5 * minute)
  expect([...images.keys()]).toEqual(['pause:1', 'running', 'new'])
  expect(events).toEqual([])
  await collector.stop()
})

test('where nothing more can go an Event says so', async () => {
  const { host, collector, disk, events } = bench({})
  disk.availableBytes = 5 * gib
  collector.start()
  await host.advance(6 * minute)
  expect(events[0]).toMatch(
    /^FreeDiskSpaceFailed: Insufficient free disk space .* \(95% of 100\.0 GiB used\)/,
  )
  expect(events.filter((event) => event.startsWith('ImageGCFailed'))).toHaveLength(1)
  await collector.stop()
})

test('images that were not used for too long go, but not before the agent can know', async () => {
  const { host, images, used, collector, add } = bench({ maxAgeMs: 30 * minute })
  add('unused', gib)
  add('running', gib)
  used.add('running')
  collector.start()
  await host.advance(29 * minute)
  expect([...images.keys()]).toEqual(['unused', 'running'])
  await host.advance(10 * minute)
  expect([...images.keys()]).toEqual(['running'])
  await collector.stop()
})
