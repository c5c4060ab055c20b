import { expect, test } from 'vitest'
import { realHost } from './host/real-host.ts'
import { VirtualHost } from './virtual-host.ts'

const makeHost = (seed = 1): VirtualHost =>
  new VirtualHost({ seed, hop: () => realHost.nextTurn(), sha256: (data) => realHost.sha256(data) })

test('advance() fires timers in the order of their time, then of their making', async () => {
  const host = makeHost()
  const fired: string[] = []
  const note = (name: string) => () => fired.push(`${name}@${host.monotonicMs()}`)
  host.schedule(20, note('late'))
  host.schedule(10, note('first'))
  host.schedule(10, note('second'))
  host.schedule(31, note('beyond'))
  await host.advance(30)
  expect(fired).toEqual(['first@10', 'second@10', 'late@20'])
  expect(host.monotonicMs()).toBe(30)
  expect(host.now()).toBe(Date.UTC(2026, 0, 1) + 30)
})

test('advance() lets what a timer started finish before time moves on', async () => {
  const host = makeHost()
  const seen: number[] = []
  const work = async (): Promise<void> => {
    for (let step = 0; step < 5; step++) {
      await host.nextTurn()
      await Promise.resolve()
    }
    seen.push(host.monotonicMs())
    await host.track(realHost.nextTurn().then(() => realHost.nextTurn()))
    seen.push(host.monotonicMs())
  }
  host.schedule(5, () => void work())
  host.schedule(6, () => seen.push(host.monotonicMs()))
  await host.advance(10)
  expect(seen).toEqual([5, 5, 6])
})

test('advance() fires timers made on the way, and a timer that renews itself at once moves time', async () => {
  const host = makeHost()
  let ticks = 0
  const tick = (): void => {
    ticks++
    host.schedule(0, tick)
  }
  host.schedule(0, tick)
  await host.advance(100)
  expect(ticks).toBe(100)
})

test('schedule() gives a timer that can be cancelled, also by another timer of the same time', async () => {
  const host = makeHost()
  const fired: string[] = []
  host.schedule(10, () => {
    fired.push('first')
    second.cancel()
    second.cancel()
  })
  const second = host.schedule(10, () => fired.push('second'))
  await host.advance(20)
  expect(fired).toEqual(['first'])
})

test('advance() rejects with what a timer throws, and works again afterwards', async () => {
  const host = makeHost()
  host.schedule(1, () => {
    throw new Error('boom')
  })
  await expect(host.advance(5)).rejects.toThrow('boom')
  await host.advance(5)
  expect(host.monotonicMs()).toBe(6)
})

test('advance() refuses to run twice at a time', async () => {
  const host = makeHost()
  const first = host.advance(1)
  await expect(host.advance(1)).rejects.toThrow('another advance is under way')
  await first
})

test('VirtualHost gives the same randomness for the same seed', () => {
  const draw = (host: VirtualHost) => [host.random(), ...host.randomBytes(7), host.random()]
  expect(draw(makeHost(7))).toEqual(draw(makeHost(7)))
  expect(draw(makeHost(7))).not.toEqual(draw(makeHost(8)))
})
