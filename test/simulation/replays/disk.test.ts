import { afterEach, expect, test } from 'vitest'
import { Figures } from '../support/figures.ts'
import { conditionOf } from '../support/workloads.ts'
import { Watchful } from '../support/world/watchful.ts'
import { World } from '../support/world/world.ts'

let world: World

afterEach(() => world.stop())

test('a node’s disk fills: its pods are Ready elsewhere within 30 s', async () => {
  world = await World.start({ seed: 3, nodes: ['node-1', 'node-2', 'node-3'].map((name) => ({ name })) })
  const look = new Watchful(world)
  await look.deploy('web', 6)
  const full = (await look.pods('web'))[0]?.spec?.nodeName ?? ''
  const figures = new Figures('a node’s disk fills')
  const runtime = world.node(full).runtime
  runtime.fillDisk(95 * 1024 ** 3)
  const pressed = await look.until(
    15,
    async () => conditionOf(await look.node(full), 'DiskPressure') === 'True',
  )
  figures.note('condition DiskPressure', pressed)
  const tainted = await look.until(5, async () =>
    (await look.tainted('node.kubernetes.io/disk-pressure', 'NoSchedule')).includes(full),
  )
  figures.note('taint', pressed + tainted)
  const away = await look.until(30, async () => {
    const ready = await look.readyPods('web')
    return ready.length === 6 && ready.every(({ spec }) => spec?.nodeName !== full)
  })
  figures.note('all pods Ready elsewhere', pressed + tainted + away)
  figures.print()
  expect(pressed + tainted + away).toBeLessThanOrEqual(30)
  const failed = (await look.pods('web')).filter(({ status }) => status?.phase === 'Failed')
  expect(new Set(failed.map(({ status }) => status?.reason))).toEqual(new Set(['Evicted']))
  runtime.fillDisk(0)
  const relieved = await look.until(
    320,
    async () => conditionOf(await look.node(full), 'DiskPressure') === 'False',
  )
  expect(relieved).toBeGreaterThanOrEqual(290)
  await look.until(
    10,
    async () => (await look.tainted('node.kubernetes.io/disk-pressure', 'NoSchedule')).length === 0,
  )
})
