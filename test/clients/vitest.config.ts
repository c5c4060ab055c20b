import { defineConfig } from 'vitest/config'

/** Real clients, installed by name from their registries: what `npm test` does not do. */
export default defineConfig({
  test: {
    root: import.meta.dirname,
    include: ['**/*.test.ts'],
    fileParallelism: false,
    // Compilers take their time on a small machine.
    testTimeout: 1_800_000,
    hookTimeout: 1_800_000,
  },
})
