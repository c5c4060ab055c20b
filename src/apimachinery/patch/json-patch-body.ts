import { DecodeContext } from '../codec/decode-context.ts'
import { goValue } from '../codec/go-types.ts'
import type { Duplicates } from '../codec/json-exact.ts'
import type { JsonValue } from '../meta.ts'
import { PatchError } from './patch-error.ts'
import { type Fields, isFields, isList } from './patch-value.ts'

const members = new Set(['op', 'path', 'from', 'value'])
const texts = ['op', 'path', 'from'] as const

const wrongType = (value: unknown, type: string): PatchError =>
  new PatchError(
    'malformed',
    `error decoding patch: json: cannot unmarshal ${goValue(value)} into Go ${type}`,
  )

function checkOperation(operation: Fields, context: DecodeContext): void {
  for (const name of texts) {
    const value = operation[name]
    if (value !== undefined && value !== null && typeof value !== 'string')
      throw wrongType(value, `struct field jsonPatchOp.${name} of type string`)
  }
  let seen = 0
  for (const key in operation) {
    if (!members.has(key)) context.unknownField(key, operation)
    context.duplicatesAt(operation, ++seen)
  }
}

/** Reads a body as the operations of a JSON patch. Throws PatchError in upstream's words. */
export function jsonPatchOperations(value: JsonValue): readonly JsonValue[] {
  if (value === null) return []
  if (isList(value)) return value
  throw new PatchError(
    'malformed',
    `json: cannot unmarshal ${goValue(value)} into Go value of type jsonpatch.Patch`,
  )
}

/** What strict decoding has against the operations of a JSON patch: unknown and duplicate members. Throws PatchError. */
export function checkJsonPatch(value: JsonValue, duplicates: Duplicates | undefined): readonly string[] {
  if (value === null) return []
  if (!isList(value)) throw wrongType(value, 'value of type []handlers.jsonPatchOp')
  const context = new DecodeContext(true, duplicates)
  value.forEach((operation, index) => {
    if (operation === null) return
    if (!isFields(operation)) throw wrongType(operation, 'value of type handlers.jsonPatchOp')
    context.path.push(index)
    checkOperation(operation, context)
    context.path.pop()
  })
  return context.strictErrors.map((error) => `json patch ${error}`)
}
