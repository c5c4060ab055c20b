import { jsonEqual } from '../json-equal.ts'
import { type Fields, isMap } from '../managed-fields/typed.ts'
import type { JsonValue } from '../meta.ts'
import { PatchError } from './patch-error.ts'

/** Upstream's limits: operations in a patch, and bytes that `copy` may add up to. */
export const maxOperations = 10_000

interface Operation {
  readonly op: string
  readonly path: string
  readonly from?: string
  readonly value?: JsonValue
}

const missing = (path: string): string => `${path}: missing value`

function parsePointer(pointer: string): readonly string[] {
  if (pointer === '') return []
  if (!pointer.startsWith('/')) throw new PatchError(`invalid JSON pointer: ${pointer}`)
  return pointer
    .slice(1)
    .split('/')
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'))
}

function arrayIndex(key: string, length: number, operation: string): number {
  if (!/^-?\d+$/.test(key))
    throw new PatchError(
      `${operation} operation does not apply: value was not a proper array index: '${key}'`,
    )
  const index = Number(key)
  const at = index < 0 ? index + length : index
  if (at < 0 || at > length) {
    throw new PatchError(
      `${operation} operation does not apply: Unable to access invalid index: ${index}: invalid index referenced`,
    )
  }
  return at
}

function read(document: JsonValue, path: string, operation: string): JsonValue {
  let value: JsonValue | undefined = document
  for (const key of parsePointer(path)) {
    if (Array.isArray(value))
      value = (value as readonly JsonValue[])[arrayIndex(key, value.length, operation)]
    else value = isMap(value) && Object.hasOwn(value, key) ? value[key] : undefined
    if (value === undefined) {
      throw new PatchError(`${operation} operation does not apply: doc is missing path: ${missing(path)}`)
    }
  }
  return value
}

type Edit = (parent: Record<string, JsonValue> | JsonValue[], key: string) => void

/** A copy of the way to `path`'s parent, with the parent edited. */
function editAt(
  document: JsonValue,
  keys: readonly string[],
  path: string,
  operation: string,
  edit: Edit,
): JsonValue {
  const [key, ...rest] = keys
  if (key === undefined)
    throw new PatchError(`${operation} operation does not apply: the whole document cannot be ${operation}d`)
  if (!Array.isArray(document) && !isMap(document)) {
    throw new PatchError(
      `${operation} operation does not apply: doc is missing path: "${path}": missing value`,
    )
  }
  const copy = Array.isArray(document) ? [...(document as readonly JsonValue[])] : { ...(document as Fields) }
  if (rest.length === 0) {
    edit(copy, key)
    return copy
  }
  if (Array.isArray(copy)) {
    const index = arrayIndex(key, copy.length, operation)
    const child = copy[index]
    if (child === undefined)
      throw new PatchError(
        `${operation} operation does not apply: doc is missing path: "${path}": missing value`,
      )
    copy[index] = editAt(child, rest, path, operation, edit)
    return copy
  }
  const child = Object.hasOwn(copy, key) ? copy[key] : undefined
  if (child === undefined) {
    throw new PatchError(
      `${operation} operation does not apply: doc is missing path: "${path}": missing value`,
    )
  }
  copy[key] = editAt(child, rest, path, operation, edit)
  return copy
}

const add = (document: JsonValue, path: string, value: JsonValue): JsonValue =>
  path === ''
    ? value
    : editAt(document, parsePointer(path), path, 'add', (parent, key) => {
        if (!Array.isArray(parent)) parent[key] = value
        else if (key === '-') parent.push(value)
        else parent.splice(arrayIndex(key, parent.length, 'add'), 0, value)
      })

const remove = (document: JsonValue, path: string): JsonValue =>
  editAt(document, parsePointer(path), path, 'remove', (parent, key) => {
    if (Array.isArray(parent)) {
      const index = arrayIndex(key, parent.length, 'remove')
      if (index >= parent.length) {
        throw new PatchError(
          `remove operation does not apply: Unable to access invalid index: ${index}: invalid index referenced`,
        )
      }
      parent.splice(index, 1)
    } else if (Object.hasOwn(parent, key)) delete parent[key]
    else throw new PatchError(`remove operation does not apply: doc is missing key: ${missing(path)}`)
  })

const replace = (document: JsonValue, path: string, value: JsonValue): JsonValue =>
  path === ''
    ? value
    : editAt(document, parsePointer(path), path, 'replace', (parent, key) => {
        if (Array.isArray(parent)) {
          const index = arrayIndex(key, parent.length, 'replace')
          if (index >= parent.length)
            throw new PatchError(`replace operation does not apply: doc is missing key: ${missing(path)}`)
          parent[index] = value
        } else if (Object.hasOwn(parent, key)) parent[key] = value
        else throw new PatchError(`replace operation does not apply: doc is missing key: ${missing(path)}`)
      })

function test(document: JsonValue, { path, value }: Operation): JsonValue {
  let found: JsonValue
  try {
    found = read(document, path, 'test')
  } catch (error) {
    if (!(error instanceof PatchError) || (value !== null && value !== undefined)) throw error
    found = null // testing for null where nothing is succeeds
  }
  if (!jsonEqual(found, value ?? null)) throw new PatchError(`testing value ${path} failed: test failed`)
  return document
}

function requireValue({ op, path, value }: Operation): JsonValue {
  if (value === undefined)
    throw new PatchError(`${op} operation does not apply: missing value for path: ${path}`)
  return value
}

function requireFrom({ op, from }: Operation): string {
  if (from === undefined) throw new PatchError(`${op} operation failed to decode from: missing value`)
  return from
}

function applyOne(document: JsonValue, operation: Operation): JsonValue {
  const { op, path } = operation
  switch (op) {
    case 'add':
      return add(document, path, requireValue(operation))
    case 'remove':
      return remove(document, path)
    case 'replace':
      return replace(document, path, requireValue(operation))
    case 'test':
      return test(document, operation)
    case 'copy':
      return add(document, path, read(document, requireFrom(operation), 'copy'))
    case 'move': {
      const from = requireFrom(operation)
      return add(remove(document, from), path, read(document, from, 'move'))
    }
    default:
      throw new PatchError(`Unexpected kind: ${op}`)
  }
}

function decode(patch: JsonValue): readonly Operation[] {
  if (!Array.isArray(patch))
    throw new PatchError('cannot unmarshal object into a list of JSON patch operations')
  return patch.map((operation: JsonValue) => {
    if (!isMap(operation)) throw new PatchError('a JSON patch operation must be an object')
    const { op, path, from, value } = operation
    if (typeof op !== 'string') throw new PatchError('a JSON patch operation must have an op')
    if (typeof path !== 'string') throw new PatchError(`${op} operation failed to decode path: missing value`)
    return {
      op,
      path,
      ...(typeof from === 'string' ? { from } : {}),
      ...(value === undefined ? {} : { value }),
    }
  })
}

/** JSON patch, RFC 6902. `document` is not changed; what the patch leaves alone is shared. Throws PatchError. */
export function applyJsonPatch(document: JsonValue, patch: JsonValue): JsonValue {
  return decode(patch).reduce(applyOne, document)
}
