import { expect, test } from 'vitest'
import type { core } from '../../api/generated/types/index.ts'
import { observedContainer } from '../testing/observed-container.ts'
import { type ComputeAmounts, computeAmounts, resourcesOf, withResources } from './granted-resources.ts'
import { inPendingOrder } from './pending-order.ts'
import { containerResize } from './resize-actions.ts'
import { resizeMessage } from './resize-message.ts'
import { type SavedGrant, SavedGrants } from './saved-grants.ts'

type Pod = core.v1.Pod
type Resources = core.v1.ResourceRequirements

const podOf = (resources: Resources, more: Partial<core.v1.PodSpec> = {}): Pod => ({
  metadata: { uid: 'u' },
  spec: { containers: [{ name: 'c', resources }], ...more },
})
const requests = (cpu: string, memory: string): Resources => ({ requests: { cpu, memory } })

test('withResources() gives a pod its resources, and the same pod where it has them', () => {
  const granted = podOf(requests('1', '1Gi'))
  const desired = podOf(requests('2', '1Gi'), { resources: { limits: { cpu: '4' } } })
  const given = { ...resourcesOf(granted), pod: { limits: { cpu: '3' } } }
  expect(withResources(desired, given).spec).toEqual({
    containers: [{ name: 'c', resources: requests('1', '1Gi') }],
    resources: { limits: { cpu: '3' } },
  })
  expect(withResources(desired, resourcesOf(desired))).toBe(desired)
  expect(withResources(granted, resourcesOf(podOf({ ...requests('1', '1Gi'), limits: {} })))).toBe(granted)
})

test('inPendingOrder() has those that need no more first, then priority, class and time', () => {
  const granted = podOf(requests('1', '1Gi'))
  const limits = { cpu: '2', memory: '1Gi' }
  const pending = (name: string, desired: Pod, sinceMs?: number) => ({ name, desired, granted, sinceMs })
  const order = inPendingOrder([
    pending('new', podOf(requests('2', '1Gi'))),
    pending('late', podOf(requests('2', '1Gi')), 2_000),
    pending('early', podOf(requests('2', '1Gi')), 1_000),
    pending('guaranteed', podOf({ requests: limits, limits }), 3_000),
    pending('important', podOf(requests('2', '1Gi'), { priority: 10 }), 4_000),
    pending('smaller', podOf(requests('500m', '1Gi')), 5_000),
  ])
  expect(order.map(({ name }) => name)).toEqual([
    'smaller',
    'important',
    'guaranteed',
    'early',
    'late',
    'new',
  ])
})

const made = (resources: Resources) =>
  observedContainer({ id: 'c1', name: 'c', amounts: computeAmounts(resources) })

test.each<[string, Resources, core.v1.Container['resizePolicy'], 'none' | 'resize' | 'restart']>([
  ['nothing', requests('1', '1Gi'), [], 'none'],
  ['what means the same', requests('1000m', '1024Mi'), [], 'none'],
  ['more', requests('2', '1Gi'), [], 'resize'],
  [
    'what needs a restart',
    requests('2', '1Gi'),
    [{ resourceName: 'cpu', restartPolicy: 'RestartContainer' }],
    'restart',
  ],
  [
    'what needs none',
    requests('1', '2Gi'),
    [{ resourceName: 'cpu', restartPolicy: 'RestartContainer' }],
    'resize',
  ],
])('containerResize() of %s', (_what, resources, resizePolicy, expected) => {
  const container = { name: 'c', resources, ...(resizePolicy === undefined ? {} : { resizePolicy }) }
  const found = containerResize(podOf(resources), container, made(requests('1', '1Gi')))
  expect(found === undefined ? 'none' : found === 'restart' ? found : 'resize').toBe(expected)
})

test('containerResize() sees a limit of the pod that a container without its own has', () => {
  const pod = podOf({}, { resources: { limits: { memory: '2Gi' } } })
  expect(containerResize(pod, { name: 'c' }, made({}))).toMatchObject({
    from: { memoryLimit: 0 },
    to: { memoryLimit: 2 * 1024 ** 3 },
  })
})

test('resizeMessage() has containers with their resources in order, the generation and the error', () => {
  const pod = podOf(
    { requests: { memory: '100', cpu: '1' }, limits: { cpu: '2' } },
    { initContainers: [{ name: 'i' }] },
  )
  expect(resizeMessage('Pod resize error', pod, 3, 'no')).toBe(
    'Pod resize error: {"initContainers":[{"name":"i","resources":{}}],"containers":[{"name":"c","resources":{"limits":{"cpu":"2"},"requests":{"cpu":"1","memory":"100"}}}],"generation":3,"error":"no"}',
  )
})

const none: ComputeAmounts = computeAmounts(undefined)
const grant = (cpu: string): SavedGrant => ({
  given: { containers: { c: requests(cpu, '1Gi') } },
  inForce: { c1: { ...none, cpuRequest: 1_000 } },
  podLevel: none,
})

test('SavedGrants writes one state at a time, the newest, and reads it back', async () => {
  const texts: string[] = []
  const writes: (() => void)[] = []
  const store = {
    load: async () => texts.at(-1),
    save: (text: string) =>
      new Promise<void>((resolve) => {
        writes.push(() => {
          texts.push(text)
          resolve()
        })
      }),
  }
  const saved = new SavedGrants(store)
  await saved.load()
  const puts = ['1', '2', '3'].map((cpu) => saved.put('u', grant(cpu)))
  const next = async (): Promise<void> => {
    writes.shift()?.()
    await new Promise((resolve) => setImmediate(resolve))
  }
  await next()
  await next()
  await Promise.all(puts)
  expect([texts.length, writes.length]).toEqual([2, 0])
  const again = new SavedGrants(store)
  await again.load()
  expect(again.get('u')).toEqual(grant('3'))
  const gone = again.keepOnly(new Set())
  await next()
  await gone
  expect(texts.at(-1)).toBe('{}')
})

test('SavedGrants writes one state at a time, whoever goes on when one is written', async () => {
  let [under, most] = [0, 0]
  const saved = new SavedGrants({
    load: async () => undefined,
    save: async () => {
      most = Math.max(most, ++under)
      await new Promise((resolve) => setImmediate(resolve))
      under--
    },
  })
  const goesOn = async (steps: number): Promise<void> => {
    await saved.put('u', grant('1'))
    for (let step = 0; step < steps; step++) await undefined
    await saved.put('u', grant('2'))
  }
  for (let steps = 0; steps < 6; steps++) await Promise.all([goesOn(steps), saved.put('v', grant('1'))])
  expect(most).toBe(1)
})

test.each(['[]', '{"u": 1}', '{"u": {"given": {"containers": {}}, "inForce": {"c": {}}}}', '{'])(
  'SavedGrants refuses %s',
  async (text) => {
    const saved = new SavedGrants({ load: async () => text, save: async () => {} })
    await expect(saved.load()).rejects.toThrow()
  },
)
