import { parseJson } from '../../apimachinery/codec/json-parse.ts'
import { anyDepth } from '../../apimachinery/codec/json-scan.ts'
import { resolveExactly } from '../../apimachinery/codec/number-literal.ts'
import { jsonEqual } from '../../apimachinery/json-equal.ts'
import type { KubernetesObject } from '../../apimachinery/meta.ts'
import { assert } from '../../base/assert.ts'
import { jsonText } from '../../base/json-text.ts'
import type { Resource } from './resource.ts'

function freezeDeeply(value: unknown): void {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return
  Object.freeze(value)
  for (const part of Object.values(value)) freezeDeeply(part)
}

/** In tests: what is about to be written means the same after a journey through JSON, and nobody changes it later. */
export function checkWritten(resource: Resource, object: KubernetesObject): KubernetesObject {
  if (!resource.context.checked) return object
  const travelled = resolveExactly(parseJson(jsonText(object), anyDepth).value)
  assert(
    jsonEqual(travelled, object),
    `a socket would change ${resource.kind.kind} ${object.metadata?.name}: ${jsonText(object)}`,
  )
  freezeDeeply(object)
  return object
}
