import { ReverseWriter } from '../codec/protobuf/reverse-writer.ts'

/**
 * How a JSON value is written in gnostic's messages (OpenAPIv2.proto, OpenAPIv3.proto): as a scalar; as YAML in
 * `Any`; as a message; or as a message of which each member of the JSON object becomes a `{name, value}`.
 */
export type Shape =
  | 'string'
  | 'bool'
  | 'int'
  | 'double'
  | 'any'
  /** A string or list of strings in a message's field 1. */
  | 'strings'
  | Message
  | Choice
  | Named

export interface Field {
  readonly number: number
  readonly shape: Shape
  readonly repeated?: true
}

/** `vendor` is the number of the message's extensions (`x-…`). A function, because messages are recursive. */
export interface Message {
  readonly vendor?: number
  readonly fields: () => Readonly<Record<string, Field>>
}

/** A message of which the value decides the only field; undefined: it has none. */
export interface Choice {
  readonly oneOf: (value: unknown) => readonly [number, Shape] | undefined
}

export interface Named {
  readonly named: Shape
  readonly field: number
}

export const text = (number: number): Field => ({ number, shape: 'string' })
export const texts = (number: number): Field => ({ number, shape: 'string', repeated: true })
export const flag = (number: number): Field => ({ number, shape: 'bool' })
export const of = (number: number, shape: Shape): Field => ({ number, shape })
export const listOf = (number: number, shape: Shape): Field => ({ number, shape, repeated: true })
/** A message around exactly one other, in its field 1. */
export const only = (shape: Shape): Choice => ({ oneOf: () => [1, shape] })

export const memberOf = (value: unknown, name: string): unknown =>
  typeof value === 'object' && value !== null && name in value ? Reflect.get(value, name) : undefined
export const isReference = (value: unknown): boolean => memberOf(value, '$ref') !== undefined

const entriesOf = (value: unknown): [string, unknown][] =>
  typeof value === 'object' && value !== null ? Object.entries(value).toReversed() : []

/** Writes one document, from its end to its beginning. */
export class GnosticWriter {
  readonly writer = new ReverseWriter(1 << 16)
  readonly #fields = new Map<Message, ReadonlyMap<string, Field>>()

  #fieldsOf(message: Message): ReadonlyMap<string, Field> {
    const known = this.#fields.get(message)
    if (known !== undefined) return known
    const fields = new Map(Object.entries(message.fields()).sort(([, a], [, b]) => b.number - a.number))
    this.#fields.set(message, fields)
    return fields
  }

  /** The outermost messages, `depth` deep, yielding after each of their named members. */
  *steps(message: Message, value: unknown, depth: number): Generator<void, void> {
    for (const [name, field] of this.#fieldsOf(message)) {
      const { number, shape } = field
      const member = memberOf(value, name)
      if (member === undefined) continue
      const before = this.writer.length
      if (typeof shape === 'object' && 'named' in shape && field.repeated !== true) {
        for (const [key, item] of entriesOf(member)) {
          this.#named(shape.field, key, shape.named, item)
          yield
        }
        this.#end(number, before)
      } else if (typeof shape === 'object' && 'fields' in shape && field.repeated !== true && depth > 1) {
        yield* this.steps(shape, member, depth - 1)
        this.#end(number, before)
      } else this.#field(field, member)
    }
  }

  /** One member of a named message, to stand beside others of its sort. */
  entry({ named, field }: Named, name: string, value: unknown): void {
    this.#named(field, name, named, value)
  }

  /** What goes before a message of that many bytes. */
  head(number: number, size: number): void {
    this.writer.varint(size)
    this.#key(number, 2)
  }

  #end(number: number, before: number): void {
    this.head(number, this.writer.length - before)
  }

  #key(number: number, wireType: number): void {
    this.writer.varint(((number << 3) | wireType) >>> 0)
  }

  #text(number: number, value: string): void {
    const before = this.writer.length
    this.writer.text(value)
    this.#end(number, before)
  }

  #message(message: Message, value: unknown): void {
    if (typeof value !== 'object' || value === null) return
    if (message.vendor !== undefined) {
      for (const [name, member] of entriesOf(value))
        if (name.startsWith('x-')) this.#named(message.vendor, name, 'any', member)
    }
    for (const [name, field] of this.#fieldsOf(message)) {
      const member = memberOf(value, name)
      if (member !== undefined) this.#field(field, member)
    }
  }

  #named(number: number, name: string, shape: Shape, value: unknown): void {
    const before = this.writer.length
    this.#value(2, shape, value)
    this.#text(1, name)
    this.#end(number, before)
  }

  #field({ number, shape, repeated }: Field, value: unknown): void {
    if (repeated !== true || !Array.isArray(value)) this.#value(number, shape, value)
    else for (const item of value.toReversed()) this.#value(number, shape, item)
  }

  #value(number: number, shape: Shape, value: unknown): void {
    if (typeof shape === 'string') {
      this.#scalar(number, shape, value)
      return
    }
    const before = this.writer.length
    if ('fields' in shape) this.#message(shape, value)
    else if ('oneOf' in shape) {
      const chosen = shape.oneOf(value)
      if (chosen !== undefined) this.#value(...chosen, value)
    } else {
      for (const [name, member] of entriesOf(value)) this.#named(shape.field, name, shape.named, member)
    }
    this.#end(number, before)
  }

  #scalar(number: number, shape: Extract<Shape, string>, value: unknown): void {
    const { writer } = this
    const before = writer.length
    switch (shape) {
      case 'string':
        this.#text(number, String(value))
        return
      case 'bool':
        writer.varint(value === true ? 1 : 0)
        this.#key(number, 0)
        return
      case 'int':
        writer.int64(Number(value))
        this.#key(number, 0)
        return
      case 'double':
        writer.double(Number(value))
        this.#key(number, 1)
        return
      case 'any': // JSON is YAML.
        this.#text(2, JSON.stringify(value))
        break
      case 'strings':
        for (const item of [value].flat().toReversed()) this.#text(1, String(item))
        break
    }
    this.#end(number, before)
  }
}
