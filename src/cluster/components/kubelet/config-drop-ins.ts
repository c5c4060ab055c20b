import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { parse } from 'yaml'
import { messageOf } from '../../../base/message-of.ts'
import { configObject, type Fields } from '../config-fields.ts'
import { FlagError } from '../flags/parse-flags.ts'

const kind = ['kubelet.config.k8s.io/v1beta1', 'KubeletConfiguration'] as const

const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** Fields with paths of files, which are meant from beside the file that names them. */
const pathFields = [
  ...[['staticPodPath'], ['resolvConf'], ['tlsCertFile'], ['tlsPrivateKeyFile']],
  ['authentication', 'x509', 'clientCAFile'],
]

function resolved(fields: Fields, [name = '', ...below]: readonly string[], folder: string): Fields {
  const value = fields[name]
  if (below.length > 0)
    return isFields(value) ? { ...fields, [name]: resolved(value, below, folder) } : fields
  return typeof value === 'string' && value !== '' ? { ...fields, [name]: resolve(folder, value) } : fields
}

function readFields(text: string, file: string): Fields {
  const fields = configObject(parse(text), file, kind)
  return pathFields.reduce((before, path) => resolved(before, path, dirname(file)), fields)
}

/** As a JSON merge patch: objects field by field, everything else as a whole; null takes away. */
function merged(before: unknown, patch: unknown): unknown {
  if (!isFields(patch)) return patch
  const members: Record<string, unknown> = isFields(before) ? { ...before } : {}
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) delete members[name]
    else members[name] = merged(members[name], value)
  }
  return members
}

/** The files of a folder and of those in it that end in `.conf`, in their order. */
function dropIns(folder: string): readonly string[] {
  const entries = readdirSync(folder, { withFileTypes: true }).toSorted((a, b) => (a.name < b.name ? -1 : 1))
  return entries.flatMap((entry) => {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) return dropIns(path)
    return entry.name.endsWith('.conf') ? [path] : []
  })
}

/**
 * A KubeletConfiguration with what the files of a folder change of it (`--config-dir`), paths made absolute; undefined
 * without both. Throws FlagError.
 */
export function readConfigFields(file: string | undefined, folder: string | undefined): Fields | undefined {
  const read = (what: string, path: string): Fields => {
    try {
      return readFields(readFileSync(path, 'utf8'), path)
    } catch (error) {
      throw new FlagError(`failed to load kubelet ${what} file, path: ${path}, error: ${messageOf(error)}`)
    }
  }
  const first = file === undefined ? undefined : read('config', file)
  if (folder === undefined) return first
  let paths: readonly string[]
  try {
    paths = dropIns(folder)
  } catch (error) {
    throw new FlagError(`failed to walk through kubelet dropin directory ${folder}: ${messageOf(error)}`)
  }
  return paths.reduce((before: Fields, path) => {
    const next = merged(before, read('dropin', path))
    return isFields(next) ? next : before
  }, first ?? {})
}
