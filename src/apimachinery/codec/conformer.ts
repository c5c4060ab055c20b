import { assert } from '../../base/assert.ts'
import type { Schema, Schemas } from '../schema.ts'
import { DecodeContext } from './decode-context.ts'
import { goTypeOf, goTypeOfItems } from './go-types.ts'
import type { Duplicates } from './json-exact.ts'
import { type Shape, shrinks, type WrittenAs } from './shape.ts'
import { listShape, mapShape, type StructField, StructShape } from './shapes-nested.ts'
import {
  booleanShape,
  bytesShape,
  integerShape,
  intOrStringShape,
  microTimeShape,
  numberShape,
  opaqueShape,
  quantityShape,
  secondTimeShape,
  stringShape,
} from './shapes-scalar.ts'

const schemaProps = 'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaProps'

export interface ConformOptions {
  /** Collect unknown (and duplicate) fields. */
  readonly strict: boolean
  /** From `parseJson`, where it went the exact way: then numbers may be literals. */
  readonly duplicates?: Duplicates | undefined
  /** The value came as CBOR: errors are in the words of upstream's library for that. */
  readonly isCbor?: boolean | undefined
  /** An earlier result for the same schema: what the value shares with it is not looked at again. */
  readonly known?: unknown
}

export interface Conformed {
  /** The value itself where nothing needed changing. */
  readonly value: unknown
  /** `unknown field "spec.foo"`, `duplicate field "spec.replicas"`; at most 100. */
  readonly strictErrors: readonly string[]
}

/**
 * Makes values what upstream's Go types make of them when they decode JSON: types are checked, unknown fields
 * dropped, nulls and zero values normalised, times, quantities and base64 made canonical. What Go hides only when it
 * encodes, empty lists and maps, goes in a second walk (`written`). Both copy nothing where nothing changes.
 */
export class Conformer {
  readonly #schemas: Schemas
  readonly #shapes = new WeakMap<Schema, Shape>()

  constructor(schemas: Schemas) {
    this.#schemas = schemas
  }

  /** Throws DecodeError with the text of Go's decoder for a value of the wrong type. */
  conform(value: unknown, schema: Schema, options: ConformOptions): Conformed {
    const cborRoot = options.isCbor === true ? goTypeOf(schema) : undefined
    const context = new DecodeContext(options.strict, options.duplicates, cborRoot)
    const shape = this.#shapeOf(schema)
    const conformed =
      value === null || value === undefined ? shape.zero : shape.conform(value, context, options.known)
    context.finish()
    return { value: conformed, strictErrors: context.strictErrors }
  }

  /** What Go writes of a conformed value: the value itself where that is all of it. */
  written(value: unknown, schema: Schema, as: WrittenAs): unknown {
    return this.#shapeOf(schema).written?.(value, as) ?? value
  }

  #shapeOf(schema: Schema): Shape {
    const known = this.#shapes.get(schema)
    if (known !== undefined) return known
    const shape = this.#compile(schema)
    this.#shapes.set(schema, shape)
    return shape
  }

  #compile(schema: Schema): Shape {
    if (schema.name?.startsWith(schemaProps) === true && schema.type === undefined)
      return this.#schemaUnion(schema)
    const goType = goTypeOf(schema)
    const { items, additionalProperties: values } = schema
    if (schema.type === 'array' && items !== undefined)
      return this.#list(items, goTypeOfItems(schema), goType)
    if (typeof values === 'object') {
      return mapShape(() => this.#withGoType(values, goTypeOfItems(schema)), goType)
    }
    if (
      schema.properties !== undefined ||
      (schema.type === 'object' && schema.preserveUnknownFields !== true)
    ) {
      return new StructShape(goType, schema.preserveUnknownFields === true, () => this.#fields(schema))
    }
    return scalarShape(schema, goType)
  }

  #list(items: Schema, itemGoType: string, goType: string): Shape {
    return listShape(() => this.#withGoType(items, itemGoType), goType)
  }

  /** Items of named types: `[]v1.FinalizerName` holds no plain strings, `map[string]v1.ExtraValue` no plain lists. */
  #withGoType(items: Schema, goType: string): Shape {
    if (items.type === 'string' && items.format === undefined && goType !== 'string')
      return stringShape(goType)
    if (items.type === 'array' && items.items !== undefined && goType !== goTypeOf(items)) {
      return this.#list(items.items, goTypeOfItems(items), goType)
    }
    return this.#shapeOf(items)
  }

  #fields(schema: Schema): ReadonlyMap<string, StructField> {
    const struct = schema.name?.slice(schema.name.lastIndexOf('.') + 1) ?? ''
    const fields = new Map<string, StructField>()
    for (const [name, property] of Object.entries(schema.properties ?? {})) {
      const { presence } = property
      const embedded = property.embeddedIn === undefined ? '' : `${property.embeddedIn}.`
      const shape = this.#shapeOf(property)
      fields.set(name, { name, struct, embedded, presence, shape })
    }
    return fields
  }

  /** JSONSchemaPropsOrArray and its like: a schema or something else, decoded apart by upstream. */
  #schemaUnion(schema: Schema): Shape {
    const props = this.#schemas.get(schemaProps)
    assert(props !== undefined, 'the schema of JSONSchemaProps is among the built-in ones')
    const isBool = schema.name === `${schemaProps}OrBool`
    const isArray = schema.name === `${schemaProps}OrArray`
    const list = isArray
      ? this.#list(props, goTypeOf(props), `[]${goTypeOf(props)}`)
      : this.#list({ type: 'string' }, 'string', '[]string')
    return {
      zero: undefined,
      isZero: () => false,
      conform: (value, context) => {
        if (isBool && typeof value === 'boolean') return value
        if (typeof value === 'object' && !Array.isArray(value)) {
          return context.quietly((inner) => this.#shapeOf(props).conform(value, inner))
        }
        if (isBool) return context.fail('boolean or JSON schema expected')
        return Array.isArray(value) ? context.quietly((inner) => list.conform(value, inner)) : undefined
      },
      written: (value, as) =>
        (Array.isArray(value) ? list : this.#shapeOf(props)).written?.(value, as) ?? value,
      shrinks: (seen) => shrinks(this.#shapeOf(props), seen),
    }
  }
}

function scalarShape(schema: Schema, goType: string): Shape {
  if (schema.intOrString === true) return intOrStringShape
  switch (schema.type) {
    case 'boolean':
      return booleanShape
    case 'integer':
      return integerShape(schema.format === 'int32' ? 'int32' : 'int64', goType)
    case 'number':
      return numberShape
    case 'string':
      return textShape(schema, goType)
    default:
      return opaqueShape
  }
}

function textShape(schema: Schema, goType: string): Shape {
  switch (schema.format) {
    case 'byte':
      return bytesShape
    case 'quantity':
      return quantityShape
    case 'date-time':
      return secondTimeShape
    case 'date-time-micro':
      return microTimeShape
    default:
      return stringShape(goType)
  }
}
