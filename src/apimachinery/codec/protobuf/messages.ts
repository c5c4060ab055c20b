import { assert } from '../../../base/assert.ts'
import { setMember } from '../set-member.ts'
import { type FieldCodec, scalarCodecs, writeHead } from './field-codec.ts'
import type { Reader } from './reader.ts'
import type { ReverseWriter } from './reverse-writer.ts'
import { specialCodecs } from './special-codecs.ts'

/** field → [number, type], in the generated tables. */
type PackedMessage = Readonly<Record<string, readonly [number, string]>>

interface Field {
  readonly name: string
  readonly number: number
  readonly label: 'single' | 'repeated' | 'map' | 'inline'
  /** Of the value, of each item, or of the map's values. */
  readonly codec: FieldCodec
  /** The message whose fields JSON has in the parent. */
  readonly inline?: Message
}

type Members = Readonly<Record<string, unknown>>
const isMembers = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const string = scalarCodecs.string

/** One protobuf message: objects in their JSON form to bytes and back. */
export class Message implements FieldCodec {
  readonly wireType = 2
  readonly #load: () => readonly Field[]
  /** From JSON's form of the value to the object of the message's fields, and back. */
  readonly #view: MessageView
  #fields: readonly Field[] | undefined
  #byNumber: ReadonlyMap<number, Field> | undefined

  /** `load` is called on first use: messages are recursive. */
  constructor(load: () => readonly Field[], view: MessageView) {
    this.#load = load
    this.#view = view
  }

  write(writer: ReverseWriter, value: unknown): void {
    const members = this.#view.toFields(value)
    if (!isMembers(members)) return
    this.#fields ??= this.#load().toSorted((a, b) => b.number - a.number)
    for (const field of this.#fields) {
      if (field.inline !== undefined) {
        const before = writer.length
        field.inline.write(writer, members)
        if (writer.length > before) writeHead(writer, field.number, field.inline, before)
        continue
      }
      const member = members[field.name]
      if (member !== undefined && member !== null) writeField(writer, field, member)
    }
  }

  read(reader: Reader): unknown {
    return this.readAll(reader.message())
  }

  /** Reads the fields up to the reader's end. */
  readAll(reader: Reader): unknown {
    const object: Record<string, unknown> = {}
    this.#readInto(reader, object)
    return this.#view.fromFields(object)
  }

  #readInto(reader: Reader, object: Record<string, unknown>): void {
    this.#byNumber ??= new Map(this.#load().map((field) => [field.number, field]))
    while (!reader.done) {
      const { field: number, wireType } = reader.key()
      const field = this.#byNumber.get(number)
      if (field === undefined) reader.skip(wireType)
      else if (field.inline !== undefined) field.inline.#readInto(reader.message(), object)
      else readField(reader, wireType, field, object)
    }
  }
}

function writeField(writer: ReverseWriter, field: Field, value: unknown): void {
  const { codec, number } = field
  if (field.label === 'single') writeOne(writer, number, codec, value)
  else if (field.label === 'repeated') {
    if (!Array.isArray(value)) return
    for (let index = value.length - 1; index >= 0; index--) writeOne(writer, number, codec, value[index])
  } else if (isMembers(value)) {
    for (const [key, member] of Object.entries(value).toReversed())
      writeEntry(writer, number, codec, key, member)
  }
}

function writeOne(writer: ReverseWriter, number: number, codec: FieldCodec, value: unknown): void {
  const before = writer.length
  codec.write(writer, value)
  writeHead(writer, number, codec, before)
}

function writeEntry(
  writer: ReverseWriter,
  number: number,
  codec: FieldCodec,
  key: string,
  value: unknown,
): void {
  const before = writer.length
  writeOne(writer, 2, codec, value)
  if (string !== undefined) writeOne(writer, 1, string, key)
  writer.varint(writer.length - before)
  writer.varint(((number << 3) | 2) >>> 0)
}

function readField(reader: Reader, wireType: number, field: Field, object: Record<string, unknown>): void {
  const { codec, name } = field
  if (field.label === 'map') {
    const known = object[name]
    const map = isMembers(known) ? known : {}
    readEntry(reader.message(), codec, map)
    setMember(object, name, map)
  } else if (field.label === 'repeated') {
    const known = object[name]
    const list: unknown[] = Array.isArray(known) ? known : []
    if (known === undefined) setMember(object, name, list)
    // Numbers may come packed, all in one.
    if (wireType === 2 && codec.wireType !== 2) {
      for (const packed = reader.message(); !packed.done; ) list.push(codec.read(packed))
    } else list.push(codec.read(reader))
  } else {
    const value = codec.read(reader)
    if (value !== undefined) setMember(object, name, value)
  }
}

function readEntry(reader: Reader, codec: FieldCodec, map: Record<string, unknown>): void {
  let key = ''
  let value: unknown
  while (!reader.done) {
    const { field, wireType } = reader.key()
    if (field === 1) key = reader.text()
    else if (field === 2) value = codec.read(reader)
    else reader.skip(wireType)
  }
  setMember(map, key, value ?? null)
}

/** Where a value's JSON is not the object of its message's fields. */
export interface MessageView {
  toFields(value: unknown): unknown
  fromFields(fields: Members): unknown
}

const plain: MessageView = { toFields: (value) => value, fromFields: (fields) => fields }

const crd = 'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaProps'
const views: Readonly<Record<string, MessageView>> = {
  [`${crd}OrBool`]: {
    toFields: (value) => (typeof value === 'boolean' ? { allows: value } : { allows: true, schema: value }),
    fromFields: ({ allows, schema }) => schema ?? allows === true,
  },
  [`${crd}OrArray`]: {
    toFields: (value) => (Array.isArray(value) ? { jSONSchemas: value } : { schema: value }),
    fromFields: ({ jSONSchemas, schema }) => jSONSchemas ?? schema,
  },
  [`${crd}OrStringArray`]: {
    toFields: (value) => (Array.isArray(value) ? { property: value } : { schema: value }),
    fromFields: ({ property, schema }) => property ?? schema,
  },
}

/** All messages of the generated tables, made when they are first asked for. */
export class Messages {
  readonly #packs: Readonly<Record<string, string>>
  readonly #parsed = new Map<string, Readonly<Record<string, PackedMessage>>>()
  readonly #messages = new Map<string, Message>()

  constructor(packs: Readonly<Record<string, string>>) {
    this.#packs = packs
  }

  /** By OpenAPI name; undefined if protobuf does not know it. */
  get(name: string): Message | undefined {
    const known = this.#messages.get(name)
    if (known !== undefined) return known
    const dot = name.lastIndexOf('.') + 1
    const prefix = name.slice(0, dot)
    const pack = this.#pack(prefix)
    const own = name.slice(dot)
    if (pack === undefined || !Object.hasOwn(pack, own)) return undefined
    const message = new Message(() => this.#fields(pack[own] ?? {}, prefix), views[name] ?? plain)
    this.#messages.set(name, message)
    return message
  }

  #pack(prefix: string): Readonly<Record<string, PackedMessage>> | undefined {
    const known = this.#parsed.get(prefix)
    const text = Object.hasOwn(this.#packs, prefix) ? this.#packs[prefix] : undefined
    if (known !== undefined || text === undefined) return known
    const pack: Readonly<Record<string, PackedMessage>> = JSON.parse(text)
    this.#parsed.set(prefix, pack)
    return pack
  }

  #fields(packed: PackedMessage, prefix: string): readonly Field[] {
    return Object.entries(packed).map(([name, [number, text]]) => {
      const [, repeated, map, inline, type = ''] =
        /^(repeated )?(map<string,)?(inline )?([^>]+)/.exec(text) ?? []
      if (inline !== undefined) {
        const message = this.#message(type, prefix)
        return { name, number, label: 'inline', codec: message, inline: message }
      }
      const label = repeated !== undefined ? 'repeated' : map !== undefined ? 'map' : 'single'
      return { name, number, label, codec: this.#codec(type, prefix) }
    })
  }

  #codec(type: string, prefix: string): FieldCodec {
    if (!type.startsWith('#')) {
      const scalar = scalarCodecs[type]
      assert(scalar !== undefined, `protobuf's ${type} has a codec`)
      return scalar
    }
    return specialCodecs[fullName(type, prefix)] ?? this.#message(type, prefix)
  }

  #message(type: string, prefix: string): Message {
    const message = this.get(fullName(type, prefix))
    assert(message !== undefined, `message ${type} exists`)
    return message
  }
}

const fullName = (type: string, prefix: string): string =>
  type.includes('.') ? type.slice(1) : prefix + type.slice(1)
