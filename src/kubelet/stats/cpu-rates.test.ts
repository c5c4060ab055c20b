import { expect, test } from 'vitest'
import { CpuRates } from './cpu-rates.ts'

const usage = (timeMs: number, cpuNanos: number) => ({
  ...{ timeMs, cpuNanos },
  memory: { usageBytes: 0, workingSetBytes: 0, rssBytes: 0, pageFaults: 0, majorPageFaults: 0 },
})

function looks(...times: readonly (readonly [timeMs: number, cpuNanos: number])[]) {
  const rates = new CpuRates()
  return times.map(([timeMs, cpuNanos]) => {
    const rate = rates.of('a', usage(timeMs, cpuNanos))
    rates.settle()
    return rate
  })
}

test('CpuRates has a rate from the second look on', () => {
  expect(looks([0, 0], [10_000, 5e9], [20_000, 6e9])).toEqual([undefined, 0.5e9, 0.1e9])
})

test('CpuRates keeps its rate between looks that are close together', () => {
  expect(looks([0, 0], [10_000, 5e9], [10_500, 9e9], [20_500, 5.5e9])).toEqual([
    ...[undefined, 0.5e9, 0.5e9],
    Math.round(0.5e12 / 10_500),
  ])
})

test('CpuRates begins anew where a group does', () => {
  expect(looks([0, 8e9], [10_000, 1e9], [20_000, 2e9])).toEqual([undefined, undefined, 0.1e9])
})
