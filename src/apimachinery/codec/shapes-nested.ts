import type { Schema } from '../schema.ts'
import type { DecodeContext, FieldStep } from './decode-context.ts'
import { NumberLiteral } from './number-literal.ts'
import { setMember } from './set-member.ts'
import { type Shape, shrinks, type WrittenAs } from './shape.ts'

type Members = Readonly<Record<string, unknown>>

function isMembers(value: unknown): value is Members {
  return (
    typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof NumberLiteral)
  )
}

/** A copy of the members before `key`: they stay as they are. */
function copyBefore(object: Members, key: string): Record<string, unknown> {
  const copy: Record<string, unknown> = {}
  for (const name of Object.keys(object)) {
    if (name === key) break
    setMember(copy, name, object[name])
  }
  return copy
}

export function listShape(itemOf: () => Shape, goType: string): Shape {
  return {
    collects: true,
    zero: [],
    isZero: (value) => Array.isArray(value) && value.length === 0,
    conform(value, context) {
      if (!Array.isArray(value)) {
        context.typeError(value, goType)
        return undefined
      }
      const item = itemOf()
      let copy: unknown[] | undefined
      for (let index = 0; index < value.length; index++) {
        const given: unknown = value[index]
        const conformed = typeof given === item.plain ? given : conformItem(item, given, index, context)
        if (conformed !== given) {
          copy ??= value.slice()
          copy[index] = conformed ?? null
        }
      }
      return copy ?? value
    },
    written(value, as) {
      const item = itemOf()
      if (item.written === undefined || !Array.isArray(value)) return value
      let copy: unknown[] | undefined
      for (let index = 0; index < value.length; index++) {
        const written = item.written(value[index], as)
        if (written === value[index]) continue
        copy ??= value.slice()
        copy[index] = written
      }
      return copy ?? value
    },
    shrinks: (seen) => shrinks(itemOf(), seen),
  }
}

export function mapShape(valuesOf: () => Shape, goType: string): Shape {
  return {
    collects: true,
    zero: {},
    isZero: (value) => isMembers(value) && Object.keys(value).length === 0,
    conform(value, context) {
      if (!isMembers(value)) {
        context.typeError(value, goType)
        return undefined
      }
      const shape = valuesOf()
      let copy: Record<string, unknown> | undefined
      for (const key of Object.keys(value)) {
        const given = value[key]
        const conformed = typeof given === shape.plain ? given : conformItem(shape, given, key, context)
        if (copy === undefined && conformed !== given) copy = copyBefore(value, key)
        if (copy !== undefined) setMember(copy, key, conformed ?? null)
      }
      if (context.duplicates !== undefined) context.duplicatesAt(value)
      return copy ?? value
    },
    written(value, as) {
      const shape = valuesOf()
      if (shape.written === undefined || !isMembers(value)) return value
      let copy: Record<string, unknown> | undefined
      for (const key of Object.keys(value)) {
        const written = shape.written(value[key], as)
        if (written === value[key]) continue
        copy ??= { ...value }
        setMember(copy, key, written)
      }
      return copy ?? value
    },
    shrinks: (seen) => shrinks(valuesOf(), seen),
  }
}

function conformItem(shape: Shape, value: unknown, step: number | string, context: DecodeContext): unknown {
  if (value === null) return shape.zero
  context.path.push(step)
  const conformed = shape.conform(value, context)
  context.path.pop()
  return conformed
}

export interface StructField extends FieldStep {
  readonly shape: Shape
  readonly presence: Schema['presence']
}

/** What stands in place of an absent field that is always shown. */
const zeroOf = ({ presence, shape }: StructField): unknown => (presence === 'null' ? null : shape.zero)

const isShown = (field: StructField): boolean =>
  field.presence === 'null' || (field.presence === 'always' && field.shape.zero !== undefined)

/** A Go struct: unknown members go, zero values come and go as upstream's JSON has them. */
export class StructShape implements Shape {
  readonly #goType: string
  readonly #fields: () => ReadonlyMap<string, StructField>
  /** Unknown members stay. */
  readonly #open: boolean
  #known: ReadonlyMap<string, StructField> | undefined
  #always: readonly StructField[] = []
  /** Those of which less may be written than there is. */
  #shrinking: ReadonlyMap<string, StructField> | undefined
  #zero: unknown

  /** `fields` is called on first use: types are recursive. */
  constructor(goType: string, open: boolean, fields: () => ReadonlyMap<string, StructField>) {
    this.#goType = goType
    this.#open = open
    this.#fields = fields
  }

  get zero(): unknown {
    this.#zero ??= Object.freeze(this.#fill({}))
    return this.#zero
  }

  isZero(): boolean {
    return false
  }

  conform(value: unknown, context: DecodeContext, known?: unknown): unknown {
    if (!isMembers(value)) {
      context.structError(value, this.#goType)
      return undefined
    }
    const fields = this.#load()
    const before = isMembers(known) ? known : undefined
    let copy: Record<string, unknown> | undefined
    let always = 0
    let seen = 0
    for (const key of Object.keys(value)) {
      const given = value[key]
      const field = fields.get(key)
      const conformed =
        field === undefined
          ? this.#unknown(key, value, context)
          : conformField(field, given, context, before?.[key])
      if (conformed !== undefined && field !== undefined && isShown(field)) always++
      if (copy === undefined && (conformed !== given || conformed === undefined))
        copy = copyBefore(value, key)
      if (copy !== undefined && conformed !== undefined) setMember(copy, key, conformed)
      if (context.duplicates !== undefined) context.duplicatesAt(value, ++seen, (name) => fields.has(name))
    }
    if (always === this.#always.length) return copy ?? value
    return this.#fill(copy ?? { ...value })
  }

  written(value: unknown, as: WrittenAs): unknown {
    if (!isMembers(value)) return value
    this.#shrinking ??= new Map([...this.#load()].filter(([, field]) => fieldShrinks(field, new Set())))
    if (this.#shrinking.size === 0) return value
    let copy: Record<string, unknown> | undefined
    for (const key of Object.keys(value)) {
      const field = this.#shrinking.get(key)
      if (field === undefined) continue
      const written = writtenField(field, value[key], as)
      if (written === value[key]) continue
      copy ??= { ...value }
      if (written === undefined) delete copy[key]
      else copy[key] = written
    }
    return copy ?? value
  }

  shrinks(seen: Set<Shape>): boolean {
    return [...this.#load().values()].some((field) => fieldShrinks(field, seen))
  }

  #load(): ReadonlyMap<string, StructField> {
    if (this.#known === undefined) {
      this.#known = this.#fields()
      this.#always = [...this.#known.values()].filter(isShown)
    }
    return this.#known
  }

  #unknown(key: string, object: Members, context: DecodeContext): unknown {
    if (this.#open) return object[key]
    context.unknownField(key, object)
    return undefined
  }

  #fill(object: Record<string, unknown>): Record<string, unknown> {
    this.#load()
    for (const field of this.#always) if (object[field.name] === undefined) object[field.name] = zeroOf(field)
    return object
  }
}

function conformField(field: StructField, value: unknown, context: DecodeContext, known: unknown): unknown {
  const { presence } = field
  if (value === null || value === undefined) return presence === 'null' ? null : undefined
  if (value === known && typeof value === 'object') return value
  let conformed: unknown = value
  if (typeof value !== field.shape.plain) {
    context.path.push(field)
    conformed = field.shape.conform(value, context, known)
    context.path.pop()
  }
  if (presence === 'nonzero')
    return field.shape.collects !== true && field.shape.isZero(conformed) ? undefined : conformed
  return presence === 'null' ? (conformed ?? null) : conformed
}

const fieldShrinks = ({ presence, shape }: StructField, seen: Set<Shape>): boolean =>
  (shape.collects === true && (presence === 'nonzero' || presence === 'null')) || shrinks(shape, seen)

/** Undefined: nothing is written. */
function writtenField({ presence, shape }: StructField, value: unknown, as: WrittenAs): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (shape.collects === true && shape.isZero(value)) {
    if (presence === 'nonzero') return undefined
    return presence === 'null' && as === 'protobuf' ? null : value
  }
  return shape.written === undefined ? value : shape.written(value, as)
}
