import type { GroupVersionKind } from '../../apimachinery/define-kind.ts'
import { safeForHtml } from '../../apimachinery/go-text.ts'
import type { KubernetesObject, ObjectMeta } from '../../apimachinery/meta.ts'
import { utf8Length } from '../../apimachinery/utf8-length.ts'
import { assert } from '../../base/assert.ts'
import { jsonText } from '../../base/json-text.ts'
import { FieldTexts } from './field-texts.ts'
import { RawFields } from './raw-fields.ts'

const encoder = new TextEncoder()
const decoder = new TextDecoder()
const closingBrace = 0x7d

/** An object as it is stored: JSON without `metadata.resourceVersion`, which only the commit knows. */
export interface StoredForm {
  readonly bytes: Uint8Array
  /** Length in bytes of the metadata's JSON, braces included. */
  readonly metadataLength: number
}

/** An object as clients see it. */
export interface ServedForm {
  readonly bytes: Uint8Array
  /** Where the metadata's closing brace ends; 0 if nobody has looked. */
  readonly metadataEnd: number
}

export const apiVersionOf = (kind: { readonly group: string; readonly version: string }): string =>
  kind.group === '' ? kind.version : `${kind.group}/${kind.version}`

/**
 * How one kind's objects lie in their bytes: `{"kind":…,"apiVersion":…,"metadata":{` first, always the same, then
 * (as served) `"resourceVersion":"…",`, then everything else. So a resource version is put in or replaced, and
 * metadata found, without parsing.
 */
export class Layout {
  /** `{"kind":"Pod","apiVersion":"v1","metadata":{` */
  readonly #prefix: string
  readonly #prefixBytes: Uint8Array
  readonly apiVersion: string
  readonly kind: string
  /** Where the metadata's opening brace is. */
  readonly metadataStart: number
  /** Where `"metadata"` is: items of lists begin with a brace and this. */
  readonly itemStart: number
  readonly listKind: string
  readonly #escapes: boolean
  readonly #fieldTexts = new FieldTexts()
  readonly #rawFields = new RawFields()

  /**
   * Items of lists say their kind where it is one that only its definition names. `goEscapes`: strings are written as
   * Go writes them, for kinds whose clients compare bytes.
   */
  constructor(kind: GroupVersionKind & { readonly goEscapes?: true }, list?: { readonly kind: string }) {
    this.apiVersion = apiVersionOf(kind)
    this.kind = kind.kind
    const head = `{"kind":${JSON.stringify(kind.kind)},"apiVersion":${JSON.stringify(this.apiVersion)},`
    this.#prefix = `${head}"metadata":{`
    this.#prefixBytes = encoder.encode(this.#prefix)
    this.metadataStart = this.#prefixBytes.length - 1
    this.itemStart = list === undefined ? encoder.encode(head).length : 1
    this.#escapes = kind.goEscapes === true
    this.listKind = list?.kind ?? `${kind.kind}List`
  }

  /** The object that bytes say. */
  parse(bytes: Uint8Array): KubernetesObject {
    return JSON.parse(decoder.decode(bytes))
  }

  /** As `parse`, with trees of owned fields as they lie there: RawJson. */
  parseRawFields(bytes: Uint8Array): KubernetesObject {
    return this.#rawFields.parse(decoder.decode(bytes))
  }

  /** `object.metadata` must hold more than a resource version. */
  store(object: KubernetesObject): StoredForm {
    const metadataJson = this.#metadataJson(object.metadata ?? {})
    assert(metadataJson.length > 2, 'an object without metadata is to be stored')
    // JSON leaves out what is undefined; a copy that leaves it out itself would cost more.
    const plain = jsonText({
      ...object,
      kind: undefined,
      apiVersion: undefined,
      metadata: undefined,
    })
    const restJson = this.#escapes ? safeForHtml(plain) : plain
    const json = `${this.#prefix}${metadataJson.slice(1)}${restJson === '{}' ? '}' : `,${restJson.slice(1)}`}`
    const bytes = encoder.encode(json)
    return {
      bytes,
      metadataLength: bytes.length === json.length ? metadataJson.length : utf8Length(metadataJson),
    }
  }

  #metadataJson(metadata: ObjectMeta): string {
    const { managedFields } = metadata
    const json = JSON.stringify({ ...metadata, resourceVersion: undefined, managedFields: undefined })
    if (managedFields === undefined) return json
    const fields = `"managedFields":${this.#fieldTexts.encode(managedFields)}}`
    return json === '{}' ? `{${fields}` : `${json.slice(0, -1)},${fields}`
  }

  /** Bytes that somebody else may have written: laid out as ours if they are not. */
  normalize(stored: Uint8Array): Uint8Array {
    if (this.#startsWithPrefix(stored)) return stored
    const object: KubernetesObject = JSON.parse(decoder.decode(stored))
    assert((object.kind ?? this.kind) === this.kind, `a ${this.kind} is stored as another kind`)
    return this.store(object).bytes
  }

  #startsWithPrefix(bytes: Uint8Array): boolean {
    const prefix = this.#prefixBytes
    if (bytes.length <= prefix.length) return false
    for (let index = prefix.length - 1; index >= 0; index--) if (bytes[index] !== prefix[index]) return false
    return bytes[prefix.length] !== closingBrace
  }

  /** Puts the revision in. `metadataLength` 0: unknown. */
  serve(stored: Uint8Array, metadataLength: number, revision: number): ServedForm {
    const inserted = versionMember(revision)
    const at = this.metadataStart + 1
    const bytes = new Uint8Array(stored.length + inserted.length)
    bytes.set(stored.subarray(0, at))
    writeAscii(bytes, at, inserted)
    bytes.set(stored.subarray(at), at + inserted.length)
    return {
      bytes,
      metadataEnd: metadataLength === 0 ? 0 : this.metadataStart + metadataLength + inserted.length,
    }
  }

  /** The same object at another revision. */
  reserve(served: Uint8Array, metadataEnd: number, from: number, to: number): ServedForm {
    const old = versionMember(from).length
    const inserted = versionMember(to)
    const at = this.metadataStart + 1
    const grown = inserted.length - old
    const bytes = new Uint8Array(served.length + grown)
    bytes.set(served.subarray(0, at))
    writeAscii(bytes, at, inserted)
    bytes.set(served.subarray(at + old), at + inserted.length)
    return { bytes, metadataEnd: metadataEnd === 0 ? 0 : metadataEnd + grown }
  }

  /** Whether `served` holds just `stored` at a revision. */
  sameContent(served: Uint8Array, revision: number, stored: Uint8Array): boolean {
    const inserted = versionMember(revision).length
    if (served.length !== stored.length + inserted) return false
    const at = this.metadataStart + 1
    for (let index = at; index < stored.length; index++)
      if (stored[index] !== served[index + inserted]) return false
    return true
  }
}

const versionMember = (revision: number): string => `"resourceVersion":"${revision}",`

function writeAscii(bytes: Uint8Array, at: number, text: string): void {
  for (let index = 0; index < text.length; index++) bytes[at + index] = text.charCodeAt(index)
}

const quote = 0x22
const backslash = 0x5c
const openBrace = 0x7b

/** Where the JSON object that opens at `start` ends (exclusive). */
export function endOfObject(bytes: Uint8Array, start: number): number {
  let depth = 0
  for (let index = start; index < bytes.length; index++) {
    const byte = bytes[index]
    if (byte === quote) {
      index++
      while (index < bytes.length && bytes[index] !== quote) index += bytes[index] === backslash ? 2 : 1
    } else if (byte === openBrace) depth++
    else if (byte === closingBrace && --depth === 0) return index + 1
  }
  throw new RangeError('a stored object ends within its metadata')
}
