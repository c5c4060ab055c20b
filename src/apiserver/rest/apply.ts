import type { GroupVersionKind } from '../../apimachinery/define-kind.ts'
import { applyServerSide } from '../../apimachinery/managed-fields/apply.ts'
import { TypedError } from '../../apimachinery/managed-fields/typed.ts'
import type { FieldManagement } from '../../apimachinery/managed-fields/update.ts'
import type { KubernetesObject } from '../../apimachinery/meta.ts'
import { badRequest, statusError } from '../../apimachinery/status-error.ts'
import type { MaybePromise } from '../authenticator.ts'
import { apiVersionOf } from '../cache/layout.ts'
import type { ServerRequest } from '../request.ts'
import type { Configuration } from './configuration.ts'
import { fieldManagement } from './field-management.ts'
import type { Resource } from './resource.ts'
import { warnOfStrictErrors } from './strict-warnings.ts'
import type { WriteOptions } from './write-options.ts'

/** A kind as Go prints it; those of the core group have nothing in front of the slash. */
function kindText({ apiVersion = '', kind = '' }: KubernetesObject): string {
  return `${apiVersion.includes('/') ? '' : '/'}${apiVersion}, Kind=${kind}`
}

function checkConfiguration(expected: GroupVersionKind, configuration: KubernetesObject): void {
  const { apiVersion, kind } = configuration
  if (apiVersion !== apiVersionOf(expected) || kind !== expected.kind)
    throw badRequest(`invalid object type: ${kindText(configuration)}`)
  if (configuration.metadata?.managedFields !== undefined)
    throw badRequest('metadata.managedFields must be nil')
}

/** Applies a configuration to an object of a kind. Throws StatusError in upstream's words. */
export function applyConfiguration(
  live: KubernetesObject | undefined,
  { object, strictErrors }: Configuration,
  expected: GroupVersionKind,
  management: FieldManagement,
  request: ServerRequest,
  { force, fieldValidation }: WriteOptions,
): KubernetesObject {
  checkConfiguration(expected, object)
  let applied: KubernetesObject
  try {
    applied = applyServerSide(live, object, { ...management, force })
  } catch (error) {
    if (!(error instanceof TypedError)) throw error
    const { namespace = '', name = '' } = object.metadata ?? {}
    const what = `${namespace}/${name}; ${kindText(object)}`
    throw statusError('', `failed to create typed patch object (${what}): ${error.message}`)
  }
  if (strictErrors.length > 0 && fieldValidation === 'Strict')
    throw badRequest(`error strict decoding YAML: error converting YAML to JSON: ${strictErrors.join('\n')}`)
  if (fieldValidation === 'Warn') warnOfStrictErrors(request, strictErrors)
  return applied
}

/** Server-side apply of a configuration (KEP-555). */
export function applyTransform(
  resource: Resource,
  request: ServerRequest,
  configuration: Configuration,
  options: WriteOptions,
): (live: KubernetesObject | undefined) => MaybePromise<KubernetesObject> {
  const { kind, context } = resource
  const management = fieldManagement(resource, request.info.subresource, options)
  return (live) => {
    if (management === undefined) throw badRequest(`${kind.kind} has no schema to apply by`)
    const merged = applyConfiguration(live, configuration, kind, management, request, options)
    const accept = (): KubernetesObject =>
      resource.withDefaults(context.decoder.accept(merged, resource.decoding('Ignore')).object)
    return request.isLarge ? context.host.nextTurn().then(accept) : accept()
  }
}
