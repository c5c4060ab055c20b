import { defineConfig } from 'vitest/config'

const project = (
  name: string,
  include: string[],
  options: { timeoutMs?: number; serial?: boolean; exclude?: string[]; atOnce?: number } = {},
) => ({
  test: {
    name,
    include,
    exclude: options.exclude ?? [],
    testTimeout: options.timeoutMs ?? 10_000,
    hookTimeout: options.timeoutMs ?? 10_000,
    ...(options.serial ? { fileParallelism: false } : {}),
    ...(options.atOnce === undefined ? {} : { maxConcurrency: options.atOnce }),
  },
})

export default defineConfig({
  test: {
    projects: [
      project('unit', ['src/**/*.test.ts', 'scripts/**/*.test.ts', 'test/tidy.test.ts'], {
        timeoutMs: 60_000,
        exclude: ['src/**/*.system.test.ts'],
      }),
      // Real disks, containers, rules and namespaces: what a machine may lack, and what takes its time.
      project('system', ['src/**/*.system.test.ts'], { timeoutMs: 60_000 }),
      project('simulation', ['test/simulation/**/*.test.ts', 'examples/**/*.test.ts'], { timeoutMs: 60_000 }),
      // Containers of many behaviours start together, and most of their time is waiting.
      project('conformance', ['test/conformance/**/*.test.ts'], { timeoutMs: 120_000, atOnce: 40 }),
      // What an adversary tries, on embedded clusters.
      project('security', ['test/security/**/*.test.ts'], { timeoutMs: 60_000 }),
      project('e2e', ['test/e2e/**/*.test.ts'], { timeoutMs: 300_000, serial: true }),
    ],
  },
})
