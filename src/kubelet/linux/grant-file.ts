import { readFile, rename, writeFile } from 'node:fs/promises'
import type { GrantStore } from '../allocation/saved-grants.ts'

/**
 * Keeps what resized pods were granted in one file, which is replaced as a whole. It need not outlive the machine:
 * containers do not either.
 */
export const grantFile = (path: string): GrantStore => ({
  load: async () => {
    try {
      return await readFile(path, 'utf8')
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
      throw error
    }
  },
  save: async (text) => {
    await writeFile(`${path}.tmp`, text, { mode: 0o600 })
    await rename(`${path}.tmp`, path)
  },
})
