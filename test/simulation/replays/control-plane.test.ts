import { afterEach, expect, test } from 'vitest'
import type { ApiRequest } from '../../../src/apimachinery/transport.ts'
import { Deployment } from '../../../src/cluster/index.ts'
import { Figures } from '../support/figures.ts'
import type { Weather } from '../support/world/link.ts'
import { Watchful } from '../support/world/watchful.ts'
import { World } from '../support/world/world.ts'

let world: World

afterEach(() => world.stop())

/** Ends whoever is about to make a write, after so many that are let through. */
class CrashAtWrite implements Weather {
  #left = Number.POSITIVE_INFINITY
  #crash: () => void = () => {}

  arm(writes: number, crash: () => void): void {
    this.#left = writes
    this.#crash = crash
  }

  async onWay({ method }: ApiRequest): Promise<void> {
    if (method === 'GET' || this.#left-- > 0) return
    this.#left = Number.POSITIVE_INFINITY
    this.#crash()
    await new Promise<void>(() => {})
  }

  async onReturn(): Promise<void> {}
  async onBatch(): Promise<void> {}
}

const replicas = 3
const stepMs = 100
const mostMs = 5_000
/** When clients have forgotten that they could not reach the server: upstream's reset of a reflector's back-off. */
const quietMs = 121_000

test('a control plane that crashes between any two writes serves again within 5 s', async () => {
  const weather = new CrashAtWrite()
  world = await World.start({
    seed: 11,
    nodes: ['node-1', 'node-2'].map((name) => ({ name })),
    weather: (who) => (who.startsWith('control') ? weather : undefined),
  })
  const look = new Watchful(world)
  await look.deploy('web', replicas)

  const isRolledOut = async (): Promise<boolean> => {
    const { metadata, status } = await world.client.resource(Deployment).get('default', 'web')
    const { observedGeneration, updatedReplicas, readyReplicas, replicas: all } = status ?? {}
    return (
      observedGeneration === metadata?.generation &&
      [updatedReplicas, readyReplicas, all].every((count) => count === replicas)
    )
  }
  /** Rolls out; where the control plane crashes on the way, the time from then until all is well. */
  const rollOut = async (version: number): Promise<number | undefined> => {
    const crash: { atMs?: number } = {}
    weather.arm(version, () => {
      for (const { process } of world.controls) process.kill()
      crash.atMs = world.host.monotonicMs()
    })
    const spec = { template: { metadata: { annotations: { version: String(version) } } } }
    const type = 'application/merge-patch+json'
    await world.do(world.client.resource(Deployment).patch('default', 'web', type, { spec }), stepMs)
    while (crash.atMs === undefined && !(await isRolledOut())) await world.advance(stepMs)
    const { atMs } = crash
    if (atMs === undefined) return undefined
    await world.restartServer()
    world.startControl()
    while (!(await isRolledOut())) await world.advance(stepMs)
    return world.host.monotonicMs() - atMs
  }

  const times: number[] = []
  for (let version = 0; ; version++) {
    // A crash is an accident: by the next one nobody remembers the last.
    await world.advance(quietMs)
    const ms = await rollOut(version)
    if (ms === undefined) break
    times.push(ms)
  }
  const figures = new Figures('the control plane crashes between any two writes of a rollout')
  figures.note('places', String(times.length))
  figures.note('rolled out after the crash, at most', Math.max(...times) / 1_000)
  figures.print()
  expect(times.length).toBeGreaterThan(20)
  expect(Math.max(...times)).toBeLessThanOrEqual(mostMs)
})
