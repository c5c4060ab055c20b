import { defineConfig } from 'vitest/config'

/** What breaks on a node, on a real runtime: by itself, since it takes minutes. */
export default defineConfig({
  test: {
    include: ['test/node-faults/**/*.test.ts'],
    testTimeout: 240_000,
    hookTimeout: 240_000,
    fileParallelism: false,
  },
})
