import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { findProgram } from '../../base/host/find-program.ts'
import { parseRuntimeHandlers, type RuntimeHandler } from './runtime-handlers.ts'

/**
 * The runtimes of all `*.toml` of a folder, in the order of their names; none where there is no folder. Throws where a
 * file is wrong, two name the same runtime, or a program that containerd would start is missing from `path`.
 */
export function readRuntimeHandlers(folder: string, path: string): readonly RuntimeHandler[] {
  const handlers = new Map<string, RuntimeHandler>()
  for (const file of dropIns(folder)) {
    for (const handler of parseRuntimeHandlers(file, readFileSync(file, 'utf8'))) {
      const { name, shim } = handler
      if (handlers.has(name)) throw new Error(`${file}: another file has the runtime "${name}", too`)
      if (findProgram(shim, path) === undefined) {
        throw new Error(
          `${file}: runtime "${name}" needs ${shim}, which is not there: install it, or take the file away`,
        )
      }
      handlers.set(name, handler)
    }
  }
  return [...handlers.values()]
}

function dropIns(folder: string): readonly string[] {
  try {
    return readdirSync(folder)
      .filter((name) => name.endsWith('.toml'))
      .sort()
      .map((name) => join(folder, name))
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return []
    throw error
  }
}
