import { describe, expect, it } from 'vitest'
import { type KeptKey, type KeyTimes, planKeys } from './plan-keys.ts'

const times: KeyTimes = { rotationMs: 1_000, aheadMs: 100, behindMs: 50 }
const key = (fromMs: number): KeptKey => ({ fromMs, privateKeyPem: `key of ${fromMs}` })

describe('planKeys()', () => {
  it('lets the first key sign at once', () => {
    expect(planKeys([], 5_000, times)).toEqual({ keep: [], makeFromMs: 5_000, nextMs: 5_900 })
  })

  it('does nothing until the next key has to be published', () => {
    expect(planKeys([key(5_000)], 5_899, times)).toEqual({ keep: [key(5_000)], nextMs: 5_900 })
  })

  it('publishes the next key before it signs', () => {
    expect(planKeys([key(5_000)], 5_900, times)).toEqual({
      ...{ keep: [key(5_000)], makeFromMs: 6_000, nextMs: 6_000 },
    })
  })

  it('never lets a key sign that was published too late', () => {
    expect(planKeys([key(5_000)], 9_000, times)).toMatchObject({ makeFromMs: 9_100 })
  })

  it('keeps a key until its last token has ended', () => {
    expect(planKeys([key(5_000), key(6_000)], 6_049, times)).toEqual({
      ...{ keep: [key(5_000), key(6_000)], nextMs: 6_050 },
    })
    expect(planKeys([key(5_000), key(6_000)], 6_050, times)).toEqual({ keep: [key(6_000)], nextMs: 6_900 })
  })
})
