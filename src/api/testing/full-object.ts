import type { Schema } from '../../apimachinery/schema.ts'

/** How often a type may hold itself. */
const maxNesting = 1

const texts: Readonly<Record<string, unknown>> = {
  byte: 'AAEC',
  quantity: '10m',
  'date-time': '2026-01-02T03:04:05Z',
  'date-time-micro': '2026-01-02T03:04:05.000006Z',
}

function scalar(schema: Schema, name: string): unknown {
  if (schema.intOrString === true) return 7
  if (schema.type === 'boolean') return true
  if (schema.type === 'integer' || schema.type === 'number') return 3
  if (schema.type === 'string') return texts[schema.format ?? ''] ?? `${name}-value`
  if (schema.type === 'object') return schema.format === 'fields-v1' ? { 'f:a': {} } : { any: 'thing' }
  return { any: 'thing' }
}

/** JSONSchemaPropsOrBool and its like: schemas say nothing of them. */
function union(name: string): unknown {
  if (name.endsWith('.JSONSchemaPropsOrBool')) return true
  if (name.endsWith('.JSONSchemaPropsOrArray')) return { type: 'string' }
  return name.endsWith('.JSONSchemaPropsOrStringArray') ? ['a'] : undefined
}

/** An object with a value for every field that its schema has; each text says the field's name. */
export function fullObject(schema: Schema, name = '', above: readonly string[] = []): unknown {
  const type = schema.name ?? ''
  const special = union(type)
  if (special !== undefined) return special
  if (type !== '' && above.filter((each) => each === type).length > maxNesting) return undefined
  const below = type === '' ? above : [...above, type]
  if (schema.items !== undefined) {
    const item = fullObject(schema.items, name, below)
    return item === undefined ? undefined : [item]
  }
  if (typeof schema.additionalProperties === 'object') {
    const value = fullObject(schema.additionalProperties, name, below)
    return value === undefined ? undefined : { [`${name}-key`]: value }
  }
  if (schema.properties === undefined) return scalar(schema, name)
  const entries = Object.entries(schema.properties)
    .filter(([, { embeddedIn }]) => embeddedIn !== 'TypeMeta')
    .map(([field, property]) => [field, fullObject(property, field, below)])
    .filter(([, value]) => value !== undefined)
  return Object.fromEntries(entries)
}
