import { expect, test } from 'vitest'
import { parseThresholds, type ThresholdSource } from './parse-thresholds.ts'

const none = new Map<string, never>()
const source = (more: Partial<ThresholdSource>): ThresholdSource => ({
  ...{ hard: none, soft: none, softGraceMs: none, minimumReclaim: none },
  ...more,
})

test('parseThresholds() reads quantities and shares, hard and soft', () => {
  const read = parseThresholds(
    source({
      hard: new Map([
        ['memory.available', '1Gi'],
        ['imagefs.available', '0%'],
      ]),
      soft: new Map([['nodefs.available', '12.5%']]),
      softGraceMs: new Map([['nodefs.available', 90_000]]),
      minimumReclaim: new Map([['memory.available', '500Mi']]),
    }),
  )
  expect(read).toEqual([
    {
      signal: 'memory.available',
      value: { quantity: 1024 ** 3 },
      graceMs: 0,
      minReclaim: { quantity: 500 * 1024 ** 2 },
    },
    { signal: 'nodefs.available', value: { share: 0.125 }, graceMs: 90_000 },
  ])
})

test.each([
  ['pids', '5', 'unsupported eviction signal pids'],
  ['memory.available', 'much', 'quantities must match the regular expression'],
  ['memory.available', '-1Gi', 'eviction threshold memory.available must be positive: -1Gi'],
  ['memory.available', '-5%', 'eviction percentage threshold memory.available must be >= 0%: -5%'],
  ['memory.available', 'x%', 'strconv.ParseFloat: parsing "x": invalid syntax'],
])('parseThresholds() refuses %s < %s', (signal, text, message) => {
  expect(() => parseThresholds(source({ hard: new Map([[signal, text]]) }))).toThrow(message)
})

test('parseThresholds() wants a grace for each soft threshold', () => {
  const soft = new Map([['memory.available', '1Gi']])
  expect(() => parseThresholds(source({ soft }))).toThrow(
    'grace period must be specified for the soft eviction threshold memory.available',
  )
})
