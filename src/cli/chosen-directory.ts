import { accessSync, constants, statSync } from 'node:fs'
import { defaultDataDirectory } from '../cluster/index.ts'

/**
 * The data directory a command works on; it need not exist yet. Throws where it is no folder or may not be read:
 * nobody can say then whether a cluster is in it.
 */
export function chosenDirectory(option: string | undefined): string {
  const root = option ?? defaultDataDirectory()
  const stats = statSync(root, { throwIfNoEntry: false })
  if (stats === undefined) return root
  if (!stats.isDirectory()) throw new Error(`the data directory ${root} is not a folder`)
  accessSync(root, constants.R_OK | constants.X_OK)
  return root
}
