import type { ObjectDecoder } from '../../apimachinery/codec/decode-object.ts'
import type { GroupVersionKind, KindDeclaration } from '../../apimachinery/define-kind.ts'
import type { KubernetesObject } from '../../apimachinery/meta.ts'
import type { Schema, Schemas } from '../../apimachinery/schema.ts'
import type { AdmissionAttributes } from '../admission.ts'
import type { MaybePromise } from '../authenticator.ts'
import { apiVersionOf } from '../cache/layout.ts'
import type { CustomForms } from '../custom-resources/custom-forms.ts'

export interface ObjectFormsOptions {
  /** All built-in kinds that are served. */
  readonly kinds: readonly KindDeclaration[]
  readonly decoder: ObjectDecoder
  readonly schemas: Schemas
  /** Asked when the server runs; undefined where there are no custom resources. */
  readonly custom: () => CustomForms | undefined
}

/** The kind that a request's object has when it is shown as one of `declaration`, which is equivalent to its own. */
export function kindIn(
  { declaration: own, kind }: Pick<AdmissionAttributes, 'declaration' | 'kind'>,
  { group, version, kind: name }: KindDeclaration,
): GroupVersionKind {
  const isOwn = kind.kind === own.kind && kind.group === own.group && kind.version === own.version
  return isOwn ? { group, version, kind: name } : kind
}

/** In which other versions an object may be shown, and how it gets there and comes back. */
export class ObjectForms {
  readonly #options: ObjectFormsOptions
  readonly #byPrefix = new Map<string, readonly KindDeclaration[]>()

  constructor(options: ObjectFormsOptions) {
    this.#options = options
    for (const kind of options.kinds)
      if (kind.verbs.includes('get'))
        this.#byPrefix.set(kind.storagePrefix, [...(this.#byPrefix.get(kind.storagePrefix) ?? []), kind])
  }

  /** The other versions in which the resource is served. */
  equivalents(declaration: KindDeclaration, subresource: string): readonly KindDeclaration[] {
    const others = this.#builtIn(declaration) ?? this.#options.custom()?.versionsOf(declaration) ?? []
    return others.filter(
      (other) =>
        (other.group !== declaration.group || other.version !== declaration.version) &&
        has(other, subresource, declaration),
    )
  }

  #builtIn({ storagePrefix, group, version }: KindDeclaration): readonly KindDeclaration[] | undefined {
    const known = this.#byPrefix.get(storagePrefix)
    return known?.some((kind) => kind.group === group && kind.version === version) === true
      ? known
      : undefined
  }

  /** An object of one version as one of another; rejects or throws with what its webhook says. */
  convert(
    object: KubernetesObject,
    from: KindDeclaration,
    to: KindDeclaration,
  ): MaybePromise<KubernetesObject> {
    if (from === to) return object
    if (this.#builtIn(from) === undefined) return this.#options.custom()?.convert(object, to) ?? object
    const stored = from.stored?.toStored(object) ?? object
    const converted = to.stored?.fromStored(stored) ?? stored
    return { ...converted, apiVersion: apiVersionOf(to), kind: to.kind }
  }

  /** An object of a kind as JSON has it: without the empty lists that our own plugins see. */
  shown(object: KubernetesObject, kind: GroupVersionKind): KubernetesObject {
    return this.#options.decoder.written(object, this.#options.schemas.ofKind(kind), 'json')
  }

  /** JSON that a webhook or policy gave, as an object of that kind, defaulted. Throws StatusError. */
  accept(
    json: unknown,
    kind: GroupVersionKind,
    declaration: KindDeclaration,
    fieldValidation: 'Ignore' | 'Strict' = 'Ignore',
  ): KubernetesObject {
    const { decoder, schemas } = this.#options
    const isOwn = kind.kind === declaration.kind && kind.group === declaration.group
    const custom = isOwn ? this.#options.custom()?.structureOf(declaration) : undefined
    const schema = schemas.ofKind(kind)
    if (custom === undefined && schema === undefined) return json as KubernetesObject
    const form = custom === undefined ? { schema } : { structure: custom }
    const { object } = decoder.accept(json, { expected: kind, ...form, fieldValidation })
    return isOwn ? declaration.defaults(object) : object
  }

  /** What structured merge goes by; undefined where nothing is known of the kind. */
  mergeSchema(kind: GroupVersionKind, declaration: KindDeclaration): Schema | undefined {
    return this.#options.schemas.ofKind(kind) ?? this.#options.custom()?.mergeSchemaOf(declaration)
  }
}

/** Whether another version has the subresource, too. */
function has(other: KindDeclaration, subresource: string, own: KindDeclaration): boolean {
  if (subresource === 'status' || subresource === 'scale')
    return (other.subresources[subresource] !== undefined) === (own.subresources[subresource] !== undefined)
  return true
}
