import type { GroupVersionKind } from '../define-kind.ts'
import type { JsonValue } from '../meta.ts'
import type { Schema, Schemas } from '../schema.ts'
import type { FieldDocs } from './field-docs.ts'

/** OpenAPI 2 keeps schemas under `definitions`, 3 under `components/schemas`, and words some things otherwise. */
export type Dialect = 'v2' | 'v3'

export type JsonMembers = Record<string, JsonValue>

const meta = 'io.k8s.apimachinery.pkg.apis.meta.v1.'

const enumOf = (schema: Schema): JsonMembers => (schema.enum === undefined ? {} : { enum: schema.enum })

/** Types whose schema for our own use says more than documents may. */
const special: Readonly<Record<string, Readonly<Record<Dialect, JsonMembers>>>> = {
  'io.k8s.apimachinery.pkg.api.resource.Quantity': {
    v2: { type: 'string' },
    v3: { oneOf: [{ type: 'string' }, { type: 'number' }] },
  },
  'io.k8s.apimachinery.pkg.util.intstr.IntOrString': {
    v2: { type: 'string', format: 'int-or-string' },
    v3: { format: 'int-or-string', oneOf: [{ type: 'integer' }, { type: 'string' }] },
  },
  [`${meta}MicroTime`]: {
    v2: { type: 'string', format: 'date-time' },
    v3: { type: 'string', format: 'date-time' },
  },
  [`${meta}FieldsV1`]: { v2: { type: 'object' }, v3: { type: 'object' } },
  'io.k8s.apimachinery.pkg.runtime.RawExtension': { v2: { type: 'object' }, v3: { type: 'object' } },
}

/** What every object has and the gathered texts lack: they leave out fields that refer to another type. */
const commonFields: Readonly<Record<string, string>> = {
  metadata: "Standard object's metadata.",
  spec: 'The desired state.',
  status: 'The observed state. Written by the system, read-only for others.',
}

/** Extensions of Kubernetes that a field has itself, beyond its type's. */
function extensions(schema: Schema, target: Schema | undefined): JsonMembers {
  const members: JsonMembers = {}
  if (schema.listType !== undefined) members['x-kubernetes-list-type'] = schema.listType
  if (schema.listMapKeys !== undefined) members['x-kubernetes-list-map-keys'] = schema.listMapKeys
  if (schema.mapType !== target?.mapType && schema.mapType !== undefined) {
    members['x-kubernetes-map-type'] = schema.mapType
  }
  if (schema.patchMergeKey !== undefined) members['x-kubernetes-patch-merge-key'] = schema.patchMergeKey
  if (schema.patchStrategy !== undefined) members['x-kubernetes-patch-strategy'] = schema.patchStrategy
  return members
}

/** A type that is made for a document. */
export type CustomDefinition = (objects: SchemaObjects, dialect: Dialect, docs: FieldDocs) => JsonMembers

/** By name. */
export type CustomDefinitions = ReadonlyMap<string, CustomDefinition>

export interface SchemaInput {
  readonly schemas: Schemas
  readonly docs: FieldDocs
  readonly custom?: CustomDefinitions
}

/** Turns schemas into the schema objects of one document and remembers which types they refer to. */
export class SchemaObjects {
  readonly #dialect: Dialect
  readonly #schemas: Schemas
  readonly #docs: FieldDocs
  readonly #showsKind: (kind: GroupVersionKind) => boolean
  readonly #custom: CustomDefinitions | undefined
  readonly #wanted = new Set<string>()

  /** `showsKind` tells which of the kinds of a type that stands for many (DeleteOptions) concern the document. */
  constructor(
    dialect: Dialect,
    input: SchemaInput,
    showsKind: (kind: GroupVersionKind) => boolean = () => true,
  ) {
    this.#dialect = dialect
    this.#schemas = input.schemas
    this.#docs = input.docs
    this.#custom = input.custom
    this.#showsKind = showsKind
  }

  /** A reference to a named type, which the document then holds. */
  reference(name: string): JsonMembers {
    this.#wanted.add(name)
    return { $ref: `${this.#dialect === 'v2' ? '#/definitions/' : '#/components/schemas/'}${name}` }
  }

  /** The names of the types referred to so far. */
  get referred(): ReadonlySet<string> {
    return this.#wanted
  }

  /** A named type; undefined where there is none. */
  definition(name: string): JsonMembers | undefined {
    const custom = this.#custom?.get(name)
    if (custom !== undefined) return custom(this, this.#dialect, this.#docs)
    const schema = this.#schemas.get(name)
    return schema === undefined ? undefined : this.#builtIn(name, schema)
  }

  /** All types referred to so far and everything that they refer to, by name in order. Yields after each. */
  *definitions(): Generator<void, Record<string, JsonMembers>> {
    const found = new Map<string, JsonMembers>()
    // The set grows while it is walked.
    for (const name of this.#wanted) {
      const definition = this.definition(name)
      if (definition !== undefined) found.set(name, definition)
      yield
    }
    return Object.fromEntries([...found].sort(([a], [b]) => (a < b ? -1 : 1)))
  }

  #builtIn(name: string, schema: Schema): JsonMembers {
    const description = this.#docs[name]?.description
    const { unions, mapType } = schema
    const kinds = schema.kinds?.filter((kind, _, all) => all.length === 1 || this.#showsKind(kind))
    return {
      ...(description === undefined ? {} : { description }),
      ...(special[name]?.[this.#dialect] ?? this.inline(schema, this.#docs[name]?.fields)),
      ...(mapType === undefined ? {} : { 'x-kubernetes-map-type': mapType }),
      ...(kinds === undefined
        ? {}
        : { 'x-kubernetes-group-version-kind': kinds.map((kind) => ({ ...kind })) }),
      ...(unions === undefined ? {} : { 'x-kubernetes-unions': unions.map(unionObject) }),
    }
  }

  /** A schema in its place, whether it has a name or not. */
  inline(schema: Schema, fieldDocs: Readonly<Record<string, string>> = {}): JsonMembers {
    const members: JsonMembers = {}
    if (schema.type !== undefined) members.type = schema.type
    if (schema.format !== undefined) members.format = schema.format
    if (schema.intOrString === true) members['x-kubernetes-int-or-string'] = true
    // Of the built-in types only RawExtension and free-form JSON keep everything; documents say that by leaving it out.
    if (schema.preserveUnknownFields === true && schema.name === undefined) {
      members['x-kubernetes-preserve-unknown-fields'] = true
    }
    if (schema.items !== undefined)
      members.items = { ...this.#field(schema.items, undefined), ...enumOf(schema) }
    const values = schema.additionalProperties
    if (values !== undefined)
      members.additionalProperties =
        values === true ? true : { ...this.#field(values, undefined), ...enumOf(schema) }
    if (schema.type === 'string') Object.assign(members, enumOf(schema))
    const declared = Object.entries(schema.properties ?? {})
    if (declared.length > 0) {
      const properties = declared.map(([name, property]) => {
        return [name, this.#field(property, fieldDocs[name] ?? this.#common(name, property))] as const
      })
      members.properties = Object.fromEntries(properties)
    }
    if (schema.required !== undefined && schema.required.length > 0) members.required = schema.required
    return members
  }

  /** What to say of a field that refers to another type: the first sentence about that type, where nothing better is known. */
  #common(name: string, property: Schema): string | undefined {
    if (property.name === undefined) return undefined
    return commonFields[name] ?? this.#docs[property.name]?.description?.split(/(?<=\.)\s/)[0]
  }

  #field(schema: Schema, description: string | undefined): JsonMembers {
    const target = schema.name === undefined ? undefined : this.#schemas.get(schema.name)
    const more: JsonMembers = {
      ...(description === undefined ? {} : { description }),
      ...extensions(schema, target),
      ...this.#default(schema),
    }
    if (schema.name === undefined) return { ...this.inline(schema), ...more }
    const reference = this.reference(schema.name)
    // A reference's siblings count for nothing in OpenAPI 3.
    if (this.#dialect === 'v2' || Object.keys(more).length === 0) return { ...reference, ...more }
    return { allOf: [reference], ...more }
  }

  #default(schema: Schema): JsonMembers {
    if (schema.default !== undefined && this.#dialect === 'v3') return { default: schema.default }
    if (this.#dialect === 'v2' || schema.presence !== 'always') return {}
    if (schema.type === 'object' && schema.additionalProperties === undefined) return { default: {} }
    if (schema.type === 'string' && schema.name === undefined) return { default: '' }
    if (schema.type === 'integer') return { default: 0 }
    return schema.type === 'boolean' ? { default: false } : {}
  }
}

function unionObject(union: NonNullable<Schema['unions']>[number]): JsonMembers {
  return {
    ...(union.discriminator === undefined ? {} : { discriminator: union.discriminator }),
    'fields-to-discriminateBy': { ...union['fields-to-discriminateBy'] },
  }
}
