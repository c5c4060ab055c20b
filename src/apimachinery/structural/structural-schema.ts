import { compileRe2, type Re2 } from '../../base/re2.ts'
import { effectiveFormat } from './formats.ts'
import type { JsonSchema } from './json-schema.ts'

/** What a map's other values are; without a schema there is nothing known of what is inside them. */
export interface Additional {
  readonly allowed: boolean
  readonly schema: StructuralSchema | undefined
}

const nothing: ReadonlyMap<string, StructuralSchema> = new Map()

/**
 * A schema of a custom resource, ready to be interpreted. Parts are made when they are first looked at, once: many
 * definitions are never used.
 */
export class StructuralSchema {
  readonly json: JsonSchema
  readonly types: readonly string[]
  readonly format: string
  readonly preserves: boolean
  readonly embedded: boolean
  readonly #children = new Map<JsonSchema, StructuralSchema>()
  #properties: ReadonlyMap<string, StructuralSchema> | undefined
  #pattern: Re2 | undefined

  /** `embedded`: it is the root of an object of the API. */
  constructor(json: JsonSchema, embedded = false) {
    this.json = json
    const isIntOrString = json['x-kubernetes-int-or-string'] === true
    const own = json.type === undefined || json.type === '' ? [] : [json.type]
    this.types = isIntOrString ? ['integer', 'string'] : own
    this.format = effectiveFormat(json.format ?? '', this.types)
    this.preserves = json['x-kubernetes-preserve-unknown-fields'] === true
    this.embedded = embedded || json['x-kubernetes-embedded-resource'] === true
  }

  get nullable(): boolean {
    return this.json.nullable === true
  }

  get hasDefault(): boolean {
    return this.json.default !== undefined && this.json.default !== null
  }

  get listType(): string {
    return this.json['x-kubernetes-list-type'] ?? 'atomic'
  }

  get listMapKeys(): readonly string[] {
    return this.json['x-kubernetes-list-map-keys'] ?? []
  }

  get properties(): ReadonlyMap<string, StructuralSchema> {
    this.#properties ??= this.#makeProperties()
    return this.#properties
  }

  #makeProperties(): ReadonlyMap<string, StructuralSchema> {
    const { properties } = this.json
    if (properties === undefined) return nothing
    return new Map(Object.entries(properties).map(([name, json]) => [name, this.child(json)]))
  }

  get items(): StructuralSchema | undefined {
    const { items } = this.json
    return items === undefined || Array.isArray(items) ? undefined : this.child(items as JsonSchema)
  }

  get additional(): Additional | undefined {
    const { additionalProperties: json } = this.json
    if (json === undefined) return undefined
    if (typeof json === 'boolean') return { allowed: json, schema: undefined }
    return { allowed: true, schema: this.child(json) }
  }

  /** Undefined: everything matches. */
  get pattern(): Re2 | undefined {
    if (this.json.pattern === undefined || this.json.pattern === '') return undefined
    this.#pattern ??= compileRe2(this.json.pattern)
    return this.#pattern
  }

  /** A part of this schema; the same part gives the same object. */
  child(json: JsonSchema): StructuralSchema {
    const known = this.#children.get(json)
    if (known !== undefined) return known
    const made = new StructuralSchema(json)
    this.#children.set(json, made)
    return made
  }

  /** What is known of a field of an object. */
  field(name: string): StructuralSchema | undefined {
    return this.properties.get(name) ?? this.additional?.schema
  }
}
