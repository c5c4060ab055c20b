import { existsSync, readdirSync, readFileSync } from 'node:fs'
import type { DataDirectory } from '../data-directory.ts'
import type { NodeConfig } from './node-config.ts'
import { nodePaths } from './node-paths.ts'

/** The nodes that a data directory has had with real containers, as they were last started. */
export function knownNodes(directory: DataDirectory): readonly NodeConfig[] {
  const folder = directory.node('')
  const names = existsSync(folder) ? readdirSync(folder) : []
  return names
    .map((name) => nodePaths(directory.node(name)).config)
    .filter((file) => existsSync(file))
    .map((file) => JSON.parse(readFileSync(file, 'utf8')) as NodeConfig)
}
