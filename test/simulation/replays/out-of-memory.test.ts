import { afterEach, expect, test } from 'vitest'
import { Figures } from '../support/figures.ts'
import { Watchful } from '../support/world/watchful.ts'
import { World } from '../support/world/world.ts'

let world: World

afterEach(() => world.stop())

test('a container is killed for memory again and again: 10 s, 20 s, 40 s … 5 min, and after ten quiet minutes 10 s again', async () => {
  world = await World.start({ seed: 5, nodes: [{ name: 'node-1' }] })
  const look = new Watchful(world)
  await look.deploy('web', 1)
  const figures = new Figures('a container is killed for memory again and again')
  const container = async () => (await look.pods('web'))[0]?.status?.containerStatuses?.[0]
  const runs = async (): Promise<boolean> => (await container())?.state?.running !== undefined
  /** Kills it a moment after its start; the seconds until it runs again. */
  const kill = async (): Promise<number> => {
    const uid = (await look.pods('web'))[0]?.metadata?.uid ?? ''
    world.node('node-1').runtime.endContainer(uid, 'main', 137, 'OOMKilled')
    await world.advance(500)
    if (await runs()) return 0
    const { state } = (await container()) ?? {}
    expect(state?.waiting?.reason).toBe('CrashLoopBackOff')
    return look.until(400, runs)
  }
  const pauses: number[] = []
  for (let count = 0; count < 9; count++) {
    pauses.push(await kill())
    const { lastState, restartCount } = (await container()) ?? {}
    expect(lastState?.terminated).toMatchObject({ exitCode: 137, reason: 'OOMKilled' })
    expect(restartCount).toBe(count + 1)
  }
  figures.note('pauses before it is started again', pauses.map((seconds) => `${seconds} s`).join(', '))
  await world.advance(605_000)
  const quiet = [await kill(), await kill(), await kill()]
  figures.note('after ten quiet minutes', quiet.map((seconds) => `${seconds} s`).join(', '))
  figures.print()
  expect(pauses).toEqual([0, 10, 20, 40, 80, 160, 300, 300, 300])
  expect(quiet).toEqual([0, 10, 20])
})
