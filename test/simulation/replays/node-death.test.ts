import { afterEach, describe, expect, test } from 'vitest'
import { isStatus, Node, PodDisruptionBudget } from '../../../src/cluster/index.ts'
import { Figures } from '../support/figures.ts'
import { conditionOf, isReady } from '../support/workloads.ts'
import type { ControlSettings } from '../support/world/control-process.ts'
import { apart, staysFor, Watchful } from '../support/world/watchful.ts'
import { World } from '../support/world/world.ts'

let world: World
let look: Watchful

afterEach(() => world.stop())

async function begin(nodes: number, control: ControlSettings = {}): Promise<void> {
  const specs = Array.from({ length: nodes }, (_, index) => ({ name: `node-${index + 1}` }))
  world = await World.start({ seed: 7, nodes: specs, control })
  look = new Watchful(world)
}

interface Death {
  readonly notReady: number
  readonly evicted: number
}

/** Cuts the power of a node with pods of `web`, and measures until all of them are Ready elsewhere. */
async function kill(title: string, replicas: number): Promise<Death> {
  const figures = new Figures(title)
  const dead = (await look.pods('web'))[0]?.spec?.nodeName ?? ''
  const isLost = async (): Promise<boolean> => !isReady(await look.node(dead))
  const onDead = async () => (await look.pods('web')).filter((pod) => pod.spec?.nodeName === dead)
  world.node(dead).process.kill()
  const notReady = await look.until(70, isLost)
  expect(conditionOf(await look.node(dead), 'Ready')).toBe('Unknown')
  figures.note('node NotReady', notReady)
  const gone = await look.until(10, async () => !(await look.endpointNodes('web')).includes(dead))
  figures.note('endpoints gone', notReady + gone)
  await look.until(10, async () =>
    (await look.tainted('node.kubernetes.io/unreachable', 'NoExecute')).includes(dead),
  )
  expect((await onDead()).filter(({ metadata }) => metadata?.deletionTimestamp)).toEqual([])
  const startMs = world.host.monotonicMs()
  await look.until(400, async () => (await onDead()).every(({ metadata }) => metadata?.deletionTimestamp))
  const evicted = notReady + gone + Math.round((world.host.monotonicMs() - startMs) / 1_000)
  figures.note('pods deleted', evicted)
  const again = await look.until(60, async () => (await look.readyPods('web')).length === replicas)
  figures.note('replacements Ready', evicted + again)
  expect((await look.readyPods('web')).map((pod) => pod.spec?.nodeName)).not.toContain(dead)
  await look.until(5, async () => (await look.endpointNodes('web')).length === replicas)
  figures.print()
  return { notReady, evicted }
}

/** A lease may be ten seconds old when the power goes; nodes are looked at when their time has come. */
const within = (seconds: number, latest: number): void => {
  expect(seconds).toBeGreaterThanOrEqual(latest - 11)
  expect(seconds).toBeLessThanOrEqual(latest + 1)
}

describe('a node dies', () => {
  test('as upstream has it: NotReady after 50 s, pods go 300 s later', async () => {
    await begin(3)
    await look.deploy('web', 6)
    const { notReady, evicted } = await kill('a node dies, upstream’s times', 6)
    within(notReady, 50)
    within(evicted, 350)
  })

  test('as the documents have it: a grace of 40 s, and pods go 300 s after the last sign of life', async () => {
    await begin(3, { nodeLifecycle: { monitorGraceMs: 40_000 } })
    await look.deploy('web', 6, { tolerations: staysFor(260) })
    const { notReady, evicted } = await kill('a node dies, the documents’ times', 6)
    within(notReady, 40)
    within(evicted, 300)
  })

  test('with a shortened time to stay', async () => {
    await begin(3)
    await look.deploy('web', 6, { tolerations: staysFor(30) })
    const { evicted } = await kill('a node dies, tolerationSeconds 30', 6)
    within(evicted, 80)
  })

  test('a budget keeps evictions away meanwhile, and does not hold up the dead node’s pods', async () => {
    await begin(3)
    await look.deploy('web', 6)
    await world.client.resource(PodDisruptionBudget).create({
      metadata: { name: 'web', namespace: 'default' },
      spec: { minAvailable: 5, selector: { matchLabels: { app: 'web' } } },
    })
    await world.advance(1_000)
    const evict = async (name: string): Promise<boolean> => {
      const body = { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name, namespace: 'default' } }
      const path = `/api/v1/namespaces/default/pods/${name}/eviction`
      const asked = world.client.transport.request({ method: 'POST', path, body })
      return world.do(asked).then(
        () => true,
        (error: unknown) => {
          if (isStatus(error, 'TooManyRequests')) return false
          throw error
        },
      )
    }
    const dying = (await look.pods('web'))[0]?.spec?.nodeName ?? ''
    const living = (await look.pods('web')).find(({ spec }) => spec?.nodeName !== dying)?.metadata?.name ?? ''
    world.node(dying).process.kill()
    await look.until(70, async () => !isReady(await look.node(dying)))
    await world.advance(2_000)
    expect(await evict(living)).toBe(false)
    await look.until(330, async () => (await look.readyPods('web')).length === 6)
    await world.advance(2_000)
    expect(await evict(living)).toBe(true)
  })

  test('pods that keep apart go elsewhere if there is an elsewhere, else when a node comes', async () => {
    await begin(4)
    await look.deploy('web', 3, apart('web'))
    await kill('a node dies, pods keep apart, a node is free', 3)
    const [next = ''] = (await look.readyPods('web')).map((pod) => pod.spec?.nodeName ?? '')
    world.node(next).process.kill()
    await world.advance(400_000)
    expect(await look.readyPods('web')).toHaveLength(2)
    const pending = (await look.pods('web')).filter(({ spec }) => spec?.nodeName === undefined)
    expect(pending.map((pod) => conditionOf(pod, 'PodScheduled'))).toEqual(['False'])
    world.startNode({ name: 'node-5' })
    const figures = new Figures('a node comes for a pod that waits for one')
    figures.note('Ready', await look.until(30, async () => (await look.readyPods('web')).length === 3))
    figures.print()
  })

  test('its pods go for good with the node', async () => {
    await begin(3)
    await look.deploy('web', 6)
    const dead = (await look.pods('web'))[0]?.spec?.nodeName ?? ''
    world.node(dead).process.kill()
    await world.advance(360_000)
    const onDead = async () => (await look.pods('web')).filter((pod) => pod.spec?.nodeName === dead)
    expect(await onDead()).not.toEqual([])
    await world.do(world.client.resource(Node).delete('', dead))
    await look.until(120, async () => (await onDead()).length === 0)
    expect(await look.readyPods('web')).toHaveLength(6)
  })
})
