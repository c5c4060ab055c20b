import { expect, test } from 'vitest'
import { createMetrics } from './metrics.ts'

test('createMetrics() shows the figures of the process', () => {
  const text = createMetrics().expose()
  const value = (name: string): number => Number(new RegExp(`^${name} (.*)$`, 'm').exec(text)?.[1])
  expect(value('process_cpu_seconds_total')).toBeGreaterThan(0)
  expect(value('process_resident_memory_bytes')).toBeGreaterThan(1e6)
  expect(value('process_start_time_seconds')).toBeGreaterThan(1.7e9)
  expect(value('process_open_fds')).toBeGreaterThan(3)
})
