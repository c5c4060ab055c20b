import { describe, expect, test } from 'vitest'
import { defaultEviction, type EvictionSettings, type Threshold } from './thresholds.ts'
import { noMemory, type Observations, observe, type SignalMemory, watchSignals } from './watch-signals.ts'

const gibibyte = 1024 ** 3

const machine = (availableGibibytes: number, freeInodes = 900): Observations =>
  observe(
    {
      availableMemoryBytes: 8 * gibibyte,
      nodeFs: {
        bytes: 100 * gibibyte,
        availableBytes: availableGibibytes * gibibyte,
        inodes: 1_000,
        freeInodes,
      },
    },
    16 * gibibyte,
  )

const signals = (met: readonly Threshold[]): readonly string[] => met.map(({ signal }) => signal)

describe('watchSignals()', () => {
  test.each([
    [16, 900, [], []],
    [14, 900, ['imagefs.available'], ['DiskPressure']],
    [9, 900, ['nodefs.available', 'imagefs.available'], ['DiskPressure']],
    [50, 49, ['nodefs.inodesFree', 'imagefs.inodesFree'], ['DiskPressure']],
  ])('with %d of 100 GiB and %d of 1,000 inodes free', (available, inodes, met, conditions) => {
    const watched = watchSignals(defaultEviction, noMemory, machine(available, inodes), 0)
    expect(signals(watched.met)).toEqual(met)
    expect([...watched.conditions]).toEqual(conditions)
  })

  test('puts memory before everything else', () => {
    const seen = new Map(machine(5)).set('memory.available', { available: 1, capacity: gibibyte })
    const { met, conditions } = watchSignals(defaultEviction, noMemory, seen, 0)
    expect(signals(met)[0]).toBe('memory.available')
    expect([...conditions].sort()).toEqual(['DiskPressure', 'MemoryPressure'])
  })

  test('keeps a condition for five minutes after it was last so', () => {
    const pressed = watchSignals(defaultEviction, noMemory, machine(1), 1_000)
    const laterBy = (ms: number): readonly string[] => [
      ...watchSignals(defaultEviction, pressed.memory, machine(50), 1_000 + ms).conditions,
    ]
    expect(laterBy(299_999)).toEqual(['DiskPressure'])
    expect(laterBy(300_000)).toEqual([])
    expect(watchSignals(defaultEviction, pressed.memory, machine(50), 2_000).met).toEqual([])
  })

  const soft: EvictionSettings = {
    ...defaultEviction,
    thresholds: [
      {
        signal: 'nodefs.available',
        value: { share: 0.2 },
        graceMs: 60_000,
        minReclaim: { quantity: 5 * gibibyte },
      },
    ],
  }
  const follow = (looks: readonly (readonly [seconds: number, available: number])[]): readonly number[] => {
    let memory: SignalMemory = noMemory
    return looks.map(([seconds, available]) => {
      const watched = watchSignals(soft, memory, machine(available), seconds * 1_000)
      memory = watched.memory
      return watched.met.length
    })
  }

  test('acts on a soft threshold only when it has been met for its grace', () => {
    expect(
      follow([
        [0, 19],
        [50, 19],
        [55, 21],
        [60, 19],
        [119, 19],
        [120, 19],
      ]),
    ).toEqual([0, 0, 0, 0, 0, 1])
  })

  test('goes on until the least reclaim is won, once it has acted', () => {
    expect(
      follow([
        [0, 19],
        [60, 19],
        [70, 22],
        [80, 24],
        [90, 25],
        [100, 22],
      ]),
    ).toEqual([0, 1, 1, 1, 0, 0])
  })

  test('tells a disk of images from that of the pods', () => {
    const small = { bytes: 100, availableBytes: 1, inodes: 0, freeInodes: 0 }
    const large = { bytes: 100, availableBytes: 90, inodes: 0, freeInodes: 0 }
    const seen = observe({ availableMemoryBytes: gibibyte, nodeFs: large, imageFs: small }, gibibyte)
    expect(signals(watchSignals(defaultEviction, noMemory, seen, 0).met)).toEqual(['imagefs.available'])
  })
})

test('observe() counts the processes that there may still be', () => {
  const nodeFs = { bytes: 1, availableBytes: 1, inodes: 0, freeInodes: 0 }
  const state = { availableMemoryBytes: 1, nodeFs, processes: { max: 100, running: 30 } }
  expect(observe(state, 1).get('pid.available')).toEqual({ available: 70, capacity: 100 })
})
