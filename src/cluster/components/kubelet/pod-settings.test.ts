import { expect, test } from 'vitest'
import { parseFlags } from '../flags/parse-flags.ts'
import { kubeletFlags } from './kubelet-flags.ts'
import { type PodConfig, podSettings } from './pod-settings.ts'

function settings(config: PodConfig, ...args: readonly string[]) {
  const parsed = parseFlags('kubelet', kubeletFlags, args)
  if (parsed.type !== 'run') throw new Error(parsed.type)
  return podSettings(parsed.values, config)
}

test('podSettings() bounds the pauses of containers that fail again and again', () => {
  expect(settings({ maxCrashLoopMs: 5_000 }).crashLoop).toEqual({ initialMs: 5_000, maxMs: 5_000 })
  const reduced = '--feature-gates=ReduceDefaultCrashLoopBackOffDecay=true'
  expect(settings({}, reduced).crashLoop).toEqual({ initialMs: 1_000, maxMs: 60_000 })
  expect(settings({ maxCrashLoopMs: 2_000 }, reduced).crashLoop).toEqual({ initialMs: 1_000, maxMs: 2_000 })
})

test.each([
  [{ maxCrashLoopMs: 301_000 }, [], 'CrashLoopBackOff.MaxContainerRestartPeriod (got: 301 seconds)'],
  [{ maxCrashLoopMs: 2_000 }, ['--feature-gates=KubeletCrashLoopBackOffMax=false'], 'must not be set'],
  [{ maxParallelPulls: 0 }, [], 'maxParallelImagePulls 0 must be a positive number'],
  [{ maxParallelPulls: 2 }, [], 'cannot be larger than 1 unless SerializeImagePulls'],
  [{}, ['--image-gc-low-threshold=85'], 'must be less than imageGCHighThresholdPercent'],
  [{ maxImageAgeMs: 60_000 }, [], 'imageMaximumGCAge 60s must be greater than imageMinimumGCAge 120s'],
] as const)('podSettings() refuses %j %j', (config, args, message) => {
  expect(() => settings(config, ...args)).toThrow(message)
})
