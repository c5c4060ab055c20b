import { NumberLiteral } from '../codec/number-literal.ts'
import { jsonEqual } from '../json-equal.ts'
import type { JsonValue } from '../meta.ts'
import { utf8Length } from '../utf8-length.ts'
import { FailedTest, PatchError } from './patch-error.ts'
import { type Fields, isFields, isList } from './patch-value.ts'

/** Upstream's limit of operations in a patch. */
export const maxOperations = 10_000
/** Upstream's limit of the bytes that `copy` operations may add up to. */
const maxCopiedBytes = 3 * 1024 * 1024

const inapplicable = (message: string): PatchError => new PatchError('inapplicable', message)
const missingPath = (operation: string, path: string): PatchError =>
  inapplicable(
    `${operation} operation does not apply: doc is missing path: ${JSON.stringify(path)}: missing value`,
  )

/** What is in front of the first slash does not count, as in upstream's library. */
function parsePointer(operation: string, pointer: string): readonly string[] {
  const [, ...parts] = pointer.split('/')
  if (parts.length === 0) throw missingPath(operation, pointer)
  return parts.map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'))
}

/** An index of a list of `length`; negative ones count from its end. */
function indexOf(key: string, length: number): number {
  if (!/^[+-]?\d+$/.test(key))
    throw inapplicable(
      `value was not a proper array index: '${key}': strconv.Atoi: parsing ${JSON.stringify(key)}: invalid syntax`,
    )
  const index = Number(key)
  if (index >= length || index < -length)
    throw inapplicable(`Unable to access invalid index: ${index}: invalid index referenced`)
  return index < 0 ? index + length : index
}

/** A member or item; undefined: a member that is not there. A list's item has to be. */
function childOf(parent: Fields | readonly JsonValue[], key: string): JsonValue | undefined {
  if (isList(parent)) return parent[indexOf(key, parent.length)]
  return Object.hasOwn(parent, key) ? parent[key] : undefined
}

function parentOf(
  document: JsonValue,
  keys: readonly string[],
  operation: string,
  path: string,
): Fields | readonly JsonValue[] {
  let value: JsonValue | undefined = document
  for (let depth = 0; depth < keys.length - 1; depth++) {
    if (!isFields(value) && !isList(value)) throw missingPath(operation, path)
    value = childOf(value, keys[depth] ?? '')
  }
  if (!isFields(value) && !isList(value)) throw missingPath(operation, path)
  return value
}

function read(document: JsonValue, path: string, operation: string): JsonValue | undefined {
  const keys = parsePointer(operation, path)
  return childOf(parentOf(document, keys, operation, path), keys.at(-1) ?? '')
}

type Edit = (parent: Record<string, JsonValue> | JsonValue[], key: string) => void

/** A copy of the way to `path`'s parent, with the parent edited. */
function editAt(document: JsonValue, path: string, operation: string, edit: Edit): JsonValue {
  const keys = parsePointer(operation, path)
  const copyAt = (value: JsonValue | undefined, depth: number): JsonValue => {
    if (!isFields(value) && !isList(value)) throw missingPath(operation, path)
    const copy = isList(value) ? [...value] : { ...value }
    const key = keys[depth] ?? ''
    if (depth === keys.length - 1) edit(copy, key)
    else {
      const child = copyAt(childOf(value, key), depth + 1)
      if (Array.isArray(copy)) copy[indexOf(key, copy.length)] = child
      else copy[key] = child
    }
    return copy
  }
  return copyAt(document, 0)
}

const add = (document: JsonValue, path: string, operation: string, value: JsonValue): JsonValue =>
  editAt(document, path, operation, (parent, key) => {
    if (!Array.isArray(parent)) parent[key] = value
    else if (key === '-') parent.push(value)
    else parent.splice(indexOf(key, parent.length + 1), 0, value)
  })

const remove = (document: JsonValue, path: string, operation: string): JsonValue =>
  editAt(document, path, operation, (parent, key) => {
    if (Array.isArray(parent)) parent.splice(indexOf(key, parent.length), 1)
    else if (Object.hasOwn(parent, key)) delete parent[key]
    else throw inapplicable(`Unable to remove nonexistent key: ${key}: missing value`)
  })

/** As upstream's library has it, a member that is not there can be replaced, too. */
function replace(document: JsonValue, path: string, value: JsonValue): JsonValue {
  if (path !== '')
    return editAt(document, path, 'replace', (parent, key) => {
      if (Array.isArray(parent)) parent[indexOf(key, parent.length)] = value
      else parent[key] = value
    })
  if (isFields(value) || isList(value)) return value
  throw inapplicable('replace operation value must be object or array')
}

function test(document: JsonValue, path: string, value: JsonValue): JsonValue {
  const found = path === '' ? document : (read(document, path, 'test') ?? null)
  if (!jsonEqual(found, value)) throw new FailedTest(path)
  return document
}

function textOf(operation: Fields, name: string): string {
  const value = operation[name]
  if (typeof value !== 'string') throw inapplicable(`operation missing ${name} field: missing value`)
  return value
}

/** Applies one operation after another, keeping count of what they copy. */
class Patcher {
  #copiedBytes = 0

  apply(document: JsonValue, operation: Fields): JsonValue {
    const { op, value = null } = operation
    const path = (): string => textOf(operation, 'path')
    switch (op) {
      case 'add':
        return add(document, path(), op, value)
      case 'remove':
        return remove(document, path(), op)
      case 'replace':
        return replace(document, path(), value)
      case 'test':
        return test(document, path(), value)
      case 'copy':
        return add(document, path(), op, this.#copied(read(document, textOf(operation, 'from'), op) ?? null))
      case 'move': {
        const from = textOf(operation, 'from')
        const moved = read(document, from, op) ?? null
        return add(remove(document, from, op), path(), op, moved)
      }
      default:
        throw inapplicable(`Unexpected kind: ${typeof op === 'string' ? op : 'unknown'}`)
    }
  }

  #copied(value: JsonValue): JsonValue {
    this.#copiedBytes +=
      value instanceof NumberLiteral ? value.text.length : utf8Length(JSON.stringify(value))
    if (this.#copiedBytes > maxCopiedBytes) {
      throw inapplicable(
        `Unable to complete the copy, the accumulated size increase of copy is ${this.#copiedBytes}, exceeding the limit ${maxCopiedBytes}`,
      )
    }
    return value
  }
}

/**
 * JSON patch, RFC 6902, with the leniency of the library that upstream uses. `document` is not changed; what the
 * patch leaves alone is shared. Throws PatchError.
 */
export function applyJsonPatch(document: JsonValue, operations: readonly JsonValue[]): JsonValue {
  const patcher = new Patcher()
  let patched = document
  for (const operation of operations) patched = patcher.apply(patched, isFields(operation) ? operation : {})
  return patched
}
