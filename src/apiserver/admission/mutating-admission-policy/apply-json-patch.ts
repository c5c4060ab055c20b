import { List, MapValue, objectTypeErrors, toNative, type Value } from '../../../apimachinery/cel/index.ts'
import type { JsonValue } from '../../../apimachinery/meta.ts'
import { applyJsonPatch } from '../../../apimachinery/patch/json-patch.ts'
import { FailedTest, PatchError } from '../../../apimachinery/patch/patch-error.ts'
import { MutationError } from './mutating-policy.ts'

/** An element of a policy's `JSONPatch` list as an operation. Throws MutationError. */
function operationOf(element: Value): JsonValue {
  const field = (name: string): Value | undefined =>
    element instanceof MapValue ? element.find(name) : undefined
  const [from, value] = [field('from'), field('value')]
  const errors = value === undefined ? [] : objectTypeErrors(value)
  if (errors.length > 0) throw new MutationError(`type mismatch: ${errors.join('\n')}`)
  return {
    op: toNative(field('op') ?? '') as JsonValue,
    path: toNative(field('path') ?? '') as JsonValue,
    ...(typeof from === 'string' && from !== '' ? { from } : {}),
    ...(value === undefined ? {} : { value: toNative(value) as JsonValue }),
  }
}

/** What a policy's JSON patch makes of an object; undefined where one of its tests fails. Throws MutationError. */
export function applyPolicyPatch(object: JsonValue, patch: Value): JsonValue | undefined {
  const operations = patch instanceof List ? [...patch].map(operationOf) : []
  try {
    return applyJsonPatch(object, operations)
  } catch (error) {
    if (error instanceof FailedTest) return undefined
    if (error instanceof PatchError) throw new MutationError(`JSON Patch: ${error.message}`)
    throw error
  }
}
