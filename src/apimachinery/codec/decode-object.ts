import { hex } from '../../base/hex.ts'
import type { GroupVersionKind } from '../define-kind.ts'
import { goQuote } from '../go-text.ts'
import type { KubernetesObject } from '../meta.ts'
import type { Schema, Schemas } from '../schema.ts'
import { badRequest } from '../status-error.ts'
import { cborTypeError } from './cbor/cbor-words.ts'
import type { Conformed, Conformer } from './conformer.ts'
import { DecodeError } from './decode-error.ts'
import { finishFreeForm } from './free-form.ts'
import { goValue } from './go-types.ts'
import type { Duplicates } from './json-exact.ts'
import { maxDepth } from './json-scan.ts'
import type { WrittenAs } from './shape.ts'
import { tooDeep } from './too-deep.ts'

/** The query parameter `fieldValidation`. */
export type FieldValidation = 'Ignore' | 'Warn' | 'Strict'

export interface DecodeOptions {
  /** What the endpoint takes; a body that does not say its kind or version is of this one. */
  readonly expected: GroupVersionKind
  /** Versions of it that are served no more, whose fields are the same: what comes as one of them is of `expected`. */
  readonly older?: readonly GroupVersionKind[]
  /** The schema of that kind; without one (custom resources) the body is kept as it is. */
  readonly schema?: Schema | undefined
  readonly fieldValidation: FieldValidation
  /** In place of `schema` where a kind's schema is data. */
  readonly structure?: Structure | undefined
}

/** Makes values fit a schema that somebody sent (a custom resource's): drops what is unknown. */
export interface Structure {
  /** Throws DecodeError. */
  conform(value: unknown, strict: boolean): Conformed
}

export interface DecodedObject {
  readonly object: KubernetesObject
  /** For `Warning:` headers: unknown and duplicate fields under `Warn`. */
  readonly warnings: readonly string[]
}

/** A parsed body, whatever its media type. */
export interface ParsedBody {
  readonly value: unknown
  /** Present where numbers may be literals and keys were given twice. */
  readonly exact?: { readonly duplicates: Duplicates }
  /** What a strict parser of the media type has against it (YAML's duplicate keys). */
  readonly strictErrors?: readonly string[]
  /** It is CBOR, and `problem` what cannot be anything in it, should it be asked for. */
  readonly cbor?: { readonly problem: string | undefined }
  /** An object of the same schema that was decoded before: what the value shares with it is right. */
  readonly known?: unknown
}

const findKind =
  'struct { APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" }'

const groupVersion = ({ group, version }: Omit<GroupVersionKind, 'kind'>): string =>
  group === '' ? version : `${group}/${version}`

function parseGroupVersion(text: string): Omit<GroupVersionKind, 'kind'> {
  const parts = text.split('/')
  const [first = '', second] = parts
  if (parts.length > 2) throw new DecodeError(`unexpected GroupVersion string: ${text}`)
  return second === undefined ? { group: '', version: first } : { group: first, version: second }
}

/** The kind that a body says it is, parts that it does not say being ''. */
function statedKind(value: unknown, isCbor = false): GroupVersionKind {
  const wrong = (text: string) =>
    new DecodeError(`couldn't get version/kind; json parse error: json: cannot unmarshal ${text}`)
  const wrongCbor = (member: unknown, type: string, place: string) =>
    new DecodeError(`unable to determine group/version/kind: ${cborTypeError(member, type, place, true)}`)
  if (value === null) return { group: '', version: '', kind: '' }
  if (typeof value !== 'object' || Array.isArray(value)) {
    if (isCbor) throw wrongCbor(value, 'v1.TypeMeta', 'value')
    throw wrong(`${goValue(value)} into Go value of type ${findKind}`)
  }
  const text = (key: string): string => {
    const member: unknown = Object.hasOwn(value, key) ? Reflect.get(value, key) : undefined
    if (member === undefined || member === null) return ''
    if (typeof member === 'string') return member
    if (isCbor) throw wrongCbor(member, 'string', `struct field v1.TypeMeta.${key}`)
    throw wrong(`${goValue(member)} into Go struct field .${key} of type string`)
  }
  return { ...parseGroupVersion(text('apiVersion')), kind: text('kind') }
}

function withDefaults(stated: GroupVersionKind, expected: GroupVersionKind): GroupVersionKind {
  const kind = stated.kind === '' ? expected.kind : stated.kind
  if (stated.version !== '') return { ...stated, kind }
  return stated.group === '' || stated.group === expected.group ? { ...expected, kind } : { ...stated, kind }
}

/** What a body is, by what it says and by what is expected. Throws DecodeError. */
function kindOf(value: unknown, expected: GroupVersionKind, isCbor = false): GroupVersionKind {
  if (typeof value === 'object' && value !== null && 'kind' in value && 'apiVersion' in value) {
    const said = value.kind === expected.kind && value.apiVersion === groupVersion(expected)
    if (said) return expected
  }
  return withDefaults(statedKind(value, isCbor), expected)
}

const sameKind = (a: GroupVersionKind, b: GroupVersionKind): boolean =>
  a.group === b.group && a.version === b.version && a.kind === b.kind

/** The first bytes of a body, as errors show it. */
function summary(body: Uint8Array): string {
  if (body.length === 0) return '<empty>'
  const head = body.subarray(0, 30)
  const more = body.length > 30 ? ' ...' : ''
  if (body[0] === 0x7b) return new TextDecoder().decode(head) + more
  return hex(head) + more
}

/** The answer to a body of which not even the kind can be told; any other error stays what it is. */
function unrecognized(error: unknown, expected: GroupVersionKind, shown: string): unknown {
  if (!(error instanceof DecodeError)) return error
  const what = `the object provided is unrecognized (must be of type ${expected.kind})`
  return badRequest(`${what}: ${error.message} (${shown})`)
}

const notStrict = (errors: readonly string[]): DecodeError =>
  new DecodeError(`strict decoding error: ${errors.join(', ')}`)

function plainly<T>(decode: () => T): T {
  try {
    return decode()
  } catch (error) {
    throw error instanceof DecodeError ? badRequest(error.message) : error
  }
}

/** Decodes request bodies into objects of one API, with upstream's errors. */
export class ObjectDecoder {
  readonly #conformer: Conformer
  readonly #schemas: Schemas

  constructor(schemas: Schemas, conformer: Conformer) {
    this.#schemas = schemas
    this.#conformer = conformer
  }

  /**
   * `parse` reads the media type and throws DecodeError. Throws StatusError BadRequest in upstream's words: for
   * a body that cannot be read, has a value of the wrong type, is of another kind or version, or (under
   * `Strict`) has unknown or duplicate fields.
   */
  decode(body: Uint8Array, parse: (body: Uint8Array) => ParsedBody, options: DecodeOptions): DecodedObject {
    try {
      const parsed = parse(body)
      const isCbor = parsed.cbor !== undefined
      return this.#accept(parsed, kindOf(parsed.value, options.expected, isCbor), options)
    } catch (error) {
      throw unrecognized(error, options.expected, summary(body))
    }
  }

  /**
   * Takes an object that came without encoding (from the same process) as if it had been decoded. What it shares with
   * `known`, a decoded object of the same kind that it was made of by a patch, is not looked at; the rest may have
   * become too deep.
   */
  accept(value: unknown, options: DecodeOptions, known?: unknown): DecodedObject {
    try {
      const deep = known === undefined ? undefined : tooDeep(value, known, maxDepth)
      if (deep !== undefined) throw new DecodeError(`invalid character '${deep}' exceeded max depth`)
      return this.#accept({ value, known }, kindOf(value, options.expected), options)
    } catch (error) {
      throw unrecognized(error, options.expected, typeof value)
    }
  }

  /** The kind that a value says it is, parts that it does not say being ''. Throws BadRequest. */
  kindOf(value: unknown): GroupVersionKind {
    return plainly(() => statedKind(value))
  }

  /** A value that fits its type, whatever kind it says it is. Throws BadRequest in Go's words. */
  conform(value: unknown, schema: Schema): unknown {
    return plainly(() => this.#conformer.conform(value, schema, { strict: false }).value)
  }

  /** A value that fits its type, whatever kind it says it is, and holds nothing that the type does not know. Throws DecodeError in Go's words. */
  strictly(parsed: ParsedBody, schema: Schema): unknown {
    const { value, strictErrors } = this.#conform(parsed, { schema, fieldValidation: 'Strict' })
    if (strictErrors.length > 0) throw notStrict(strictErrors)
    return value
  }

  /** What Go writes of a decoded object: empty lists and maps are there for hooks, and mostly for nobody else. */
  written<T>(object: T, schema: Schema | undefined, as: WrittenAs): T {
    return schema === undefined ? object : (this.#conformer.written(object, schema, as) as T)
  }

  #accept(parsed: ParsedBody, kind: GroupVersionKind, options: DecodeOptions): DecodedObject {
    const { expected, older = [], fieldValidation } = options
    const cannot = (why: string) =>
      badRequest(
        `${kind.kind} in version ${goQuote(kind.version)} cannot be handled as a ${expected.kind}: ${why}`,
      )
    try {
      const fits = sameKind(kind, expected) || older.some((version) => sameKind(kind, version))
      if (!fits) throw new DecodeError(this.#mismatch(kind, expected))
      const { value, strictErrors } = this.#conform(parsed, options)
      if (fieldValidation === 'Strict' && strictErrors.length > 0) throw notStrict(strictErrors)
      return {
        object: withKind(value, expected),
        warnings: fieldValidation === 'Warn' ? strictErrors : [],
      }
    } catch (error) {
      if (error instanceof VersionMismatch) throw badRequest(error.message)
      if (error instanceof DecodeError) throw cannot(error.message)
      throw error
    }
  }

  #conform(
    parsed: ParsedBody,
    { schema, structure, fieldValidation }: Omit<DecodeOptions, 'expected' | 'older'>,
  ): Conformed {
    if (parsed.cbor?.problem !== undefined) throw new DecodeError(parsed.cbor.problem)
    const strict = fieldValidation !== 'Ignore'
    const duplicates = parsed.exact?.duplicates
    const before = strict ? (parsed.strictErrors ?? []) : []
    if (schema === undefined) {
      const free =
        duplicates === undefined
          ? undefined
          : finishFreeForm(parsed.value, duplicates, structure !== undefined)
      const given = strict ? [...before, ...(free?.strictErrors ?? [])] : []
      const value = free === undefined ? parsed.value : free.value
      const fitted = structure?.conform(value, strict) ?? { value, strictErrors: [] }
      return { value: fitted.value, strictErrors: [...given, ...fitted.strictErrors] }
    }
    const { known } = parsed
    const isCbor = parsed.cbor !== undefined
    const conformed = this.#conformer.conform(parsed.value, schema, { strict, duplicates, known, isCbor })
    return { value: conformed.value, strictErrors: [...before, ...conformed.strictErrors] }
  }

  #mismatch(kind: GroupVersionKind, expected: GroupVersionKind): string {
    if (this.#schemas.ofKind(kind) === undefined && !isList(kind)) {
      const version = goQuote(groupVersion(kind))
      return `no kind ${goQuote(kind.kind)} is registered for version ${version} in scheme "pkg/api/legacyscheme/scheme.go:30"`
    }
    if (kind.kind === expected.kind) {
      throw new VersionMismatch(
        `the API version in the data (${groupVersion(kind)}) does not match the expected API version (${groupVersion(expected)})`,
      )
    }
    return `converting (${kind.version}.${kind.kind}) to (${internalPackage(expected)}.${expected.kind}): unknown conversion`
  }
}

const isList = ({ group, version, kind }: GroupVersionKind): boolean =>
  group === '' && version === 'v1' && kind === 'List'

/** The body is of a version that this endpoint does not take; upstream words that without more. */
class VersionMismatch extends Error {
  override readonly name = 'VersionMismatch'
}

/** The Go package of a group's internal types. */
const internalPackage = ({ group }: GroupVersionKind): string =>
  group === '' ? 'core' : (group.split('.')[0] ?? group)

function withKind(value: unknown, kind: GroupVersionKind): KubernetesObject {
  const object: KubernetesObject = typeof value === 'object' && value !== null ? value : {}
  const apiVersion = groupVersion(kind)
  if (object.apiVersion === apiVersion && object.kind === kind.kind) return object
  return { ...object, apiVersion, kind: kind.kind }
}
