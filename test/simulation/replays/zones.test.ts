import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { Figures } from '../support/figures.ts'
import { isReady } from '../support/workloads.ts'
import { Watchful } from '../support/world/watchful.ts'
import { World } from '../support/world/world.ts'

const zones = ['a', 'b', 'c', 'd']
const perZone = 3
const replicas = 24
const unreachable = 'node.kubernetes.io/unreachable'

let world: World
let look: Watchful

beforeEach(async () => {
  const nodes = zones.flatMap((zone) =>
    Array.from({ length: perZone }, (_, index) => ({ name: `${zone}-${index + 1}`, zone })),
  )
  world = await World.start({ seed: 11, nodes })
  look = new Watchful(world)
  await look.deploy('web', replicas)
})
afterEach(() => world.stop())

const among = (names: readonly string[]) =>
  [...world.nodes.values()].filter(({ name }) => names.includes(name))
const inZones = (...names: readonly string[]): readonly string[] =>
  [...world.nodes.keys()].filter((name) => names.includes(name.slice(0, 1)))
const everywhere = (): readonly string[] => inZones(...zones)
const notReady = async (): Promise<number> => {
  const nodes = await Promise.all(everywhere().map((name) => look.node(name)))
  return nodes.filter((node) => !isReady(node)).length
}
const evicted = async (): Promise<readonly string[]> => look.tainted(unreachable, 'NoExecute')
const deleted = async (): Promise<number> =>
  (await look.pods('web')).filter(({ metadata }) => metadata?.deletionTimestamp).length

async function lose(title: string, names: readonly string[]): Promise<void> {
  const figures = new Figures(title)
  for (const machine of among(names)) machine.process.kill()
  const lost = await look.until(70, async () => (await notReady()) === names.length)
  figures.note('all of them NotReady', lost)
  const first = await look.until(20, async () => (await evicted()).length > 0)
  figures.note('the first is emptied', lost + first)
  const all = await look.until(200, async () => (await evicted()).length === names.length)
  figures.note(`all ${names.length} are emptied`, lost + first + all)
  // One node in ten seconds for each zone.
  expect(all).toBeGreaterThanOrEqual((perZone - 1) * 10 - 1)
  expect(all).toBeLessThanOrEqual(perZone * 10)
  const again = await look.until(400, async () => (await look.readyPods('web')).length === replicas)
  figures.note('all pods Ready elsewhere', lost + first + all + again)
  figures.print()
}

describe('parts of the cluster go', () => {
  test('a whole zone', () => lose('a zone of four goes', inZones('a')))

  test('half the zones', () => lose('two zones of four go', inZones('a', 'b')))

  test('all nodes: nobody is evicted, and when they come back everything is as it was', async () => {
    const before = await look.fingerprint('web')
    for (const { link } of world.nodes.values()) link.cut()
    await look.until(70, async () => (await notReady()) === world.nodes.size)
    await world.advance(900_000)
    expect(await evicted()).toEqual([])
    expect(await deleted()).toBe(0)
    for (const { link } of world.nodes.values()) link.heal()
    const figures = new Figures('all nodes were away for a quarter of an hour')
    const back = await look.until(120, async () => (await look.readyPods('web')).length === replicas)
    figures.note('all pods Ready again', back)
    figures.print()
    await world.advance(600_000)
    expect(await look.fingerprint('web')).toEqual(before)
  })

  test('most of a small zone: it is rather the network, so nobody is evicted there', async () => {
    const [survivor = ''] = inZones('b')
    const gone = inZones('a').slice(0, 2)
    for (const name of ['a-4', 'a-5']) world.startNode({ name, zone: 'a' })
    await world.advance(3_000)
    const losing = [...gone, 'a-4', 'a-5']
    for (const machine of among(losing)) machine.process.kill()
    await look.until(70, async () => (await evicted()).length + (await notReady()) >= losing.length)
    await world.advance(30_000)
    const first = (await evicted()).length
    await world.advance(600_000)
    expect((await evicted()).length).toBe(first)
    expect(first).toBeLessThan(losing.length)
    expect(isReady(await look.node(survivor))).toBe(true)
  })
})

test.each([120, 240])('a partition of a zone that heals after %d s kills nothing', async (seconds) => {
  const before = await look.fingerprint('web')
  for (const { link } of among(inZones('a'))) link.cut()
  await world.advance(seconds * 1_000)
  expect((await look.readyPods('web')).length).toBeLessThan(replicas)
  for (const { link } of among(inZones('a'))) link.heal()
  const back = await look.until(90, async () => (await look.readyPods('web')).length === replicas)
  const figures = new Figures(`a zone was cut off for ${seconds} s`)
  figures.note('all pods Ready again', back)
  figures.print()
  await world.advance(400_000)
  expect(await look.fingerprint('web')).toEqual(before)
  expect(await evicted()).toEqual([])
})
