import type { GroupVersionKind } from './define-kind.ts'
import type { Schema, Schemas, SchemaUnion } from './schema.ts'

/** A type as `scripts/generate-api.ts` packs it. */
interface PackedType {
  /** Fields: `[!][+-]<type>[;attribute=value]…`. */
  readonly f?: Readonly<Record<string, string>>
  /** Any JSON value. */
  readonly a?: 1
  /** Map type. */
  readonly m?: string
  readonly k?: readonly (readonly [group: string, version: string, kind: string])[]
  readonly u?: readonly SchemaUnion[]
}

type Pack = Readonly<Record<string, PackedType>>

const any: Schema = { preserveUnknownFields: true }
const rawObject: Schema = { type: 'object', preserveUnknownFields: true }

/** Schemas of types that have one letter. */
const letters: Readonly<Record<string, Schema>> = {
  s: { type: 'string' },
  y: { type: 'string', format: 'byte' },
  i: { type: 'integer', format: 'int32' },
  l: { type: 'integer', format: 'int64' },
  n: { type: 'number', format: 'double' },
  b: { type: 'boolean' },
  q: { name: 'io.k8s.apimachinery.pkg.api.resource.Quantity', type: 'string', format: 'quantity' },
  t: { name: 'io.k8s.apimachinery.pkg.apis.meta.v1.Time', type: 'string', format: 'date-time' },
  u: { name: 'io.k8s.apimachinery.pkg.apis.meta.v1.MicroTime', type: 'string', format: 'date-time-micro' },
  x: { name: 'io.k8s.apimachinery.pkg.util.intstr.IntOrString', intOrString: true },
  r: { name: 'io.k8s.apimachinery.pkg.runtime.RawExtension', ...rawObject },
  f: { name: 'io.k8s.apimachinery.pkg.apis.meta.v1.FieldsV1', ...rawObject, format: 'fields-v1' },
  j: { name: 'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSON', ...any },
}

const listTypes = { a: 'atomic', s: 'set', m: 'map' } as const
const presences = { '+': 'always', '~': 'null', '-': 'nonzero' } as const
const mapTypes = { a: 'atomic', g: 'granular' } as const
const isKey = <T extends object>(table: T, key: string): key is Extract<keyof T, string> =>
  Object.hasOwn(table, key)

/** What `;key=value` adds to a field's schema. */
function attribute(text: string): Partial<Schema> {
  const [key = '', value = ''] = text.split('=')
  switch (key) {
    case 'lt':
      return isKey(listTypes, value) ? { listType: listTypes[value] } : {}
    case 'lk':
      return { listMapKeys: value.split(',') }
    case 'mt':
      return isKey(mapTypes, value) ? { mapType: mapTypes[value] } : {}
    case 'pk':
      return { patchMergeKey: value }
    case 'ps':
      return { patchStrategy: value }
    case 'gt':
      return { goType: value }
    case 'de':
      return { default: value }
    case 'in':
      return { embeddedIn: value }
    case 'en':
      return { enum: value.split(',') }
    default:
      throw new Error(`unknown schema attribute ${text}`)
  }
}

/** Defines a property that is computed when it is first read. */
function lazily<T extends object, K extends string, V>(target: T, key: K, compute: () => V): void {
  Object.defineProperty(target, key, {
    enumerable: true,
    configurable: true,
    get() {
      const value = compute()
      Object.defineProperty(target, key, { enumerable: true, value })
      return value
    },
  })
}

/** Reads packed schemas; a pack is parsed when one of its types is first asked for, a type when it is read. */
class PackedSchemas implements Schemas {
  readonly #texts: Readonly<Record<string, string>>
  readonly #packs = new Map<string, Pack>()
  readonly #types = new Map<string, Schema>()
  readonly #fields = new Map<string, Schema>()
  #kinds: ReadonlyMap<string, string> | undefined

  constructor(texts: Readonly<Record<string, string>>) {
    this.#texts = texts
  }

  get(name: string): Schema | undefined {
    const known = this.#types.get(name)
    if (known !== undefined) return known
    const dot = name.lastIndexOf('.') + 1
    const prefix = name.slice(0, dot)
    const packed = this.#pack(prefix)
    const own = name.slice(dot)
    const type = packed !== undefined && Object.hasOwn(packed, own) ? packed[own] : undefined
    if (type === undefined) return undefined
    const schema =
      Object.values(letters).find((letter) => letter.name === name) ?? this.#unpack(name, prefix, type)
    this.#types.set(name, schema)
    return schema
  }

  ofKind({ group, version, kind }: GroupVersionKind): Schema | undefined {
    this.#kinds ??= this.#indexKinds()
    const name = this.#kinds.get(`${group}/${version}/${kind}`)
    return name === undefined ? undefined : this.get(name)
  }

  #indexKinds(): ReadonlyMap<string, string> {
    const kinds = new Map<string, string>()
    for (const prefix of Object.keys(this.#texts)) {
      for (const [own, { k = [] }] of Object.entries(this.#pack(prefix) ?? {})) {
        for (const parts of k) kinds.set(parts.join('/'), prefix + own)
      }
    }
    return kinds
  }

  names(): readonly string[] {
    const prefixes = Object.keys(this.#texts)
    return prefixes
      .flatMap((prefix) => Object.keys(this.#pack(prefix) ?? {}).map((own) => prefix + own))
      .sort()
  }

  #pack(prefix: string): Pack | undefined {
    const known = this.#packs.get(prefix)
    const text = this.#texts[prefix]
    if (known !== undefined || text === undefined) return known
    const pack: Pack = JSON.parse(text)
    this.#packs.set(prefix, pack)
    return pack
  }

  #unpack(name: string, prefix: string, packed: PackedType): Schema {
    if (packed.a === 1) return { name, ...any }
    const fields = packed.f ?? {}
    const required = Object.keys(fields).filter((field) => fields[field]?.startsWith('!'))
    const kinds = packed.k?.map(([group, version, kind]): GroupVersionKind => ({ group, version, kind }))
    const schema: Schema = {
      name,
      type: 'object',
      ...(required.length === 0 ? {} : { required }),
      ...(packed.m !== undefined && isKey(mapTypes, packed.m) ? { mapType: mapTypes[packed.m] } : {}),
      ...(packed.u === undefined ? {} : { unions: packed.u }),
      ...(kinds === undefined ? {} : { kinds }),
    }
    lazily(schema, 'properties', () => {
      return Object.fromEntries(
        Object.entries(fields).map(([field, code]) => [field, this.#field(code, prefix)]),
      )
    })
    return schema
  }

  #field(code: string, prefix: string): Schema {
    const known = this.#fields.get(code)
    if (known !== undefined) return known
    const [head = '', ...texts] = code.split(';')
    const [, presence, type = ''] = /^!?([+~-]?)(.*)$/.exec(head) ?? []
    const target = this.#type(type, prefix)
    if (presence === '' && texts.length === 0) return target
    const schema = overlay(target, presence ?? '', texts)
    // Codes without a reference mean the same everywhere: most fields share a few objects.
    if (!type.includes('#')) this.#fields.set(code, schema)
    return schema
  }

  #type(code: string, prefix: string): Schema {
    const letter = code.charAt(0)
    const rest = code.slice(1)
    if (letter === '#') {
      const name = rest.includes('.') ? rest : prefix + rest
      const schema = this.get(name)
      if (schema === undefined) throw new Error(`schema ${name} does not exist`)
      return schema
    }
    if (letter === '[') return { type: 'array', items: this.#type(rest, prefix) }
    if (letter === '{') return { type: 'object', additionalProperties: this.#type(rest, prefix) }
    const scalar = letters[code]
    if (scalar === undefined) throw new Error(`unknown schema code ${code}`)
    return scalar
  }
}

/** `target` with a field's own attributes; its properties stay lazy. */
function overlay(target: Schema, presence: string, attributes: readonly string[]): Schema {
  const { properties: lazy, ...plain } = Object.getOwnPropertyDescriptors(target)
  const schema: Schema = Object.defineProperties({}, plain)
  if (isKey(presences, presence)) Object.assign(schema, { presence: presences[presence] })
  for (const text of attributes) Object.assign(schema, attribute(text))
  if (target.type === 'integer' && schema.default !== undefined) {
    Object.assign(schema, { default: Number(schema.default) })
  }
  if (target.type === 'boolean' && schema.default !== undefined) {
    Object.assign(schema, { default: schema.default === 'true' })
  }
  if (lazy !== undefined) lazily(schema, 'properties', () => target.properties)
  return schema
}

/** The schemas in `packs`: prefix of OpenAPI names → JSON of the types, as the generated `schemas.ts` has them. */
export function unpackSchemas(packs: Readonly<Record<string, string>>): Schemas {
  return new PackedSchemas(packs)
}
