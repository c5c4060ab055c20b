import type { ScalePaths } from '../../apimachinery/define-kind.ts'
import { invalidValue } from '../../apimachinery/field-errors.ts'
import { fieldPath } from '../../apimachinery/field-path.ts'
import type { JsonValue, KubernetesObject, LabelSelector } from '../../apimachinery/meta.ts'
import { labelMatcherOf, labelMatcherOfMap } from '../../apimachinery/selectors/label-selector.ts'
import { badRequest, invalid, notFound } from '../../apimachinery/status-error.ts'
import type { ServerRequest } from '../request.ts'
import { readObject } from './body.ts'
import { withManagedFields } from './field-management.ts'
import { ensureName, ensureNamespace, withMetadata } from './object-meta.ts'
import { type Outcome, objectOutcome } from './outcome.ts'
import { patchDocument, patchTypeOf, readPatch } from './patch.ts'
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
  const waiting = fresh(resource, request.query.get('resourceVersion') ?? '')
  if (waiting !== undefined) await waiting
  const record = resource.find(namespace, name)
  if (record === undefined) throw notFound(resource.subject(name))
  return objectOutcome(scaleOf(pathsOf(resource), resource.read(record)))
}

/** Takes a Scale over an object: its replicas, and the version it was made from. */
function applyScale(
  resource: Resource,
  live: KubernetesObject,
  scale: Scale,
  options: WriteOptions,
): KubernetesObject {
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
  const object = withMetadata(isFields(scaled) ? scaled : {}, {
    resourceVersion: resourceVersion === '' ? undefined : resourceVersion,
  })
  return withManagedFields(resource, live, object, 'scale', options)
}

async function write(
  resource: Resource,
  request: ServerRequest,
  options: WriteOptions,
  uid: string | undefined,
  next: (live: KubernetesObject) => Scale,
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
    transform: (live) => {
      if (live === undefined) throw notFound(resource.subject(name))
      return applyScale(resource, live, next(live), options)
    },
  })
  const object: KubernetesObject = outcome.type === 'record' ? resource.read(outcome.record) : outcome.object
  return objectOutcome(scaleOf(pathsOf(resource), object), outcome.status)
}

/** PUT of `/scale`. */
export async function putScale(resource: Resource, request: ServerRequest): Promise<Outcome> {
  const { context } = resource
  const options = writeOptions(request, 'UpdateOptions')
  const schema = context.schemas.get(scaleSchema)
  const sent = await readObject(context, request, scaleKind, schema, options.fieldValidation)
  const scale: Scale = ensureNamespace(sent, resource.kind.namespaced ? request.info.namespace : '')
  ensureName(scale, request.info.name)
  const uid = scale.metadata?.uid ?? ''
  return write(resource, request, options, uid === '' ? undefined : uid, () => scale)
}

/** PATCH of `/scale`, as if it were an object of its own. */
export async function patchScale(resource: Resource, request: ServerRequest): Promise<Outcome> {
  const { context } = resource
  const type = patchTypeOf(request, true)
  const applies = type === 'application/apply-patch+yaml'
  const options = writeOptions(request, 'PatchOptions', applies)
  const patch = await readPatch(resource, request, type)
  const schema = context.schemas.get(scaleSchema)
  return write(resource, request, options, undefined, (live) => {
    const document = scaleOf(pathsOf(resource), live) as unknown as Fields
    const how = applies ? 'application/merge-patch+json' : type
    const patched = patchDocument(schema ?? {}, how, document, patch)
    const { fieldValidation } = options
    const decoded = context.decoder.accept(patched, { expected: scaleKind, schema, fieldValidation })
    for (const warning of decoded.warnings) request.warn(warning)
    return decoded.object
  })
}
