import { objectTypeErrors, toNative, type Value } from '../../../apimachinery/cel/index.ts'
import { mergeMaps } from '../../../apimachinery/managed-fields/merge.ts'
import {
  type Fields,
  fieldSchema,
  isDeclaredField,
  isMap,
  itemSchema,
  TypedError,
} from '../../../apimachinery/managed-fields/typed.ts'
import { typedComplaint } from '../../../apimachinery/managed-fields/typed-errors.ts'
import type { JsonValue, KubernetesObject } from '../../../apimachinery/meta.ts'
import type { Schema } from '../../../apimachinery/schema.ts'
import { MutationError } from './mutating-policy.ts'

/** The paths of all atomic maps and lists in a value: what a policy does not say of them would be lost. */
function atomicsIn(value: JsonValue, schema: Schema, path: string): readonly string[] {
  if (Array.isArray(value)) {
    const own = schema.listType === 'set' || schema.listType === 'map' ? [] : [path]
    const items = itemSchema(schema)
    return [...own, ...value.flatMap((item, index) => atomicsIn(item, items, `${path}[${index}]`))]
  }
  if (!isMap(value)) return []
  const own = schema.mapType === 'atomic' ? [path] : []
  const below = Object.entries(value).flatMap(([key, field]) =>
    isDeclaredField(schema, key) ? atomicsIn(field, fieldSchema(schema, key), `${path}.${key}`) : [],
  )
  return [...own, ...below]
}

/** Merges what a policy's expression gives into an object, as server-side apply would. Throws MutationError. */
export function applyPolicyConfiguration(object: KubernetesObject, made: Value, schema: Schema): JsonValue {
  const errors = objectTypeErrors(made)
  if (errors.length > 0) throw new MutationError(`type mismatch: ${errors.join('\n')}`)
  const { apiVersion = '', kind = '' } = object
  const configuration: Fields = { ...(toNative(made) as Fields), apiVersion, kind }
  const wrong = (what: string): MutationError => new MutationError(`error applying patch: ${what}`)
  const complaint = typedComplaint(configuration, schema)
  if (complaint !== undefined) throw wrong(`failed to convert patch object to typed object: ${complaint}`)
  const atomics = atomicsIn(configuration, schema, '')
  if (atomics.length > 0)
    throw wrong(
      `invalid ApplyConfiguration: may not mutate atomic arrays, maps or structs: ${atomics.join(', ')}`,
    )
  try {
    return mergeMaps(object as unknown as Fields, configuration, schema)
  } catch (error) {
    if (error instanceof TypedError) throw wrong(`failed to merge patch: ${error.message}`)
    throw error
  }
}
