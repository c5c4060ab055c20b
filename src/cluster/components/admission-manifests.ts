import { readdirSync, readFileSync, type Stats, statSync } from 'node:fs'
import { extname, isAbsolute, join } from 'node:path'
import type { Features } from '../../apimachinery/feature-gates.ts'
import type {
  ManifestFile,
  ManifestFolder,
} from '../../apiserver/dynamic-admission/manifests/manifest-folder.ts'
import { messageOf } from '../../base/message-of.ts'
import { watchFolder } from '../access/watch-file.ts'
import { type Fields, textOf } from './config-fields.ts'
import { FlagError } from './flags/parse-flags.ts'

const gate = 'ManifestBasedAdmissionControlConfig'
/** The field of plugins' configurations. */
export const manifestsField = 'staticManifestsDir'

const extensions: ReadonlySet<string> = new Set(['.yaml', '.yml', '.json'])

const refuse = (path: string, why: string): FlagError =>
  new FlagError(`${manifestsField}: Invalid value: ${JSON.stringify(path)}: ${why}`)

function filesIn(folder: string): readonly ManifestFile[] {
  const names = readdirSync(folder, { withFileTypes: true })
    .filter((entry) => !entry.isDirectory() && extensions.has(extname(entry.name).toLowerCase()))
    .map(({ name }) => name)
  return names.sort().flatMap((name) => {
    const path = join(folder, name)
    const bytes = readFileSync(path)
    return bytes.length === 0 ? [] : [{ path, bytes }]
  })
}

function read(folder: string): readonly ManifestFile[] {
  try {
    return filesIn(folder)
  } catch (error) {
    throw new Error(`failed to read manifest directory "${folder}": ${messageOf(error)}`, { cause: error })
  }
}

function statOf(path: string): Stats {
  const stats = statSync(path, { throwIfNoEntry: false })
  if (stats === undefined) throw refuse(path, `unable to read: stat ${path}: no such file or directory`)
  return stats
}

/** The folder that a plugin's configuration names, if it does. Throws FlagError in upstream's words. */
export function admissionManifests(fields: Fields, features: Features): ManifestFolder | undefined {
  const path = textOf(fields, manifestsField) ?? ''
  if (path === '') return undefined
  if (!features.enabled(gate))
    throw new FlagError(
      `${manifestsField}: Forbidden: ${manifestsField} requires the ${gate} feature gate to be enabled`,
    )
  if (!isAbsolute(path)) throw refuse(path, 'must be an absolute file path')
  if (!statOf(path).isDirectory()) throw refuse(path, 'must be a directory')
  return { path, read: () => read(path), follow: (changed) => watchFolder(path, changed) }
}
