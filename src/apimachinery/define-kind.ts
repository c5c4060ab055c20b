import type { VerifySignature } from '../base/signature.ts'
import type { Features } from './feature-gates.ts'
import type { FieldError } from './field-error.ts'
import { dropsDisabled, type GatedFields } from './gated-fields.ts'
import type { KubernetesObject, ObjectMeta, StringMap, Time } from './meta.ts'
import type { Complaints } from './names.ts'
import type { MetadataCheck } from './object-meta-validation.ts'

export type Verb = 'create' | 'get' | 'list' | 'watch' | 'update' | 'patch' | 'delete' | 'deletecollection'

const allVerbs: readonly Verb[] = [
  'create',
  'delete',
  'deletecollection',
  'get',
  'list',
  'patch',
  'update',
  'watch',
]

export interface GroupVersionKind {
  readonly group: string
  readonly version: string
  readonly kind: string
}

/** A printer column of `kubectl get`. `priority` 1 shows with `-o wide` only. */
export interface Column<T> {
  readonly name: string
  readonly type: 'string' | 'integer' | 'number' | 'boolean' | 'date'
  readonly format?: string
  /** Of a custom resource's; what upstream says of built-in kinds' is generated. */
  readonly description?: string
  readonly priority?: number
  /** A cell that rows have without a definition to tell of it: upstream's IPAddress. */
  readonly undefinedCell?: boolean
  /** Present: the cell is how long ago this was, so it is made anew whenever it is shown; `value` says the same. */
  since?(object: T): Time | null | undefined
  /** `nowMs` is the wall clock, for ages. `undefined` prints as `<none>`-less emptiness only where upstream's cell is null. */
  value(object: T, nowMs: number): string | number | boolean | null
}

/** Where a kind keeps what `/scale` shows; paths are dotted (`spec.replicas`). */
export interface ScalePaths {
  readonly specReplicas: string
  readonly statusReplicas: string
  /** The label selector as a string or as a LabelSelector. */
  readonly selector?: string
}

export interface Subresources {
  /** Present: `/status` exists, and the main resource ignores changes of `status`. */
  readonly status?: Readonly<Record<string, never>>
  readonly scale?: ScalePaths
  /** Further subresources whose writes take a part of the object itself (`finalize`, `ephemeralcontainers`, `approval`): the hooks see their name in WriteContext. */
  readonly parts?: readonly string[]
}

/** How an object's name (or generateName) is checked; `long-name`: as a subdomain in newer words, no generateName. */
export type NameRule = 'subdomain' | 'long-name' | 'label' | 'label-1035' | 'path-segment'

/** Who writes. */
export interface Writer {
  readonly name: string
  readonly uid?: string
  readonly groups: readonly string[]
  readonly extra?: Readonly<Record<string, readonly string[]>>
}

/** What a write is made of, for hooks that must know; host-free and pure. */
export interface WriteContext {
  readonly nowMs: number
  /** Which feature gates are on: fields of the others are dropped unless they were there before. */
  readonly features: Features
  /** '' for the main resource, else the subresource that is being written (`status`, `scale`, `resize`, …). */
  readonly subresource: string
  /** Present where a new object is prepared. */
  readonly user?: Writer
  /** The labels of a namespace, undefined for one that is not there. Absent where nobody knows namespaces. */
  namespaceLabels?(name: string): StringMap | undefined
  /** Absent where nothing can verify signatures: they are taken as they are. */
  readonly verifySignature?: VerifySignature
}

/** The outcome of asking a kind how long a deletion takes. */
export interface GracefulDeletion {
  /** Seconds until the object may go; 0 deletes at once. */
  readonly gracePeriodSeconds: number
}

/** Reads the value that a field selector compares; '' where the field is absent. A method's type, like all hooks, so that kinds of any object fit in one list. */
export type SelectableField<T> = { read(object: T): string }['read']

/**
 * One kind, declared. Everything about it that the generic machinery needs: routes, discovery, OpenAPI, the
 * typed client, informers and tables follow from it. All hooks are pure and return copies; an object that
 * needs no change is returned as it is.
 */
export interface KindDeclaration<T extends KubernetesObject = KubernetesObject> {
  readonly group: string
  readonly version: string
  readonly kind: string
  /** Lower-case plural: `deployments`. */
  readonly resource: string
  readonly singular: string
  readonly namespaced: boolean
  readonly shortNames: readonly string[]
  readonly categories: readonly string[]
  readonly verbs: readonly Verb[]
  /** Present: it is served only while this feature gate is on. */
  readonly featureGate?: string
  /** OpenAPI name of its type in the generated schemas: `io.k8s.api.apps.v1.Deployment`. */
  readonly schema: string
  readonly nameRule: NameRule
  /** Present: the name and generateName of a new object are checked by this first, by `nameRule` when all else is right. */
  nameComplaints?(name: string, object: T): Complaints
  /** True: nothing is said of the metadata of a new object as long as anything else is wrong with it. */
  readonly metadataIsCheckedLast?: true
  /**
   * How often upstream looks at the metadata of a changed object beside its machinery, and says again what is wrong:
   * as at a change (the usual), or as at any object's.
   */
  readonly changedMetadata?: readonly MetadataCheck[]
  /** What an update may not change, of kinds where upstream says that between its two looks at the metadata. */
  validateChange?(object: T, old: T): readonly FieldError[]
  readonly subresources: Subresources
  /**
   * Dotted paths that a write to a subresource ('' for the main resource) leaves alone, so that nobody comes to own
   * them by it. Kinds with a status and without a word here: `status` on the main resource, `spec` on `/status`.
   */
  readonly resetFields?: Readonly<Record<string, readonly string[]>>
  /** The key prefix in the store below `/registry/`, upstream's: `deployments`, `services/specs`, `minions`. */
  readonly storagePrefix: string
  /** Objects vanish that long after their last write (events: one hour). */
  readonly timeToLiveMs?: number
  /** Set where another version is the stored one. */
  readonly stored?: {
    readonly version: GroupVersionKind
    toStored(object: T): KubernetesObject
    fromStored(object: KubernetesObject): T
    /** Selectable fields that the stored version calls otherwise. */
    readonly fieldNames?: Readonly<Record<string, string>>
  }
  /** Whether spec changes count in metadata.generation. */
  readonly hasGeneration: boolean
  /** A PUT of a name that does not exist creates it. */
  readonly allowCreateOnUpdate: boolean
  /** A write without metadata.resourceVersion overwrites whatever is there. */
  readonly allowUnconditionalUpdate: boolean
  /** What belongs to features: dropped from what the prepare hooks give while they are off and the old object lacks it. */
  readonly gatedFields: readonly GatedFields[]
  /** Fills upstream's defaults into an object that came in (decoded, not yet validated). */
  defaults(object: T): T
  /** Present: what it fills in then depends on feature gates or on the time. */
  contextDefaults?(object: T, context: WriteContext): T
  /** Drops what a creator may not set (status), sets initial state. generation is the machinery's. */
  prepareForCreate(object: T, context: WriteContext): T
  /** Carries over what this write may not change (status on the main resource, spec on `/status`). */
  prepareForUpdate(object: T, old: T, context: WriteContext): T
  /** Everything that is wrong with it, in upstream's order and words; `old` is present for an update. Object metadata is the machinery's. */
  validate(object: T, old: T | undefined, context: WriteContext): readonly FieldError[]
  /** Present: every request for it is answered with this warning. */
  readonly deprecation?: string
  /** The release that no longer has it (`1.38`), where that is known. */
  readonly removedIn?: string
  /** Warnings for the client (`Warning: …` headers), as upstream's. */
  warnings?(object: T, old: T | undefined): readonly string[]
  /** Present: DELETE marks the object and waits for its owner to finish (pods). */
  gracefulDeletion?(object: T, requestedSeconds: number | undefined): GracefulDeletion
  /** DELETE answers with the object's last state instead of a Status. */
  readonly returnsDeleted?: true
  /** A DELETE that says nothing about dependents leaves them alone, for clients of old (Jobs). */
  readonly orphansDependents?: true
  /** What such a DELETE is warned of. */
  readonly orphansWarning?: string
  /** What is wrong with a field selector by a field that is not selectable, where upstream words it otherwise. */
  unselectable?(field: string): string
  /** Present: the first DELETE only marks the object, with this change (a Namespace turns Terminating). */
  terminating?(object: T, nowMs: number): T
  /** Finalizers may have names without a domain. */
  readonly looseFinalizers?: true
  /** False keeps an object that is being deleted although metadata.finalizers is empty (a Namespace's spec.finalizers). */
  finalized?(object: T): boolean
  /** Values of the fields that field selectors may name beyond metadata.name and metadata.namespace. */
  readonly selectableFields: Readonly<Record<string, SelectableField<T>>>
  readonly columns: readonly Column<T>[]
  /** Upstream stores it as JSON, which can tell an empty list from none, as its protobuf cannot. */
  readonly storedAsJson?: true
  /** Strings have Go's escapes in the JSON that is stored and served: Go's clients compare its bytes. */
  readonly goEscapes?: true
  /** Present: what PartialObjectMetadata and the rows of tables show of the metadata, where that is not all. */
  partialMetadata?(metadata: ObjectMeta): ObjectMeta
}

/** What a declaration must say; the rest has upstream's usual value. */
export type KindOptions<T extends KubernetesObject> = Pick<
  KindDeclaration<T>,
  'group' | 'version' | 'kind' | 'resource' | 'namespaced' | 'schema'
> &
  Partial<KindDeclaration<T>>

const same = <T>(object: T): T => object
const noErrors = (): readonly FieldError[] => []

/** On the main resource `status` stays, on `/status` everything but status and metadata stays. */
export function carryOver<T extends KubernetesObject>(object: T, old: T, context: WriteContext): T {
  const { status: oldStatus, ...oldRest } = old as T & { readonly status?: unknown }
  const { status, ...rest } = object as T & { readonly status?: unknown }
  if (context.subresource === 'status') {
    const kept = { ...oldRest, metadata: object.metadata }
    return { ...kept, ...(status === undefined ? {} : { status }) } as unknown as T
  }
  return { ...rest, ...(oldStatus === undefined ? {} : { status: oldStatus }) } as unknown as T
}

/** A new object has no status yet; it is there, though, so that patches can add to it. */
function emptyStatus<T extends KubernetesObject>(object: T): T {
  return { ...object, status: {} }
}

type Prepare<T extends KubernetesObject> = Pick<KindDeclaration<T>, 'prepareForCreate' | 'prepareForUpdate'>

function dropping<T extends KubernetesObject>(
  prepare: Prepare<T>,
  fields: readonly GatedFields[],
): Prepare<T> {
  const drop = dropsDisabled(fields)
  return {
    prepareForCreate: (object, context) =>
      drop(prepare.prepareForCreate(object, context), undefined, context.features),
    prepareForUpdate: (object, old, context) =>
      drop(prepare.prepareForUpdate(object, old, context), old, context.features),
  }
}

/** Declares a kind. Without hooks of its own it behaves as most kinds do. */
export function defineKind<T extends KubernetesObject>(options: KindOptions<T>): KindDeclaration<T> {
  const hasStatus = options.subresources?.status !== undefined
  const { gatedFields = [] } = options
  const prepare = {
    prepareForCreate: options.prepareForCreate ?? (hasStatus ? emptyStatus : same),
    prepareForUpdate: options.prepareForUpdate ?? (hasStatus ? carryOver : same),
  }
  return {
    singular: options.kind.toLowerCase(),
    shortNames: [],
    categories: [],
    verbs: allVerbs,
    nameRule: 'subdomain',
    subresources: {},
    storagePrefix: options.resource,
    hasGeneration: false,
    allowCreateOnUpdate: false,
    allowUnconditionalUpdate: true,
    defaults: same,
    gatedFields,
    validate: noErrors,
    selectableFields: {},
    columns: [],
    ...options,
    ...(gatedFields.length === 0 ? prepare : dropping(prepare, gatedFields)),
  }
}
