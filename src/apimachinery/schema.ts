import type { GroupVersionKind } from './define-kind.ts'
import type { JsonValue } from './meta.ts'

/** A union of fields of which a discriminator (or presence alone) picks one; field → discriminator's value. */
export interface SchemaUnion {
  readonly discriminator?: string
  readonly 'fields-to-discriminateBy': Readonly<Record<string, string>>
}

/**
 * The shape of a value: of a built-in type, or of a custom resource's structural schema. References are
 * resolved on reading, so recursion works, and reading one place twice gives the same object: consumers may
 * key caches by schema.
 */
export interface Schema {
  /** OpenAPI name of a named type: `io.k8s.api.apps.v1.DeploymentSpec`. */
  readonly name?: string | undefined
  readonly type?: 'object' | 'array' | 'string' | 'integer' | 'number' | 'boolean' | undefined
  /** `int32`, `int64`, `double`, `byte`, `date-time`, `date-time-micro` (MicroTime), `quantity`, `fields-v1`. */
  readonly format?: string | undefined
  readonly properties?: Readonly<Record<string, Schema>> | undefined
  readonly required?: readonly string[] | undefined
  readonly items?: Schema | undefined
  /** The schema of all values of a map; `true` allows anything. */
  readonly additionalProperties?: Schema | true | undefined
  readonly intOrString?: true | undefined
  /** Unknown fields are kept (RawExtension, any JSON, `x-kubernetes-preserve-unknown-fields`). */
  readonly preserveUnknownFields?: true | undefined
  /** Absent means atomic. */
  readonly listType?: 'atomic' | 'set' | 'map' | undefined
  readonly listMapKeys?: readonly string[] | undefined
  /** Absent means granular. */
  readonly mapType?: 'atomic' | 'granular' | undefined
  /** Comma list of `merge`, `retainKeys`, `replace`. */
  readonly patchStrategy?: string | undefined
  readonly patchMergeKey?: string | undefined
  readonly default?: JsonValue | undefined
  /**
   * What the Go type behind a built-in field does with zero values (`''`, 0, false, `{}`, `[]`): `always`
   * shows them in place of an absent field, `null` shows them as null, `nonzero` drops them, absent leaves things as
   * they were given.
   */
  readonly presence?: 'always' | 'null' | 'nonzero' | undefined
  /** The Go type, where it does not follow from the rest (`v1.PullPolicy`): decoding errors name it. */
  readonly goType?: string | undefined
  /** The values that documents name, of the field, or of what it is a list or map of; validation is the kind's. */
  readonly enum?: readonly string[] | undefined
  /** The embedded Go structs that a field comes from (`VolumeSource`), dotted: decoding errors name them. */
  readonly embeddedIn?: string | undefined
  readonly unions?: readonly SchemaUnion[] | undefined
  /** The kinds that a named type stands for (`x-kubernetes-group-version-kind`). */
  readonly kinds?: readonly GroupVersionKind[] | undefined
}

/** Schemas by OpenAPI name. */
export interface Schemas {
  get(name: string): Schema | undefined
  /** The type that stands for a kind. */
  ofKind(kind: GroupVersionKind): Schema | undefined
  /** All names, sorted. */
  names(): readonly string[]
}
