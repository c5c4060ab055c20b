import { TypedError } from '../../apimachinery/managed-fields/typed.ts'
import { type FieldManagement, updateManagedFields } from '../../apimachinery/managed-fields/update.ts'
import type { KubernetesObject } from '../../apimachinery/meta.ts'
import { withMetadata } from './object-meta.ts'
import type { Resource } from './resource.ts'
import type { WriteOptions } from './write-options.ts'

/** What field management needs to know of a write; undefined for kinds without a schema. */
export function fieldManagement(
  resource: Resource,
  subresource: string,
  options: WriteOptions,
): FieldManagement | undefined {
  const schema = resource.mergeSchema
  if (schema === undefined) return undefined
  const reset = resource.resetFields(subresource)
  return {
    manager: options.manager,
    apiVersion: resource.apiVersion,
    subresource,
    time: resource.context.identities.time(),
    schema,
    versions: resource.versionsFor(options),
    empty: resource.empty,
    ...(subresource === '' ? { created: resource.createdFields } : {}),
    ...(reset === undefined ? {} : { reset }),
  }
}

function withoutManagers(object: KubernetesObject): KubernetesObject {
  const { managedFields: _dropped, ...metadata } = object.metadata ?? {}
  return { ...object, metadata }
}

/** As Go writes it, but for an empty list of managers, which asks for a new start. */
function shownWithManagers(resource: Resource, object: KubernetesObject): KubernetesObject {
  const shown = resource.asShown(object)
  return shown === object ? object : withMetadata(shown, { managedFields: object.metadata?.managedFields })
}

/** `object` with its managers after it was written over `live`; where a list's keys are missing nobody owns anything, as upstream has it. */
export function withManagedFields(
  resource: Resource,
  live: KubernetesObject | undefined,
  object: KubernetesObject,
  subresource: string,
  options: WriteOptions,
): KubernetesObject {
  const management = fieldManagement(resource, subresource, options)
  if (management === undefined) return object
  const shown = shownWithManagers(resource, object)
  try {
    const managed = updateManagedFields(live, shown, management)
    if (shown === object) return managed
    return withMetadata(object, { managedFields: managed.metadata?.managedFields })
  } catch (error) {
    if (error instanceof TypedError) return withoutManagers(object)
    throw error
  }
}
