import type { ScalePaths } from '../../apimachinery/define-kind.ts'
import { invalidValue } from '../../apimachinery/field-errors.ts'
import { fieldPath } from '../../apimachinery/field-path.ts'
import {
  parentManagers,
  type ReplicasPath,
  scaleManagers,
  scaleVersion,
} from '../../apimachinery/managed-fields/scale-managers.ts'
import { type FieldManagement, updateManagedFields } from '../../apimachinery/managed-fields/update.ts'
import { oneVersion } from '../../apimachinery/managed-fields/versions.ts'
import type { JsonValue, KubernetesObject, LabelSelector } from '../../apimachinery/meta.ts'
import { labelMatcherOf, labelMatcherOfMap } from '../../apimachinery/selectors/label-selector.ts'
import { badRequest, invalid, notFound } from '../../apimachinery/status-error.ts'
import { assert } from '../../base/assert.ts'
import type { ServerRequest } from '../request.ts'
import { applyConfiguration } from './apply.ts'
import { readObject } from './body.ts'
import { readConfiguration } from './configuration.ts'
import { ensureName, ensureNamespace, withMetadata } from './object-meta.ts'
import { type Outcome, objectOutcome } from './outcome.ts'
import { decodePatched, patchStrictness, patchTypeOf, readPatch } from './patch.ts'
import type { Resource } from './resource.ts'
import { fresh } from './revisions.ts'
import { updateObject } from './update.ts'
import { type WriteOptions, writeOptions } from './write-options.ts'

type Fields = { readonly [key: string]: JsonValue }

interface Scale extends KubernetesObject {
  readonly spec?: { readonly replicas?: number }
  readonly status?: { readonly replicas: number; readonly selector?: string }
}

const scaleKind = { group: 'autoscaling', version: 'v1', kind: 'Scale' }
const scaleSchema = 'io.k8s.api.autoscaling.v1.Scale'

const isFields = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

function valueAt(object: unknown, path: string): unknown {
  let value = object
  for (const part of path.split('.')) value = isFields(value) ? value[part] : undefined
  return value
}

function withValueAt(object: unknown, [first, ...rest]: readonly string[], value: unknown): unknown {
  if (first === undefined) return value
  const fields = isFields(object) ? object : {}
  return { ...fields, [first]: withValueAt(fields[first], rest, value) }
}

const numberAt = (object: unknown, path: string): number => {
  const value = valueAt(object, path)
  return typeof value === 'number' ? value : 0
}

/** A selector as text, from a LabelSelector, a plain map or a text. */
function selectorText(value: unknown): string | undefined {
  if (typeof value === 'string') return value
  if (!isFields(value)) return undefined
  if (!('matchLabels' in value) && !('matchExpressions' in value))
    return labelMatcherOfMap(value as Readonly<Record<string, string>>).toString()
  const matcher = labelMatcherOf(value as LabelSelector)
  return 'error' in matcher ? undefined : matcher.toString()
}

/** What `/scale` shows of an object. */
function scaleOf(paths: ScalePaths, object: KubernetesObject): Scale {
  const { name, namespace, uid, resourceVersion, creationTimestamp } = object.metadata ?? {}
  const selector = paths.selector === undefined ? undefined : selectorText(valueAt(object, paths.selector))
  return {
    kind: 'Scale',
    apiVersion: 'autoscaling/v1',
    metadata: {
      ...(name === undefined ? {} : { name }),
      ...(namespace === undefined ? {} : { namespace }),
      ...(uid === undefined ? {} : { uid }),
      ...(resourceVersion === undefined ? {} : { resourceVersion }),
      ...(creationTimestamp === undefined ? {} : { creationTimestamp }),
    },
    spec: { replicas: numberAt(object, paths.specReplicas) },
    status: {
      replicas: numberAt(object, paths.statusReplicas),
      ...(selector === undefined || selector === '' ? {} : { selector }),
    },
  }
}

function pathsOf({ kind }: Resource): ScalePaths {
  const { scale } = kind.subresources
  if (scale === undefined) throw badRequest(`${kind.kind} has no scale`)
  return scale
}

/** GET of `/scale`. */
export async function getScale(resource: Resource, request: ServerRequest): Promise<Outcome> {
  const { namespace, name } = request.info
  const id = resource.id(namespace, name)
  const waiting = fresh(resource, request.query.get('resourceVersion') ?? '', 'get', id)
  if (waiting !== undefined) await waiting
  const record = resource.cache.get(id)
  if (record === undefined) throw notFound(resource.subject(name))
  return objectOutcome(scaleOf(pathsOf(resource), resource.read(record)))
}

/** Takes a Scale over an object: its replicas, its version, and who owns the replicas now. */
function applyScale(resource: Resource, live: KubernetesObject, scale: Scale): KubernetesObject {
  const { specReplicas } = pathsOf(resource)
  const replicas = scale.spec?.replicas ?? 0
  if (replicas < 0) {
    const detail = 'must be greater than or equal to 0'
    throw invalid({ ...scaleKind, name: scale.metadata?.name ?? '' }, [
      invalidValue(fieldPath('spec').child('replicas'), replicas, detail),
    ])
  }
  const resourceVersion = scale.metadata?.resourceVersion ?? ''
  const scaled = withValueAt(live, specReplicas.split('.'), replicas)
  const before = live.metadata?.managedFields
  const owners = parentManagers(
    before,
    scale.metadata?.managedFields,
    replicasPath(resource),
    resource.apiVersion,
  )
  return withMetadata(isFields(scaled) ? scaled : {}, {
    resourceVersion: resourceVersion === '' ? undefined : resourceVersion,
    managedFields: owners.length === 0 ? undefined : owners,
  })
}

function replicasPath(resource: Resource): ReplicasPath {
  const path = pathsOf(resource)
    .specReplicas.split('.')
    .map((name) => `f:${name}`)
  return (apiVersion) => (resource.versions.schemaOf(apiVersion) === undefined ? undefined : path)
}

/** Makes a new Scale of the one that an object has. */
type NextScale = (scale: Scale) => KubernetesObject

async function write(
  resource: Resource,
  request: ServerRequest,
  options: WriteOptions,
  uid: string | undefined,
  next: NextScale,
): Promise<Outcome> {
  const { namespace, name } = request.info
  const outcome = await updateObject({
    resource,
    request,
    namespace,
    name,
    subresource: 'scale',
    options,
    uid,
    forceAllowCreate: false,
    admittedAs: {
      kind: scaleKind,
      show: (object) => scaleOf(pathsOf(resource), object),
      take: (object, scale) => applyScale(resource, object, scale),
    },
    transform: (live) => {
      if (live === undefined) throw notFound(resource.subject(name))
      const managedFields = scaleManagers(live.metadata?.managedFields, replicasPath(resource))
      const owners = managedFields.length === 0 ? {} : { managedFields }
      return applyScale(resource, live, next(withMetadata(scaleOf(pathsOf(resource), live), owners)))
    },
  })
  const object: KubernetesObject = outcome.type === 'record' ? resource.read(outcome.record) : outcome.object
  return objectOutcome(scaleOf(pathsOf(resource), object), outcome.status)
}

/** Scales have managers of their own, who are those of the replicas. */
function scaleManagement({ context }: Resource, { manager }: WriteOptions): FieldManagement {
  const schema = context.schemas.get(scaleSchema)
  assert(schema !== undefined, 'the schema of Scale is among the built-in ones')
  return {
    manager,
    apiVersion: scaleVersion,
    subresource: 'scale',
    time: context.identities.time(),
    schema,
    versions: oneVersion(scaleVersion, schema),
    empty: {
      kind: 'Scale',
      apiVersion: scaleVersion,
      metadata: {},
      spec: {},
      status: { replicas: 0 },
    } as Scale,
  }
}

/** PUT of `/scale`. */
export async function putScale(resource: Resource, request: ServerRequest): Promise<Outcome> {
  const { context } = resource
  const options = writeOptions(request, 'UpdateOptions')
  const management = scaleManagement(resource, options)
  const sent = await readObject(context, request, scaleKind, management.schema, options.fieldValidation)
  const scale = ensureNamespace(sent, resource.kind.namespaced ? request.info.namespace : '')
  ensureName(scale, request.info.name)
  const uid = scale.metadata?.uid ?? ''
  const next: NextScale = (live) => updateManagedFields(live, scale, management)
  return write(resource, request, options, uid === '' ? undefined : uid, next)
}

/** PATCH of `/scale`, as if it were an object of its own. */
export async function patchScale(resource: Resource, request: ServerRequest): Promise<Outcome> {
  const type = patchTypeOf(request, resource.schema !== undefined, resource.context.features)
  const applies = type === 'application/apply-patch+yaml'
  const options = writeOptions(request, 'PatchOptions', applies)
  const management = scaleManagement(resource, options)
  if (applies) {
    const configuration = await readConfiguration(request)
    return write(resource, request, options, undefined, (live) =>
      applyConfiguration(live, configuration, scaleKind, management, request, options),
    )
  }
  const patch = await readPatch(request, type, options, true)
  const { schema } = management
  const decoding = { expected: scaleKind, schema, fieldValidation: patchStrictness(options) }
  return write(resource, request, options, undefined, (live) => {
    const patched = { document: patch.apply(live as unknown as Fields, schema), known: live }
    const object = decodePatched(resource, request, patch, patched, decoding, options)
    return updateManagedFields(live, object, management)
  })
}
