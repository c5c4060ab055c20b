import { DecodeError } from '../../apimachinery/codec/decode-error.ts'
import { duplicateFields } from '../../apimachinery/codec/free-form.ts'
import { goValue } from '../../apimachinery/codec/go-types.ts'
import type { Duplicates } from '../../apimachinery/codec/json-exact.ts'
import { parseJson } from '../../apimachinery/codec/json-parse.ts'
import { NumberLiteral, resolveExactly } from '../../apimachinery/codec/number-literal.ts'
import { goJson, goValueText } from '../../apimachinery/go-text.ts'
import type { JsonValue } from '../../apimachinery/meta.ts'
import { applyJsonPatch, maxOperations } from '../../apimachinery/patch/json-patch.ts'
import { checkJsonPatch, jsonPatchOperations } from '../../apimachinery/patch/json-patch-body.ts'
import { applyMergePatch } from '../../apimachinery/patch/merge-patch.ts'
import { PatchError } from '../../apimachinery/patch/patch-error.ts'
import { type Fields, isFields, isList } from '../../apimachinery/patch/patch-value.ts'
import { applyStrategicMergePatch } from '../../apimachinery/patch/strategic-merge-patch.ts'
import type { Schema } from '../../apimachinery/schema.ts'
import { badRequest, type StatusError, statusError } from '../../apimachinery/status-error.ts'
import type { PatchType } from '../../apimachinery/transport.ts'
import type { RequestBody } from '../request.ts'

export type ObjectPatchType = Exclude<PatchType, 'application/apply-patch+yaml'>

/** Numbers as they were written. */
function withoutLiterals(value: unknown): unknown {
  if (value instanceof NumberLiteral) return value.text
  if (Array.isArray(value)) return value.map(withoutLiterals)
  if (!isFields(value)) return value
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, withoutLiterals(member)]))
}

interface Parsed {
  readonly value: JsonValue
  readonly duplicates: Duplicates | undefined
}

const rejected = (): StatusError =>
  statusError('Invalid', 'the server rejected our request due to an error in our request', {})

function asStatus(error: unknown): unknown {
  if (!(error instanceof PatchError)) return error
  if (error.fault === 'malformed') return badRequest(error.message)
  return error.fault === 'inapplicable' ? rejected() : statusError('', error.message)
}

const parsed = (value: unknown, duplicates?: Duplicates): Parsed => ({
  value: value as JsonValue,
  duplicates,
})

/**
 * A JSON, merge or strategic merge patch from a request. It is read when it is first applied: what is wrong with it
 * counts less than whether there is an object.
 */
export class ObjectPatch {
  readonly type: ObjectPatchType
  readonly #body: RequestBody
  /** Unknown and duplicate fields are looked for. */
  readonly #strict: boolean
  readonly #typed: boolean
  #parsed: Parsed | undefined
  #strictErrors: readonly string[] = []

  /** `typed`: whoever decodes the patched document knows what to do with numbers as they were written. */
  constructor(type: ObjectPatchType, body: RequestBody, strict: boolean, typed: boolean) {
    this.type = type
    this.#body = body
    this.#strict = strict
    this.#typed = typed
  }

  /** What strict decoding has against the patch itself; once it has been applied. */
  get strictErrors(): readonly string[] {
    return this.#strictErrors
  }

  /** A patched document, as errors about it show it. */
  shown(patched: JsonValue): string {
    if (this.type === 'application/strategic-merge-patch+json')
      return goValueText(withoutLiterals(this.#parsed?.value ?? {}))
    if (!isFields(patched)) return goJson(patched)
    return goJson(Object.fromEntries(Object.entries(patched).sort(([a], [b]) => (a < b ? -1 : 1))))
  }

  /** `document` is not changed. Throws StatusError in upstream's words. */
  apply(document: Fields, schema: Schema): JsonValue {
    try {
      this.#parsed ??= this.#read()
      const { value } = this.#parsed
      switch (this.type) {
        case 'application/json-patch+json':
          return applyOperations(document, value)
        case 'application/merge-patch+json':
          if (isFields(value) || isList(value)) return applyMergePatch(document, value)
          throw badRequest('Invalid JSON Patch')
        case 'application/strategic-merge-patch+json':
          return value === null ? document : applyStrategicMergePatch(document, requireFields(value), schema)
      }
    } catch (error) {
      throw asStatus(error)
    }
  }

  #read(): Parsed {
    const patch = this.#parse()
    if (this.#strict) this.#strictErrors = this.#check(patch)
    return patch
  }

  #parse(): Parsed {
    if (this.#body.type === 'object') return parsed(this.#body.object)
    try {
      const { value, exact } = parseJson(new TextDecoder().decode(this.#body.bytes))
      const settled = exact === undefined || this.#typed ? value : resolveExactly(value)
      return parsed(settled, exact?.duplicates)
    } catch (error) {
      if (error instanceof DecodeError) throw badRequest(this.#unreadable(error.message))
      throw error
    }
  }

  #unreadable(why: string): string {
    if (this.type === 'application/strategic-merge-patch+json') return why
    if (this.#strict) return `error decoding patch: ${why}`
    return this.type === 'application/json-patch+json' ? why : 'Invalid JSON Patch'
  }

  #check({ value, duplicates }: Parsed): readonly string[] {
    if (this.type === 'application/json-patch+json') return checkJsonPatch(value, duplicates)
    if (value !== null && !isFields(value)) throw badRequest(this.#unreadable(notMap(value)))
    return duplicates === undefined ? [] : duplicateFields(value, duplicates)
  }
}

const notMap = (value: JsonValue): string =>
  `json: cannot unmarshal ${goValue(value)} into Go value of type map[string]interface {}`

function requireFields(value: JsonValue): Fields {
  if (isFields(value)) return value
  throw badRequest(notMap(value))
}

function applyOperations(document: Fields, value: JsonValue): JsonValue {
  const operations = jsonPatchOperations(value)
  if (operations.length > maxOperations) {
    const detail = `The allowed maximum operations in a JSON patch is ${maxOperations}, got ${operations.length}`
    throw statusError('RequestEntityTooLarge', `Request entity too large: ${detail}`)
  }
  return applyJsonPatch(document, operations)
}
