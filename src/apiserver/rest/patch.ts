import { DecodeError } from '../../apimachinery/codec/decode-error.ts'
import { invalidValue } from '../../apimachinery/field-errors.ts'
import { fieldPath } from '../../apimachinery/field-path.ts'
import type { JsonValue, KubernetesObject } from '../../apimachinery/meta.ts'
import { applyJsonPatch, maxOperations } from '../../apimachinery/patch/json-patch.ts'
import { applyMergePatch } from '../../apimachinery/patch/merge-patch.ts'
import { PatchError } from '../../apimachinery/patch/patch-error.ts'
import { applyStrategicMergePatch } from '../../apimachinery/patch/strategic-merge-patch.ts'
import type { Schema } from '../../apimachinery/schema.ts'
import { badRequest, invalid, isStatus, notFound, statusError } from '../../apimachinery/status-error.ts'
import type { PatchType } from '../../apimachinery/transport.ts'
import type { ServerRequest } from '../request.ts'
import { applyTransform } from './apply.ts'
import { parseJsonValue, readValue } from './body.ts'
import { withManagedFields } from './field-management.ts'
import { bareType, unsupportedMediaType, yamlType } from './media-types.ts'
import type { Outcome } from './outcome.ts'
import type { Resource } from './resource.ts'
import { updateObject } from './update.ts'
import { type WriteOptions, writeOptions } from './write-options.ts'

type Fields = { readonly [key: string]: JsonValue }

const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const patchTypes: readonly PatchType[] = [
  'application/json-patch+json',
  'application/merge-patch+json',
  'application/strategic-merge-patch+json',
  'application/apply-patch+yaml',
]

/** The patch's type; kinds without a Go type behind them know no strategic merge. */
export function patchTypeOf(request: ServerRequest, strategic: boolean): PatchType {
  const allowed = strategic ? patchTypes : patchTypes.filter((type) => !type.includes('strategic'))
  const sent = bareType(request.header('content-type'))
  const type = allowed.find((candidate) => candidate === sent)
  if (type === undefined) throw unsupportedMediaType(allowed)
  return type
}

/** The patch as a value; apply configurations may be YAML. */
export async function readPatch(
  resource: Resource,
  request: ServerRequest,
  type: PatchType,
): Promise<unknown> {
  if (type !== 'application/apply-patch+yaml') return readValue(request, parseJsonValue)
  return readValue(request, (bytes) => parseConfiguration(resource, bytes))
}

const openBrace = 0x7b

/** JSON is YAML, and what kubectl sends; its own parser is much faster. */
function parseConfiguration(resource: Resource, bytes: Uint8Array): unknown {
  const yaml = resource.context.parsers.get(yamlType)
  try {
    return bytes[0] === openBrace || yaml === undefined
      ? parseJsonValue(bytes)
      : yaml(bytes, resource.kind).value
  } catch (error) {
    if (error instanceof DecodeError) throw badRequest(`error decoding YAML: ${error.message}`)
    throw error
  }
}

/** Applies a JSON, merge or strategic merge patch to a document. Throws StatusError with upstream's reasons. */
export function patchDocument(schema: Schema, type: PatchType, document: Fields, patch: unknown): JsonValue {
  const value = patch as JsonValue
  if (type === 'application/json-patch+json') return jsonPatch(document, value)
  if (!isFields(value)) throw badRequest('invalid JSON Patch')
  try {
    if (type === 'application/merge-patch+json') return applyMergePatch(document, value)
    return applyStrategicMergePatch(document, value, schema)
  } catch (error) {
    if (error instanceof PatchError) throw badRequest(error.message)
    throw error
  }
}

function jsonPatch(document: Fields, patch: JsonValue): JsonValue {
  if (!Array.isArray(patch))
    throw badRequest('json: cannot unmarshal object into Go value of type jsonpatch.Patch')
  if (patch.length > maxOperations) {
    const detail = `The allowed maximum operations in a JSON patch is ${maxOperations}, got ${patch.length}`
    throw statusError('RequestEntityTooLarge', `Request entity too large: ${detail}`)
  }
  try {
    return applyJsonPatch(document, patch)
  } catch (error) {
    if (!(error instanceof PatchError)) throw error
    throw statusError('Invalid', 'the server rejected our request due to an error in our request', {})
  }
}

/** The patched document as an object of the kind, with its defaults. */
function decodePatched(
  resource: Resource,
  request: ServerRequest,
  patched: JsonValue,
  options: WriteOptions,
): KubernetesObject {
  const { kind, context } = resource
  try {
    const decoded = context.decoder.accept(patched, resource.decoding(options.fieldValidation))
    for (const warning of decoded.warnings) request.warn(warning)
    return kind.defaults(decoded.object)
  } catch (error) {
    if (!isStatus(error, 'BadRequest')) throw error
    const prefix = `${kind.kind} in version ${JSON.stringify(kind.version)} cannot be handled as a ${kind.kind}: `
    const why = error.message.startsWith(prefix) ? error.message.slice(prefix.length) : error.message
    throw invalid({ group: '', kind: '', name: '' }, [
      invalidValue(fieldPath('patch'), JSON.stringify(patched), why),
    ])
  }
}

/** PATCH of an object, or of the part of it that a subresource stands for. */
export async function patch(resource: Resource, request: ServerRequest): Promise<Outcome> {
  const { namespace, name, subresource } = request.info
  const type = patchTypeOf(request, resource.schema !== undefined)
  const applies = type === 'application/apply-patch+yaml'
  const options = writeOptions(request, 'PatchOptions', applies)
  const value = await readPatch(resource, request, type)
  const transform = (live: KubernetesObject | undefined): KubernetesObject => {
    if (live === undefined) throw notFound(resource.subject(name))
    const patched = patchDocument(resource.schema ?? {}, type, live as unknown as Fields, value)
    const object = decodePatched(resource, request, patched, options)
    return withManagedFields(resource, live, object, subresource, options)
  }
  return updateObject({
    resource,
    request,
    namespace,
    name,
    subresource,
    options,
    uid: undefined,
    forceAllowCreate: applies && subresource === '',
    transform: applies ? applyTransform(resource, request, value, options) : transform,
  })
}
