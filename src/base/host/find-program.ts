import { accessSync, constants } from 'node:fs'
import { delimiter, isAbsolute, join } from 'node:path'

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK)
    return true
  } catch {
    return false
  }
}

/** The full path of a program that is given by path or to be found in the folders of `path`, a `PATH`; undefined where there is none that can be run. */
export function findProgram(program: string, path: string): string | undefined {
  const candidates = isAbsolute(program)
    ? [program]
    : path.split(delimiter).map((folder) => join(folder, program))
  return candidates.find(isExecutable)
}
