import type { Schemas } from '../schema.ts'
import { customDefinitions } from './custom-types.ts'
import type { FieldDocs } from './field-docs.ts'
import { mergeOpenApiV2, type OpenApiV2Part } from './merge-v2.ts'
import { type OpenApiV2, openApiV2Frame, V2Writer } from './openapi-v2.ts'
import {
  type CustomDefinition,
  type CustomDefinitions,
  type JsonMembers,
  type SchemaInput,
  SchemaObjects,
} from './schema-object.ts'
import type { OpenApiUnit } from './units.ts'

export type Section = 'paths' | 'definitions'

/** How a document is written of members that are encoded one by one. */
export interface V2Encoding {
  member(section: Section, name: string, value: JsonMembers): Uint8Array
  /** What stands around the members, given how many bytes they have with what separates them. */
  frame(
    document: OpenApiV2,
    sizes: Readonly<Record<Section, number>>,
  ): { readonly before: Uint8Array; readonly between: Uint8Array; readonly after: Uint8Array }
  readonly separator: Uint8Array
}

/** A member, and the types that it refers to. */
interface Piece {
  readonly name: string
  readonly references: readonly string[]
  /** Of the last document that it was in. */
  bytes: Uint8Array
}

interface UnitPieces {
  readonly paths: readonly Piece[]
  /** Types that only the unit has. */
  readonly custom: CustomDefinitions | undefined
}

const byName = (a: Piece, b: Piece): number => (a.name < b.name ? -1 : 1)

/** Those of before keep their order, so that little is left to sort. */
function inOrder(before: readonly Piece[], now: ReadonlyMap<string, Piece>): readonly Piece[] {
  const kept = before.filter((piece) => now.get(piece.name) === piece)
  const known = new Set(kept)
  const added = [...now.values()].filter((piece) => !known.has(piece)).sort(byName)
  return added.length === 0 ? kept : [...kept, ...added].sort(byName)
}

export interface V2DocumentOptions {
  readonly schemas: Schemas
  /** `1.36`. */
  readonly version: string
  readonly docs: () => FieldDocs
}

/** Members that are looked at between two chances for others. */
const membersAtOnce = 256

/**
 * `/openapi/v2` in one encoding, again and again as resources come and go: only what has come is described and encoded,
 * all else is copied from the document before.
 */
export class OpenApiV2Document {
  readonly #encoding: V2Encoding
  readonly #options: V2DocumentOptions
  #units = new Map<string, UnitPieces>()
  #definitions = new Map<string, Piece>()
  #order: Readonly<Record<Section, readonly Piece[]>> = { paths: [], definitions: [] }

  constructor(encoding: V2Encoding, options: V2DocumentOptions) {
    this.#encoding = encoding
    this.#options = options
  }

  /** The document of these, in small steps; run to their end before others begin. */
  *steps(
    units: readonly OpenApiUnit[],
    external: readonly OpenApiV2Part[],
  ): Generator<void, Uint8Array<ArrayBuffer>> {
    const docs = this.#options.docs()
    yield* this.#describeUnits(units, docs)
    const custom = this.#customTypes()
    yield* this.#describeTypes({ schemas: this.#options.schemas, docs, custom })
    const paths = new Map<string, Piece>()
    for (const unit of this.#units.values()) for (const piece of unit.paths) paths.set(piece.name, piece)
    this.#order = {
      paths: inOrder(this.#order.paths, paths),
      definitions: inOrder(this.#order.definitions, this.#definitions),
    }
    const frame = openApiV2Frame(this.#options.version)
    if (external.length === 0) return yield* this.#assemble(frame, this.#order)
    const objects = new SchemaObjects('v2', { schemas: this.#options.schemas, docs, custom })
    const { document, members } = this.#withExternal(frame, external, objects)
    return yield* this.#assemble(document, members)
  }

  *#describeUnits(units: readonly OpenApiUnit[], docs: FieldDocs): Generator<void, void> {
    const before = this.#units
    const now = new Map<string, UnitPieces>()
    for (const unit of units) {
      const known = before.get(unit.key)
      now.set(unit.key, known ?? this.#describe(unit, docs))
      before.delete(unit.key)
      if (known === undefined || now.size % membersAtOnce === 0) yield
    }
    for (const { custom } of before.values())
      for (const name of custom?.keys() ?? []) this.#definitions.delete(name)
    this.#units = now
  }

  #describe({ resource, entries }: OpenApiUnit, docs: FieldDocs): UnitPieces {
    const { schemas } = this.#options
    const custom = resource?.custom === undefined ? undefined : customDefinitions(resource, resource.custom)
    const paths = entries().map((entry): Piece => {
      const objects = new SchemaObjects('v2', { schemas, docs })
      return this.#piece('paths', entry.path, new V2Writer(objects).path(entry), objects)
    })
    return { paths, custom }
  }

  #piece(section: Section, name: string, value: JsonMembers, objects: SchemaObjects): Piece {
    const bytes = this.#encoding.member(section, name, value)
    return { name, references: [...objects.referred], bytes }
  }

  #customTypes(): CustomDefinitions {
    const types = new Map<string, CustomDefinition>()
    for (const { custom } of this.#units.values())
      for (const [name, definition] of custom ?? []) types.set(name, definition)
    return types
  }

  /** Everything that is referred to, at whatever remove. */
  *#describeTypes(input: SchemaInput): Generator<void, void> {
    const wanted = new Set<string>()
    for (const { paths } of this.#units.values())
      for (const { references } of paths) for (const name of references) wanted.add(name)
    const found = new Map<string, Piece>()
    let seen = 0
    // The set grows while it is walked.
    for (const name of wanted) {
      const known = this.#definitions.get(name)
      const piece = known ?? this.#describeType(name, input)
      if (piece !== undefined) {
        found.set(name, piece)
        for (const reference of piece.references) wanted.add(reference)
      }
      if (known === undefined || ++seen % membersAtOnce === 0) yield
    }
    this.#definitions = found
  }

  #describeType(name: string, input: SchemaInput): Piece | undefined {
    const objects = new SchemaObjects('v2', input)
    const definition = objects.definition(name)
    return definition === undefined ? undefined : this.#piece('definitions', name, definition, objects)
  }

  /** What other servers add is written anew each time: there are few of them. */
  #withExternal(
    frame: OpenApiV2,
    external: readonly OpenApiV2Part[],
    objects: SchemaObjects,
  ): { readonly document: OpenApiV2; readonly members: Readonly<Record<Section, readonly Piece[]>> } {
    const own: Record<string, JsonMembers> = {}
    for (const name of external.flatMap(({ definitions }) => Object.keys(definitions))) {
      const definition = this.#definitions.has(name) ? objects.definition(name) : undefined
      if (definition !== undefined) own[name] = definition
    }
    const merged = external.reduce(mergeOpenApiV2, { ...frame, definitions: own })
    const members = (section: Section): readonly Piece[] => {
      const known = new Set(this.#order[section].map(({ name }) => name))
      const added = Object.entries(merged[section])
        .filter(([name]) => !known.has(name))
        .map(([name, value]) => this.#piece(section, name, value, objects))
      return [...this.#order[section], ...added].sort(byName)
    }
    const all = { paths: members('paths'), definitions: members('definitions') }
    return { document: { ...frame, parameters: merged.parameters }, members: all }
  }

  *#assemble(
    document: OpenApiV2,
    members: Readonly<Record<Section, readonly Piece[]>>,
  ): Generator<void, Uint8Array<ArrayBuffer>> {
    const { separator } = this.#encoding
    const sizeOf = (pieces: readonly Piece[]): number =>
      pieces.reduce((sum, { bytes }) => sum + bytes.length, 0) +
      Math.max(pieces.length - 1, 0) * separator.length
    const sizes = { paths: sizeOf(members.paths), definitions: sizeOf(members.definitions) }
    const { before, between, after } = this.#encoding.frame(document, sizes)
    const around = before.length + between.length + after.length
    const bytes = new Uint8Array(around + sizes.paths + sizes.definitions)
    let end = 0
    const put = (part: Uint8Array): Uint8Array => {
      bytes.set(part, end)
      end += part.length
      return bytes.subarray(end - part.length, end)
    }
    put(before)
    for (const [index, piece] of members.paths.entries()) {
      if (index > 0) put(separator)
      piece.bytes = put(piece.bytes)
      if (index % membersAtOnce === 0) yield
    }
    put(between)
    for (const [index, piece] of members.definitions.entries()) {
      if (index > 0) put(separator)
      piece.bytes = put(piece.bytes)
      if (index % membersAtOnce === 0) yield
    }
    put(after)
    return bytes
  }
}
