import type { DecodeOptions } from '../../apimachinery/codec/decode-object.ts'
import type { Features } from '../../apimachinery/feature-gates.ts'
import { invalidValue } from '../../apimachinery/field-errors.ts'
import { fieldPath } from '../../apimachinery/field-path.ts'
import type { JsonValue, KubernetesObject } from '../../apimachinery/meta.ts'
import { type Fields, isFields } from '../../apimachinery/patch/patch-value.ts'
import { restoreComplaint } from '../../apimachinery/patch/restore.ts'
import { invalid, isStatus, notFound, type StatusError } from '../../apimachinery/status-error.ts'
import type { PatchType } from '../../apimachinery/transport.ts'
import type { MaybePromise } from '../authenticator.ts'
import { apiVersionOf } from '../cache/layout.ts'
import type { ServerRequest } from '../request.ts'
import { noMediaType } from '../routing.ts'
import { applyTransform } from './apply.ts'
import { cborApplyType, readConfiguration } from './configuration.ts'
import { withManagedFields } from './field-management.ts'
import { bareType, cborGate, unsupportedMediaType } from './media-types.ts'
import { ObjectPatch, type ObjectPatchType } from './object-patch.ts'
import type { Outcome } from './outcome.ts'
import type { Resource } from './resource.ts'
import { warnOfStrictErrors } from './strict-warnings.ts'
import { updateObject } from './update.ts'
import { type FieldValidation, type WriteOptions, writeOptions } from './write-options.ts'

const patchTypes: readonly PatchType[] = [
  'application/json-patch+json',
  'application/merge-patch+json',
  'application/strategic-merge-patch+json',
  'application/apply-patch+yaml',
]

/** The patch's type; kinds without a Go type behind them know no strategic merge. What is applied may be CBOR behind its gate. */
export function patchTypeOf(request: ServerRequest, strategic: boolean, features: Features): PatchType {
  const allowed = strategic ? patchTypes : patchTypes.filter((type) => !type.includes('strategic'))
  const sent = bareType(request.header('content-type'))
  if (sent === cborApplyType && features.enabled(cborGate)) return 'application/apply-patch+yaml'
  const type = allowed.find((candidate) => candidate === sent)
  if (type !== undefined) return type
  if (strategic) throw noMediaType()
  throw unsupportedMediaType(features.enabled(cborGate) ? [...allowed, cborApplyType] : allowed)
}

/** The patch, to be applied once there is something to apply it to. */
export async function readPatch(
  request: ServerRequest,
  type: ObjectPatchType,
  { fieldValidation }: WriteOptions,
  typed: boolean,
): Promise<ObjectPatch> {
  const body = await request.source.readBody()
  request.audit?.sentPatch(body.type === 'object' ? body.object : body.bytes)
  return new ObjectPatch(type, body, fieldValidation !== 'Ignore', typed)
}

/** What the decoder of bodies says in front. */
const handledAs =
  /^(?:\S* in version "[^"]*" cannot be handled as a \w+|the object provided is unrecognized \(must be of type \w+\)): /
/** What it says behind. */
const shownType = / \((?:object|string|number|boolean)\)$/

const unfit = (patch: ObjectPatch, patched: JsonValue, why: string): StatusError =>
  invalid({ group: '', kind: '', name: '' }, [invalidValue(fieldPath('patch'), patch.shown(patched), why)])

/** Unknown fields come as warnings: what the patch itself has too much goes before them in an error. */
export const patchStrictness = ({ fieldValidation }: WriteOptions): FieldValidation =>
  fieldValidation === 'Ignore' ? 'Ignore' : 'Warn'

export interface Patched {
  readonly document: JsonValue
  /** What was patched. */
  readonly known: KubernetesObject
}

/** A patched document as an object of a kind. Throws Invalid in upstream's words. */
export function decodePatched(
  { context }: Resource,
  request: ServerRequest,
  patch: ObjectPatch,
  { document, known }: Patched,
  decoding: DecodeOptions,
  { fieldValidation }: WriteOptions,
): KubernetesObject {
  const { expected: kind, schema } = decoding
  const strategic = patch.type === 'application/strategic-merge-patch+json'
  const complaint = strategic ? restoreComplaint(document, schema ?? {}, known) : undefined
  if (complaint !== undefined) throw unfit(patch, document, complaint)
  const apiVersion = apiVersionOf(kind)
  const patched = strategic && isFields(document) ? { ...document, apiVersion, kind: kind.kind } : document
  try {
    const decoded = context.decoder.accept(patched, decoding, known)
    const errors = [...patch.strictErrors, ...[...decoded.warnings].sort()]
    if (fieldValidation === 'Strict' && errors.length > 0)
      throw unfit(patch, patched, `strict decoding error: ${errors.join(', ')}`)
    warnOfStrictErrors(request, errors)
    return decoded.object
  } catch (error) {
    if (!isStatus(error, 'BadRequest')) throw error
    throw unfit(patch, patched, error.message.replace(handledAs, '').replace(shownType, ''))
  }
}

/** PATCH of an object, or of the part of it that a subresource stands for. */
export async function patch(resource: Resource, request: ServerRequest): Promise<Outcome> {
  const { namespace, name, subresource } = request.info
  const type = patchTypeOf(request, resource.schema !== undefined, resource.context.features)
  const applies = type === 'application/apply-patch+yaml'
  const options = writeOptions(request, 'PatchOptions', applies)
  const transform = applies
    ? applyTransform(resource, request, await readConfiguration(request), options)
    : patchTransform(
        resource,
        request,
        await readPatch(request, type, options, resource.schema !== undefined),
        options,
      )
  const forceAllowCreate = applies && subresource === ''
  const update = { resource, request, namespace, name, subresource, options, uid: undefined }
  return updateObject({ ...update, forceAllowCreate, transform })
}

function patchTransform(
  resource: Resource,
  request: ServerRequest,
  patch: ObjectPatch,
  options: WriteOptions,
): (live: KubernetesObject | undefined) => MaybePromise<KubernetesObject> {
  const { schema, context } = resource
  const { name, subresource } = request.info
  const decoding = resource.decoding(patchStrictness(options))
  return (live) => {
    if (live === undefined) throw notFound(resource.subject(name))
    const document = patch.apply(live as unknown as Fields, schema ?? {})
    const decode = (): KubernetesObject =>
      resource.withDefaults(
        decodePatched(resource, request, patch, { document, known: live }, decoding, options),
      )
    const manage = (object: KubernetesObject): KubernetesObject =>
      withManagedFields(resource, live, object, subresource, options)
    if (!request.isLarge) return manage(decode())
    const turn = (): Promise<void> => context.host.nextTurn()
    const decoded = turn().then(decode)
    return decoded.then(async (object) => {
      await turn()
      return manage(object)
    })
  }
}
