import { applyServerSide } from '../../apimachinery/managed-fields/apply.ts'
import { TypedError } from '../../apimachinery/managed-fields/typed.ts'
import type { KubernetesObject } from '../../apimachinery/meta.ts'
import { badRequest, isStatus, statusError } from '../../apimachinery/status-error.ts'
import type { ServerRequest } from '../request.ts'
import { fieldManagement } from './field-management.ts'
import type { Resource } from './resource.ts'
import type { WriteOptions } from './write-options.ts'

const isObject = (value: unknown): value is KubernetesObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

function checkConfiguration(resource: Resource, configuration: KubernetesObject): void {
  if (configuration.metadata?.managedFields !== undefined)
    throw badRequest('metadata.managedFields must be nil')
  const { apiVersion = '', kind = '' } = configuration
  if (apiVersion === '' || kind === '')
    throw badRequest(`Object 'Kind' is missing in '${JSON.stringify(configuration)}'`)
  if (apiVersion !== resource.apiVersion) {
    throw badRequest(
      `Incorrect version specified in apply patch. Specified patch version: ${apiVersion}, expected: ${resource.apiVersion}`,
    )
  }
  if (kind !== resource.kind.kind)
    throw badRequest(
      `${kind} in version ${JSON.stringify(resource.kind.version)} cannot be handled as a ${resource.kind.kind}`,
    )
}

const strictPrefix = 'strict decoding error: '

/** Upstream's words for a configuration that does not fit its schema. */
function untyped(resource: Resource, configuration: KubernetesObject, why: string): Error {
  const { namespace = '', name = '' } = configuration.metadata ?? {}
  const what = `${namespace}/${name}; ${resource.apiVersion}, Kind=${resource.kind.kind}`
  return statusError('', `failed to create typed patch object (${what}): ${why}`)
}

function checkTyped(resource: Resource, configuration: KubernetesObject): void {
  try {
    resource.context.decoder.accept(configuration, resource.decoding('Strict'))
  } catch (error) {
    if (!isStatus(error, 'BadRequest')) throw error
    const at = error.message.indexOf(strictPrefix)
    if (at < 0) throw untyped(resource, configuration, error.message)
    const fields = [...error.message.slice(at).matchAll(/unknown field "([^"]+)"/g)].map(([, field]) => field)
    const complaints = fields.map((field) => `.${field}: field not declared in schema`)
    throw untyped(resource, configuration, complaints.join('\n'))
  }
}

/** Server-side apply of a configuration (KEP-555). */
export function applyTransform(
  resource: Resource,
  request: ServerRequest,
  configuration: unknown,
  options: WriteOptions,
): (live: KubernetesObject | undefined) => KubernetesObject {
  if (!isObject(configuration)) throw badRequest('error decoding YAML: the configuration is not an object')
  checkConfiguration(resource, configuration)
  checkTyped(resource, configuration)
  const { kind, context } = resource
  const management = fieldManagement(resource, request.info.subresource, options)
  return (live) => {
    if (management === undefined) throw badRequest(`${kind.kind} has no schema to apply by`)
    try {
      const merged = applyServerSide(live, configuration, { ...management, force: options.force })
      const accepted = context.decoder.accept(merged, resource.decoding('Ignore'))
      return kind.defaults(accepted.object)
    } catch (error) {
      if (error instanceof TypedError) throw untyped(resource, configuration, error.message)
      throw error
    }
  }
}
