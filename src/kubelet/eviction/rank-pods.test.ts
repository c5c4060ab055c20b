import { expect, test } from 'vitest'
import type { core } from '../../api/generated/types/index.ts'
import { evictionMessage } from './eviction-message.ts'
import { storageExcess } from './local-storage.ts'
import type { PodUsage } from './pod-usage.ts'
import { rankPods } from './rank-pods.ts'
import { defaultEviction } from './thresholds.ts'

interface Traits {
  readonly request?: string
  readonly limit?: string
  readonly priority?: number
  readonly layer?: number
  readonly logs?: number
  readonly memory?: number
  readonly volume?: number
  readonly processes?: number
}

function podWith(name: string, traits: Traits): { pod: core.v1.Pod; usage: PodUsage } {
  const { request, limit, priority, layer = 0, logs = 0, memory = 0, volume = 0, processes = 0 } = traits
  const requests = request === undefined ? {} : { memory: request, 'ephemeral-storage': request }
  const limits = limit === undefined ? {} : { 'ephemeral-storage': limit }
  const usage = {
    containers: new Map([
      [
        'c',
        { rootfs: { bytes: layer, inodes: layer }, logs: { bytes: logs, inodes: 1 }, memoryBytes: memory },
      ],
    ]),
    volumes: new Map([['v', { bytes: volume, inodes: 1 }]]),
    processes,
  }
  const spec: core.v1.PodSpec = {
    containers: [{ name: 'c', resources: { requests, limits } }],
    volumes: [{ name: 'v', emptyDir: limit === undefined ? {} : { sizeLimit: '100' } }],
    ...(priority === undefined ? {} : { priority }),
  }
  return { pod: { metadata: { name }, spec }, usage }
}

const rank = (
  signal: Parameters<typeof rankPods>[1],
  pods: Readonly<Record<string, Traits>>,
  hasImageFs = false,
): string =>
  rankPods(
    Object.entries(pods).map(([name, traits]) => podWith(name, traits)),
    signal,
    hasImageFs,
  )
    .map(({ metadata }) => metadata?.name)
    .join(' ')

test('rankPods() begins with those that use more than they asked for', () => {
  const pods = {
    within: { request: '100', layer: 99 },
    beyond: { request: '10', layer: 11 },
    free: { layer: 1 },
  }
  expect(rank('nodefs.available', pods)).toBe('beyond free within')
})

test('rankPods() goes by priority then, and by what is used beyond the request at last', () => {
  const pods = {
    important: { layer: 500, priority: 10 },
    large: { layer: 300 },
    small: { layer: 200 },
    asked: { layer: 290, request: '50' },
  }
  expect(rank('nodefs.available', pods)).toBe('large asked small important')
})

test('rankPods() looks at the memory, the disk or the inodes, whichever is short', () => {
  const pods = { hog: { memory: 100, layer: 1 }, writer: { memory: 1, layer: 100 } }
  expect(rank('memory.available', pods)).toBe('hog writer')
  expect(rank('nodefs.inodesFree', pods)).toBe('writer hog')
})

test('rankPods() counts what lies on the disk that is short', () => {
  const pods = { layers: { layer: 100 }, logs: { logs: 90 }, volumes: { volume: 80 } }
  expect(rank('nodefs.available', pods)).toBe('layers logs volumes')
  expect(rank('nodefs.available', pods, true)).toBe('logs volumes layers')
  expect(rank('imagefs.available', pods, true)).toBe('layers logs volumes')
})

test('rankPods() begins with pods that could not be measured', () => {
  const known = podWith('known', { layer: 1_000 })
  const { pod } = podWith('unknown', {})
  const [first] = rankPods([known, { pod, usage: undefined }], 'nodefs.available', false)
  expect(first?.metadata?.name).toBe('unknown')
})

test('evictionMessage() tells the threshold and who used too much', () => {
  const { pod, usage } = podWith('web', { request: '1Ki', layer: 3 * 1024, logs: 1024 })
  const seen = new Map([['nodefs.available' as const, { available: 1024 ** 3, capacity: 100 * 1024 ** 3 }]])
  const message = evictionMessage(pod, usage, 'ephemeral-storage', defaultEviction.thresholds, seen)
  expect(message).toBe(
    'The node was low on resource: ephemeral-storage. Threshold quantity: 10Gi, available: 1Gi. Container c was using 4Ki, request is 1Ki, has larger consumption of ephemeral-storage. ',
  )
})

test.each([
  ['a volume', { limit: '1Ki', volume: 101 }, 'Usage of EmptyDir volume "v" exceeds the limit "100". '],
  [
    'all together',
    { limit: '1Ki', volume: 90, layer: 935 },
    'Pod ephemeral local storage usage exceeds the total limit of containers 1Ki. ',
  ],
  ['nobody', { limit: '1Ki', volume: 90, layer: 934 }, undefined],
])('storageExcess() tells of %s beyond its limit', (_, traits, message) => {
  const { pod, usage } = podWith('web', traits)
  expect(storageExcess(pod, usage, false)?.message).toBe(message)
})

test('rankPods() asks of processes who is important, then who has the most', () => {
  const pods = [
    podWith('few', { processes: 1 }),
    podWith('many', { processes: 9 }),
    podWith('important', { processes: 50, priority: 5 }),
  ]
  expect(rankPods(pods, 'pid.available', false).map(({ metadata }) => metadata?.name)).toEqual([
    ...['many', 'few', 'important'],
  ])
})
