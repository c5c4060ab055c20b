import type { KubernetesObject } from '../../apimachinery/meta.ts'
import { rulesForNew, validateObjectMeta } from '../../apimachinery/object-meta-validation.ts'
import {
  alreadyExists,
  forbidden,
  isStatus,
  StatusError,
  statusError,
} from '../../apimachinery/status-error.ts'
import type { AdmissionInput } from '../admission-chain.ts'
import type { ServerRequest, UserInfo } from '../request.ts'
import { timed } from '../timed.ts'
import { withManagedFields } from './field-management.ts'
import { generateName, maxGenerateAttempts } from './names.ts'
import { dedupOwners, ensureNamespace, wipeSystemFields, withMetadata } from './object-meta.ts'
import { type Outcome, objectOutcome, recordOutcome } from './outcome.ts'
import { putShrinking } from './put-shrinking.ts'
import { reserving } from './reserving.ts'
import type { Resource } from './resource.ts'
import { fromStorageError, GuardFailedError } from './storage-errors.ts'
import { whenConverted } from './when-converted.ts'
import { optionsAs, type WriteOptions } from './write-options.ts'

export interface Creation {
  readonly resource: Resource
  readonly request: ServerRequest
  readonly namespace: string
  /** The name in the URL of a PUT or PATCH; '' for a POST. */
  readonly name: string
  readonly options: WriteOptions
}

/** POST of a decoded, defaulted object. */
export async function createObject(creation: Creation, sent: KubernetesObject): Promise<Outcome> {
  const { resource, request, options } = creation
  checkCreation(resource, sent.metadata?.name ?? '')
  const wiped = ensureNamespace(wipeSystemFields(sent), resource.kind.namespaced ? creation.namespace : '')
  const unmanaged = dedupOwners(wiped, request, false)
  const fields = whenConverted(() => withManagedFields(resource, undefined, unmanaged, '', options))
  const managed = fields instanceof Promise ? await fields : fields
  const { host } = resource.context
  if (request.isLarge) await host.nextTurn()
  const mutated = resource.context.admission.mutate(admissionOf(creation, managed), managed)
  const admitted = mutated instanceof Promise ? await mutated : mutated
  if (request.isLarge) await host.nextTurn()
  const ready = dedupOwners(admitted, request, true)
  const { name = '', generateName: prefix = '' } = ready.metadata ?? {}
  if (name !== '' || prefix === '') return storeNew(creation, ready)
  for (let attempt = 1; ; attempt++) {
    const named = withMetadata(ready, { name: generateName(prefix, resource.context.host) })
    try {
      return await storeNew(creation, named)
    } catch (error) {
      if (attempt === maxGenerateAttempts || !isStatus(error, 'AlreadyExists')) throw error
    }
  }
}

/** Throws Forbidden where the definition of what is to be created is going away. */
export function checkCreation(resource: Resource, name: string): void {
  if (!resource.refusesCreation) return
  const why = 'create not allowed while custom resource definition is terminating'
  throw forbidden(resource.subject(name), why)
}

export function admissionOf(creation: Creation, object: KubernetesObject): AdmissionInput {
  const { resource, request, namespace, options } = creation
  return {
    operation: 'CREATE',
    declaration: resource.kind,
    subresource: '',
    namespace: namespaceForAdmission(resource, namespace, object.metadata?.name ?? ''),
    name: object.metadata?.name ?? creation.name,
    object,
    oldObject: undefined,
    dryRun: options.dryRun,
    options: optionsAs(options, 'CreateOptions'),
    request,
  }
}

/** A Namespace is in itself, as upstream has it. */
export function namespaceForAdmission(resource: Resource, namespace: string, name: string): string {
  return resource.kind.group === '' && resource.kind.resource === 'namespaces' ? name : namespace
}

/** From an admitted object with its name to the store: what POST, create-on-update and apply have in common. */
export function storeNew(creation: Creation, admitted: KubernetesObject): Promise<Outcome> {
  const { resource, request } = creation
  const prepared = prepareNew(resource, admitted, request.user)
  return reserving(resource, prepared, undefined, (object) => {
    checkNew(resource, object)
    for (const warning of resource.kind.warnings?.(object, undefined) ?? []) request.warn(warning)
    return insert(creation, object)
  })
}

async function insert(creation: Creation, checked: KubernetesObject): Promise<Outcome> {
  const { resource, request, options } = creation
  if (request.isLarge) await resource.context.host.nextTurn()
  const validated = resource.context.admission.validate(admissionOf(creation, checked))
  if (validated instanceof Promise) await validated
  const object = resource.asStored(withoutVersion(checked, options.dryRun))
  const { name = '' } = object.metadata ?? {}
  const id = resource.id(object.metadata?.namespace ?? '', name)
  if (resource.cache.get(id) !== undefined) throw takenError(resource, object)
  if (options.dryRun) return objectOutcome(object, 201)
  try {
    const put = putShrinking(resource, id, object, 0)
    return recordOutcome(await timed(resource.context.host, request, 'etcd', put), 201)
  } catch (error) {
    if (error instanceof GuardFailedError) throw takenError(resource, object)
    throw fromStorageError(error)
  }
}

/** What is new has no version; upstream's store finds that out, last of all. */
function withoutVersion(object: KubernetesObject, dryRun: boolean): KubernetesObject {
  const version = object.metadata?.resourceVersion ?? ''
  if (version === '') return object
  if (!dryRun && Number(version) > 0)
    throw statusError('', 'resourceVersion should not be set on objects to be created')
  return withMetadata(object, { resourceVersion: undefined })
}

function prepareNew(
  resource: Resource,
  admitted: KubernetesObject,
  user: UserInfo | undefined,
): KubernetesObject {
  const { identities } = resource.context
  const { metadata } = admitted
  const system = { uid: identities.uid(), creationTimestamp: identities.time() }
  const filled = {
    ...admitted,
    metadata: resource.kind.hasGeneration
      ? { ...metadata, ...system, generation: 1 }
      : { ...metadata, ...system },
  }
  const context = resource.writeContext('')
  return resource.kind.prepareForCreate(filled, user === undefined ? context : { ...context, user })
}

function checkNew(resource: Resource, object: KubernetesObject): void {
  const { kind } = resource
  const { metadata = {} } = object
  const ofMetadata = validateObjectMeta(metadata, rulesForNew(kind, object))
  const ofRest = kind.validate(object, undefined, resource.writeContext(''))
  const isLast = kind.metadataIsCheckedLast === true && ofRest.length > 0
  const found = isLast ? ofRest : [...ofMetadata, ...ofRest]
  const isLeft = found.length === 0 && kind.nameComplaints !== undefined
  const errors = isLeft ? validateObjectMeta(metadata, kind) : found
  if (errors.length > 0) throw resource.invalid(metadata.name ?? '', errors)
}

/** The name is taken: by an object that is going away, or because no free name was found for a prefix. */
function takenError(resource: Resource, object: KubernetesObject): StatusError {
  const { name = '', namespace = '', generateName: prefix = '' } = object.metadata ?? {}
  const error = prefix === '' ? alreadyExists(resource.subject(name)) : generateConflict(resource, name)
  const record = resource.cache.get(resource.id(namespace, name))
  if (record === undefined || resource.read(record).metadata?.deletionTimestamp === undefined) return error
  return new StatusError({ ...error.status, message: `object is being deleted: ${error.message}` })
}

function generateConflict(resource: Resource, name: string): StatusError {
  const taken = alreadyExists(resource.subject(name))
  const message = `${taken.message}, the server was not able to generate a unique name for the object`
  return statusError('AlreadyExists', message, { ...taken.status.details, retryAfterSeconds: 1 })
}
