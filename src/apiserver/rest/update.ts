import type { GroupVersionKind } from '../../apimachinery/define-kind.ts'
import type { FieldError } from '../../apimachinery/field-error.ts'
import { invalidValue } from '../../apimachinery/field-errors.ts'
import { fieldPath } from '../../apimachinery/field-path.ts'
import { goQuote } from '../../apimachinery/go-text.ts'
import { jsonEqual } from '../../apimachinery/json-equal.ts'
import type { KubernetesObject, ManagedFieldsEntry } from '../../apimachinery/meta.ts'
import { validateChangedMeta } from '../../apimachinery/object-meta-validation.ts'
import { semanticallyEqual } from '../../apimachinery/semantically-equal.ts'
import { conflict, invalid, notFound, objectModified, statusError } from '../../apimachinery/status-error.ts'
import type { AdmissionInput } from '../admission-chain.ts'
import type { MaybePromise } from '../authenticator.ts'
import type { CachedObject } from '../cache/cached-object.ts'
import type { ServerRequest } from '../request.ts'
import { timed } from '../timed.ts'
import { largeBytes } from './body.ts'
import { claimStatusErrors } from './claim-status.ts'
import { namespaceForAdmission } from './create.ts'
import { createOnUpdate } from './create-on-update.ts'
import { dedupOwners, ensureName, ensureNamespace, withMetadata } from './object-meta.ts'
import { type Outcome, objectOutcome, recordOutcome } from './outcome.ts'
import { putShrinking } from './put-shrinking.ts'
import { reserving } from './reserving.ts'
import type { Resource } from './resource.ts'
import { fromStorageError, GuardFailedError } from './storage-errors.ts'
import { whenConverted } from './when-converted.ts'
import { optionsAs, type WriteOptions } from './write-options.ts'

/** How often a write is computed anew because another one came first, before the client is told. */
const maxAttempts = 100

/** What a subresource shows of an object. */
export interface AdmittedAs {
  readonly kind: GroupVersionKind
  show(object: KubernetesObject): KubernetesObject
  /** The object with what the other kind says of it now. */
  take(object: KubernetesObject, shown: KubernetesObject): KubernetesObject
}

export interface Update {
  readonly resource: Resource
  readonly request: ServerRequest
  readonly namespace: string
  readonly name: string
  /** '' for the main resource. */
  readonly subresource: string
  readonly options: WriteOptions
  /** The object must have this uid; undefined: any. */
  readonly uid: string | undefined
  /** True: apply, which creates what is not there. */
  readonly forceAllowCreate: boolean
  /** Present: admission sees another kind in the object's place. */
  readonly admittedAs?: AdmittedAs
  /** Gives what to write over `live` (absent: the object is not there), with managed fields. Called anew after a conflict. */
  transform(live: KubernetesObject | undefined): MaybePromise<KubernetesObject>
}

/** PUT and PATCH: reads, transforms and writes, over again until nobody else wrote in between. */
export async function updateObject(update: Update): Promise<Outcome> {
  const { resource, namespace, name } = update
  const { mirror } = resource.context
  for (let attempt = 1; ; attempt++) {
    const record = resource.find(namespace, name)
    try {
      return record === undefined ? await create(update) : await overwrite(update, record)
    } catch (error) {
      if (!(error instanceof GuardFailedError)) throw fromStorageError(error)
      if (attempt === maxAttempts) throw objectModified(resource.subject(name))
      // The caches do not show yet what came first; a deletion leaves no revision to wait for.
      if (error.current === undefined) await resource.context.host.nextTurn()
      else await mirror.reached(error.current.modRevision)
      const settled = resource.settled(resource.id(namespace, name))
      if (settled !== undefined) await settled
    }
  }
}

async function create(update: Update): Promise<Outcome> {
  const { resource, name } = update
  const allowed = update.forceAllowCreate || (update.subresource === '' && resource.kind.allowCreateOnUpdate)
  if (!allowed) throw notFound(resource.subject(name))
  const object = await whenConverted(() => update.transform(undefined))
  const uid = object.metadata?.uid ?? ''
  if (update.forceAllowCreate && uid !== '') {
    const why = `uid mismatch: the provided object specified uid ${uid}, and no existing object was found`
    throw conflict(resource.subject(name), why)
  }
  checkUid(update, undefined)
  return createOnUpdate(update, object)
}

async function overwrite(update: Update, record: CachedObject): Promise<Outcome> {
  const { resource, request } = update
  const live = resource.read(record)
  checkUid(update, live)
  // The patch of a large object may be small.
  request.isLarge ||= record.bytes.length >= largeBytes
  const transformed = whenConverted(() => update.transform(live))
  const object = transformed instanceof Promise ? await transformed : transformed
  const { host } = resource.context
  if (request.isLarge) await host.nextTurn()
  const admitted = admit(update, object, live)
  const changed = admitted instanceof Promise ? await admitted : admitted
  if (request.isLarge) await host.nextTurn()
  const prepared = prepare(update, checkVersion(update, changed, record), live)
  if (update.subresource !== '') {
    const unauthorized = claimStatusErrors(resource, request, prepared, live)
    check(update, prepared, live, unauthorized === undefined ? [] : await unauthorized)
    return replace(update, record, prepared, live)
  }
  return reserving(resource, prepared, live, (reserved) => {
    check(update, reserved, live, [])
    for (const warning of resource.kind.warnings?.(reserved, live) ?? []) request.warn(warning)
    return replace(update, record, reserved, live)
  })
}

async function replace(
  update: Update,
  record: CachedObject,
  checked: KubernetesObject,
  live: KubernetesObject,
): Promise<Outcome> {
  const { resource, request, options } = update
  if (request.isLarge) await resource.context.host.nextTurn()
  const validated = resource.context.admission.validate(admissionOf(update, checked, live))
  if (validated instanceof Promise) await validated
  const object = resource.asStored(checked)
  if (vanishes(resource, object, live)) {
    if (options.dryRun) return objectOutcome(object)
    await timed(resource.context.host, request, 'etcd', resource.remove(record))
    return objectOutcome(object)
  }
  const isSame = isSameContent(object, live) && areSameManagers(object, live)
  // What is stored in an older version or by another key is stored anew: so users bring all objects up to date.
  const isOutdated = isSame && resource.isOutdated(record)
  if (isSame && !(isOutdated instanceof Promise ? await isOutdated : isOutdated)) return recordOutcome(record)
  if (options.dryRun) return objectOutcome(object)
  const id = resource.id(update.namespace, update.name)
  // Who applies wants to own what it says: that is not given up for room.
  const put = update.forceAllowCreate
    ? resource.put(id, object, record.revision)
    : putShrinking(resource, id, object, record.revision)
  return recordOutcome(await timed(resource.context.host, request, 'etcd', put))
}

function admit(
  update: Update,
  sent: KubernetesObject,
  live: KubernetesObject,
): MaybePromise<KubernetesObject> {
  const { resource, namespace, name, request } = update
  const object = ensureNamespace(sent, resource.kind.namespaced ? namespace : '')
  ensureName(object, name)
  const input = admissionOf(update, object, live)
  const { object: shown = object } = input
  const finish = (changed: KubernetesObject): KubernetesObject =>
    dedupOwners(
      changed === shown ? object : (update.admittedAs?.take(object, changed) ?? changed),
      request,
      true,
    )
  const mutated = resource.context.admission.mutate(input, shown)
  return mutated instanceof Promise ? mutated.then(finish) : finish(mutated)
}

function admissionOf(update: Update, object: KubernetesObject, live: KubernetesObject): AdmissionInput {
  const { resource, namespace, name, subresource, options, request, admittedAs } = update
  return {
    operation: 'UPDATE',
    declaration: resource.kind,
    ...(admittedAs === undefined ? {} : { kind: admittedAs.kind }),
    subresource,
    namespace: namespaceForAdmission(resource, namespace, name),
    name,
    object: admittedAs?.show(object) ?? object,
    oldObject: admittedAs?.show(live) ?? live,
    dryRun: options.dryRun,
    options: optionsAs(options, 'UpdateOptions'),
    request,
  }
}

/** Upstream lets its store's error show here. */
function checkUid({ resource, namespace, name, uid }: Update, live: KubernetesObject | undefined): void {
  const own = live?.metadata?.uid ?? ''
  if (uid === undefined || uid === own) return
  const key = resource.context.mirror.key(resource.cache, resource.id(namespace, name))
  const why = `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${own}`
  throw conflict(
    resource.subject(name),
    `StorageError: invalid object, Code: 4, Key: ${key}, ResourceVersion: 0, AdditionalErrorMsg: ${why}`,
  )
}

const versionFormat = /^\d+$/

/** Optimistic concurrency: the object's resource version, if it has one, must be the stored one. */
function checkVersion(
  { resource, name }: Update,
  object: KubernetesObject,
  record: CachedObject,
): KubernetesObject {
  const version = object.metadata?.resourceVersion ?? ''
  if (version !== '' && !versionFormat.test(version)) {
    throw statusError('', `strconv.ParseUint: parsing ${goQuote(version)}: invalid syntax`)
  }
  const given = version === '' ? 0 : Number(version)
  if (given === record.revision) return object
  if (given !== 0) throw objectModified(resource.subject(name))
  if (resource.kind.allowUnconditionalUpdate)
    return withMetadata(object, { resourceVersion: String(record.revision) })
  const path = fieldPath('metadata').child('resourceVersion')
  throw invalid({ group: resource.kind.group, kind: resource.kind.resource, name }, [
    invalidValue(path, 0, 'must be specified for an update'),
  ])
}

/** What an update cannot change is taken from the stored object. */
function prepare(update: Update, object: KubernetesObject, live: KubernetesObject): KubernetesObject {
  const { resource, subresource } = update
  const { kind } = resource
  const old = live.metadata ?? {}
  const aligned = withMetadata(object, { generation: old.generation })
  const prepared = kind.prepareForUpdate(aligned, live, resource.writeContext(subresource))
  const metadata = prepared.metadata ?? {}
  const bumps =
    kind.hasGeneration && metadata.generation === old.generation && differsBelowSpec(prepared, live)
  const uid = (metadata.uid ?? '') === '' ? old.uid : metadata.uid
  return withMetadata(prepared, {
    uid,
    selfLink: undefined,
    generation: bumps ? (old.generation ?? 0) + 1 : metadata.generation,
    creationTimestamp: old.creationTimestamp ?? metadata.creationTimestamp,
    deletionTimestamp: old.deletionTimestamp ?? metadata.deletionTimestamp,
    deletionGracePeriodSeconds: metadata.deletionGracePeriodSeconds ?? old.deletionGracePeriodSeconds,
  })
}

/** Whether anything but metadata and status is different. */
function differsBelowSpec(object: KubernetesObject, live: KubernetesObject): boolean {
  const now: Readonly<Record<string, unknown>> = { ...object }
  const before: Readonly<Record<string, unknown>> = { ...live }
  const keys = new Set([...Object.keys(now), ...Object.keys(before)])
  for (const key of keys) {
    if (key === 'metadata' || key === 'status' || key === 'kind' || key === 'apiVersion') continue
    if (!semanticallyEqual(now[key], before[key])) return true
  }
  return false
}

/** `unauthorized`: what its writer may not change of it. */
function check(
  update: Update,
  object: KubernetesObject,
  live: KubernetesObject,
  unauthorized: readonly FieldError[],
): void {
  const { resource, subresource, name } = update
  const { kind } = resource
  const metadata = object.metadata ?? {}
  const own: Pick<typeof kind, 'changedMetadata' | 'validateChange'> = subresource === '' ? kind : {}
  const changed = own.validateChange?.(object, live)
  const errors = [
    ...validateChangedMeta(metadata, live.metadata ?? {}, kind, own.changedMetadata, changed),
    ...unauthorized,
    ...kind.validate(object, live, resource.writeContext(subresource)),
  ]
  if (errors.length > 0) throw resource.invalid(name, errors)
}

/** An object that waited only for its finalizers goes with the last of them. */
function vanishes(resource: Resource, object: KubernetesObject, live: KubernetesObject): boolean {
  if ((object.metadata?.finalizers ?? []).length > 0) return false
  if (live.metadata?.deletionTimestamp === undefined) return false
  if ((live.metadata.deletionGracePeriodSeconds ?? 0) !== 0) return false
  return resource.kind.finalized?.(object) ?? true
}

const withoutTime = ({ time: _time, ...entry }: ManagedFieldsEntry): ManagedFieldsEntry => entry

/** Whether a write would change nothing but, perhaps, managed fields: then it writes nothing unless they do change. */
function isSameContent(object: KubernetesObject, live: KubernetesObject): boolean {
  return (
    areEqualBut(object, live, onlyMetadata) &&
    areEqualBut(object.metadata ?? {}, live.metadata ?? {}, unwritten)
  )
}

const onlyMetadata: ReadonlySet<string> = new Set(['metadata'])
const unwritten: ReadonlySet<string> = new Set(['managedFields', 'resourceVersion'])

function areEqualBut(now: object, before: object, ignored: ReadonlySet<string>): boolean {
  const left = now as Readonly<Record<string, unknown>>
  const right = before as Readonly<Record<string, unknown>>
  for (const key in left) if (!ignored.has(key) && !jsonEqual(left[key], right[key])) return false
  for (const key in right)
    if (right[key] !== undefined && left[key] === undefined && !ignored.has(key)) return false
  return true
}

/** Times do not count: a manager that wrote what it had written before has written nothing. */
function areSameManagers(object: KubernetesObject, live: KubernetesObject): boolean {
  const now = object.metadata?.managedFields ?? []
  const before = live.metadata?.managedFields ?? []
  if (now === before) return true
  if (now.length !== before.length) return false
  return now.every((entry, index) => jsonEqual(withoutTime(entry), withoutTime(before[index] ?? {})))
}
