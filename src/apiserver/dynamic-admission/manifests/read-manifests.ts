import { hasStaticSuffix, staticSuffix } from '../../../api/admissionregistration/static-suffix.ts'
import { aggregateFields } from '../../../apimachinery/aggregate.ts'
import { DecodeError } from '../../../apimachinery/codec/decode-error.ts'
import type { ObjectDecoder, ParsedBody } from '../../../apimachinery/codec/decode-object.ts'
import { parseJsonBody } from '../../../apimachinery/codec/json-body.ts'
import { parseYamlBody } from '../../../apimachinery/codec/yaml-body.ts'
import type { GroupVersionKind, KindDeclaration, WriteContext } from '../../../apimachinery/define-kind.ts'
import { goQuote } from '../../../apimachinery/go-text.ts'
import type { KubernetesObject } from '../../../apimachinery/meta.ts'
import { rulesForNew, validateObjectMeta } from '../../../apimachinery/object-meta-validation.ts'
import type { Schemas } from '../../../apimachinery/schema.ts'
import { isRecord } from '../../../base/is-record.ts'
import { messageOf } from '../../../base/message-of.ts'
import type { ManifestFile } from './manifest-folder.ts'
import { splitDocuments } from './split-documents.ts'

const group = 'admissionregistration.k8s.io'
const listSuffix = 'List'

export interface ManifestReading {
  readonly decoder: ObjectDecoder
  readonly schemas: Schemas
  /** What may be in the files. */
  readonly kinds: readonly KindDeclaration[]
  /** As errors about other kinds name what upstream reads by. */
  readonly scheme: string
  readonly context: WriteContext
  /** What is wrong with an object in a file, beside what would be wrong with it anywhere; throws an Error. */
  readonly check: (object: KubernetesObject, declaration: KindDeclaration, file: string) => void
}

/** The objects of each kind, by name. */
export type Manifests = ReadonlyMap<KindDeclaration, readonly KubernetesObject[]>

const nameOf = ({ metadata }: KubernetesObject): string => metadata?.name ?? ''

/** Reads files one after the other; what is wrong with any of them is wrong with all. */
class ManifestReader {
  readonly #reading: ManifestReading
  readonly #found: Map<KindDeclaration, KubernetesObject[]>
  /** Of each kind: in which file a name was. */
  readonly #seen = new Map<KindDeclaration, Map<string, string>>()

  constructor(reading: ManifestReading) {
    this.#reading = reading
    this.#found = new Map(reading.kinds.map((kind) => [kind, []]))
  }

  get manifests(): Manifests {
    for (const objects of this.#found.values()) objects.sort((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1))
    return this.#found
  }

  document(text: string, file: string): void {
    try {
      const body = new TextEncoder().encode(text)
      this.#take(text.startsWith('{') ? parseJsonBody(body) : parseYamlBody(body), text, file)
    } catch (error) {
      throw new Error(`error loading ${file}: ${messageOf(error)}`, { cause: error })
    }
  }

  #take(parsed: ParsedBody, text: string, file: string): void {
    const { decoder, schemas, kinds, scheme } = this.#reading
    const kind = decoder.kindOf(parsed.value)
    if (kind.kind === '') throw new DecodeError(`Object 'Kind' is missing in '${text}'`)
    if (kind.version === '') throw new DecodeError(`Object 'apiVersion' is missing in '${text}'`)
    if (kind.group === '' && kind.version === 'v1' && kind.kind === listSuffix) {
      this.#list(parsed, file)
      return
    }
    const schema = kind.group === group ? schemas.ofKind(kind) : undefined
    if (schema === undefined) throw new DecodeError(unregistered(kind, scheme))
    const value = decoder.strictly(parsed, schema)
    const single = kinds.find((each) => isOf(each, kind, ''))
    const several = kinds.find((each) => isOf(each, kind, listSuffix))
    if (single !== undefined) this.#accept(single, value, file)
    else if (several !== undefined) for (const item of itemsOf(value)) this.#accept(several, item, file)
    else throw new Error(`unsupported resource type *${kind.version}.${kind.kind}`)
  }

  #list({ value }: ParsedBody, file: string): void {
    for (const item of itemsOf(value)) {
      try {
        this.#take({ value: item }, JSON.stringify(item), file)
      } catch (error) {
        if (!(error instanceof DecodeError)) throw error
        throw new Error(`failed to decode list item: ${error.message}`, { cause: error })
      }
    }
  }

  #accept(declaration: KindDeclaration, value: unknown, file: string): void {
    const { context, check } = this.#reading
    const { version, kind } = declaration
    const object = declaration.defaults({
      ...(value as KubernetesObject),
      apiVersion: `${group}/${version}`,
      kind,
    })
    const name = nameOf(object)
    const errors = [
      ...validateObjectMeta(object.metadata ?? {}, rulesForNew(declaration, object)),
      ...declaration.validate(object, undefined, context),
    ]
    if (errors.length > 0) throw new Error(`${kind} ${goQuote(name)}: ${aggregateFields(errors)}`)
    if (!hasStaticSuffix(object))
      throw new Error(
        `${goQuote(name)} in file ${goQuote(file)} must have a name ending with ${goQuote(staticSuffix)}`,
      )
    this.#note(declaration, name, file)
    check(object, declaration, file)
    this.#found.get(declaration)?.push(object)
  }

  #note(declaration: KindDeclaration, name: string, file: string): void {
    const seen = this.#seen.get(declaration) ?? new Map<string, string>()
    const before = seen.get(name)
    if (before !== undefined)
      throw new Error(
        `duplicate name ${goQuote(name)} found in file ${goQuote(file)} (previously seen in ${goQuote(before)})`,
      )
    this.#seen.set(declaration, seen.set(name, file))
  }
}

const isOf = (declaration: KindDeclaration, { version, kind }: GroupVersionKind, suffix: string): boolean =>
  declaration.version === version && `${declaration.kind}${suffix}` === kind

function itemsOf(list: unknown): readonly unknown[] {
  const items = isRecord(list) ? list['items'] : undefined
  return Array.isArray(items) ? items : []
}

function unregistered({ group: own, version, kind }: GroupVersionKind, scheme: string): string {
  const apiVersion = own === '' ? version : `${own}/${version}`
  return `no kind ${goQuote(kind)} is registered for version ${goQuote(apiVersion)} in scheme ${goQuote(scheme)}`
}

/** All objects of some files, with their defaults. Throws an Error in upstream's words for the first that is wrong. */
export function readManifests(files: readonly ManifestFile[], reading: ManifestReading): Manifests {
  const reader = new ManifestReader(reading)
  for (const { path, bytes } of files)
    for (const document of splitDocuments(new TextDecoder().decode(bytes))) reader.document(document, path)
  return reader.manifests
}
