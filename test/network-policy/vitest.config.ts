import { defineConfig } from 'vitest/config'

/** The whole matrix of policies, on real containers: by itself, since it takes minutes. `npm test` has a few of them. */
export default defineConfig({
  test: {
    include: ['test/network-policy/**/*.test.ts'],
    testTimeout: 240_000,
    hookTimeout: 240_000,
    fileParallelism: false,
  },
})
