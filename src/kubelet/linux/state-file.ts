import { readFile, rename, writeFile } from 'node:fs/promises'
import type { StateStore } from '../state/state-store.ts'

/**
 * Keeps state in one file, which is replaced as a whole. It need not outlive the machine: containers do not either.
 */
export const stateFile = (path: string): StateStore => ({
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
