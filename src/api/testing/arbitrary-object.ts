import fc from 'fast-check'
import type { Schema } from '../../apimachinery/schema.ts'

const text = fc.oneof(
  fc.constantFrom('', 'a', 'web-0', 'ünïcödé ✓', 'line\nbreak "quoted"', 'TCP', 'Always'),
  fc.string({ maxLength: 8 }),
)
const key = fc.constantFrom('a', 'app.kubernetes.io/name', 'b', 'cpu', 'x y')
const time = fc
  .integer({ min: 0, max: 4_000_000_000 })
  .map((seconds) => `${new Date(seconds * 1000).toISOString().slice(0, 19)}Z`)
const microTime = fc
  .tuple(time, fc.integer({ min: 0, max: 999_999 }))
  .map(([seconds, micros]) => `${seconds.slice(0, 19)}.${String(micros).padStart(6, '0')}Z`)
const quantity = fc.constantFrom('0', '1', '250m', '1500Mi', '10Gi', '3k', '-2', '1e3')
const bytes = fc.constantFrom('', 'QQ==', 'aGVsbG8=', 'AAECAwQF', '/+8=')
const int64 = fc.oneof(fc.integer(), fc.maxSafeInteger())
const json = fc.constantFrom({}, { a: 1, b: ['x', null, true], c: { d: 'ü' } }, { kind: 'Foo' })
const anyJson = fc.constantFrom(1, 'text', true, ['a'], { a: { b: 2 } })
const fieldsV1 = fc.constantFrom({}, { 'f:spec': { 'f:replicas': {}, '.': {} } })

function scalar(schema: Schema): fc.Arbitrary<unknown> {
  if (schema.intOrString === true) return fc.oneof(fc.integer(), text)
  if (schema.type === 'boolean') return fc.boolean()
  if (schema.type === 'number') return fc.constantFrom(0, 1.5, -3, 1e9)
  if (schema.type === 'integer') return schema.format === 'int32' ? fc.integer() : int64
  if (schema.type === 'object') return schema.format === 'fields-v1' ? fieldsV1 : json
  if (schema.type !== 'string') return anyJson
  if (schema.format === 'byte') return bytes
  if (schema.format === 'quantity') return quantity
  if (schema.format === 'date-time') return time
  return schema.format === 'date-time-micro' ? microTime : text
}

/** JSONSchemaPropsOrBool and its like: schemas say nothing of them. */
function union(name: string): fc.Arbitrary<unknown> | undefined {
  const props = fc.constantFrom({ type: 'string' }, { description: 'x', maxLength: 3 })
  if (name.endsWith('.JSONSchemaPropsOrBool')) return fc.oneof(fc.boolean(), props)
  if (name.endsWith('.JSONSchemaPropsOrArray'))
    return fc.oneof(props, fc.array(props, { minLength: 1, maxLength: 2 }))
  if (name.endsWith('.JSONSchemaPropsOrStringArray')) return fc.oneof(props, fc.constant(['a', 'b']))
  return undefined
}

/** Objects that a schema allows: each field is present with a chance that sinks with its depth. */
export function arbitraryObject(schema: Schema, depth = 0): fc.Arbitrary<unknown> {
  const special = union(schema.name ?? '')
  if (special !== undefined) return special
  if (schema.items !== undefined) {
    const items = schema.items
    return fc.nat({ max: depth > 6 ? 0 : 2 }).chain((length) => {
      return fc.array(arbitraryObject(items, depth + 1), { minLength: length, maxLength: length })
    })
  }
  if (typeof schema.additionalProperties === 'object') {
    return fc.dictionary(key, arbitraryObject(schema.additionalProperties, depth + 1), { maxKeys: 2 })
  }
  if (schema.properties === undefined) return scalar(schema)
  // Protobuf has kind and version in the envelope only.
  const properties = Object.entries(schema.properties).filter(
    ([, { embeddedIn }]) => embeddedIn !== 'TypeMeta',
  )
  const chance = depth < 2 ? 60 : Math.max(2, Math.min(40, Math.floor(600 / properties.length / depth)))
  return fc
    .array(fc.nat({ max: 99 }), { minLength: properties.length, maxLength: properties.length })
    .chain((dice) => {
      const chosen = properties.filter((_, index) => (dice[index] ?? 100) < chance)
      return fc.record(
        Object.fromEntries(chosen.map(([name, property]) => [name, arbitraryObject(property, depth + 1)])),
      )
    })
}
