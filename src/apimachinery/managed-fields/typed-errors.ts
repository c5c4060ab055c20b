import { goValueText } from '../go-text.ts'
import type { Schema } from '../schema.ts'
import { elementToString } from './field-set.ts'
import {
  type Fields,
  fieldSchema,
  isDeclaredField,
  isMap,
  itemElement,
  itemSchema,
  TypedError,
} from './typed.ts'

interface Complaint {
  readonly path: string
  readonly message: string
}

/** How Go's `%T` names the types of decoded JSON. */
function goType(value: unknown): string {
  if (typeof value === 'number') return Number.isInteger(value) ? 'int64' : 'float64'
  if (typeof value === 'boolean') return 'bool'
  if (typeof value === 'string') return 'string'
  return Array.isArray(value) ? '[]interface {}' : 'map[string]interface {}'
}

/** How Go's `%#v` prints decoded JSON. */
function goSyntax(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value)
  if (Array.isArray(value)) return `[]interface {}{${value.map(goSyntax).join(', ')}}`
  if (!isMap(value)) return value === null ? 'interface {}(nil)' : String(value)
  const members = Object.keys(value).sort()
  return `map[string]interface {}{${members.map((key) => `${JSON.stringify(key)}:${goSyntax(value[key])}`).join(', ')}}`
}

function scalarComplaint(value: unknown, schema: Schema): string | undefined {
  const isText = typeof value === 'string'
  const isNumber = typeof value === 'number'
  const shown = `&{${goValueText(value)}}`
  if (schema.intOrString === true || schema.format === 'quantity') {
    const isScalar = isText || isNumber || typeof value === 'boolean'
    return isScalar ? undefined : `expected any scalar, got ${shown}`
  }
  switch (schema.type) {
    case 'string':
      return isText ? undefined : `expected string, got &value.valueUnstructured{Value:${goSyntax(value)}}`
    case 'boolean':
      return typeof value === 'boolean' ? undefined : `expected boolean, got ${shown}`
    case 'integer':
    case 'number':
      return isNumber ? undefined : `expected numeric (int or float), got ${goType(value)}`
    default:
      return undefined
  }
}

/** Walks a configuration along its type, collecting what does not fit. */
class TypedWalk {
  readonly complaints: Complaint[] = []

  value(value: unknown, schema: Schema, path: string): void {
    if (value === null || value === undefined) return
    if (schema.type === 'array') this.#list(value, schema, path)
    else if (schema.properties !== undefined || schema.additionalProperties !== undefined)
      this.#map(value, schema, path)
    else if (schema.type === 'object') {
      if (!isMap(value)) this.#complain(path, `expected map, got &{${goValueText(value)}}`)
    } else {
      const message = scalarComplaint(value, schema)
      if (message !== undefined) this.#complain(path, message)
    }
  }

  #complain(path: string, message: string): void {
    this.complaints.push({ path, message })
  }

  #map(value: unknown, schema: Schema, path: string): void {
    if (!isMap(value)) {
      this.#complain(path, `expected map, got &{${goValueText(value)}}`)
      return
    }
    const open = schema.additionalProperties !== undefined || schema.preserveUnknownFields === true
    for (const key of Object.keys(value).sort()) {
      if (isDeclaredField(schema, key) || open)
        this.value(value[key], fieldSchema(schema, key), `${path}.${key}`)
      else {
        this.#complain(`${path}.${key}`, 'field not declared in schema')
        return
      }
    }
  }

  #list(value: unknown, schema: Schema, path: string): void {
    if (!Array.isArray(value)) {
      this.#complain(path, `expected list, got &{${goValueText(value)}}`)
      return
    }
    const items = itemSchema(schema)
    if (schema.listType !== 'set' && schema.listType !== 'map') {
      for (const [index, item] of value.entries()) this.value(item, items, `${path}[${index}]`)
      return
    }
    const seen = new Set<string>()
    for (const [index, item] of value.entries()) {
      const element = this.#element(item, schema, index, path)
      if (element === undefined) return
      const place = elementToString(element)
      if (seen.has(element)) this.#complain(path, `duplicate entries for key ${place}`)
      seen.add(element)
      this.value(item, items, path + place)
    }
  }

  #element(item: unknown, schema: Schema, index: number, path: string): string | undefined {
    try {
      return itemElement(item, schema)
    } catch (error) {
      if (!(error instanceof TypedError)) throw error
      this.#complain(path, `element ${index}: ${error.message}`)
      return undefined
    }
  }
}

/** What does not fit its type in a configuration that is to be applied, in structured-merge-diff's words; undefined if nothing. */
export function typedComplaint(object: Fields, schema: Schema): string | undefined {
  const walk = new TypedWalk()
  walk.value(object, schema, '')
  const texts = walk.complaints.map(({ path, message }) => (path === '' ? message : `${path}: ${message}`))
  if (texts.length < 2) return texts[0]
  return ['errors:', ...texts.map((text) => `  ${text}`)].join('\n')
}
