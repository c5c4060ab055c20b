import type { KubernetesObject, OwnerReference } from '../apimachinery/meta.ts'
import type { Indexers } from '../client/informer.ts'
import { apiVersionOf } from '../client/resource-path.ts'
import type { AnyKind, Key } from './controller.ts'

/** The reference to the object that manages this one, if any does. */
export function controllerOf(object: KubernetesObject): OwnerReference | undefined {
  return object.metadata?.ownerReferences?.find((reference) => reference.controller === true)
}

/** What a managed object says of its controller. */
export function controllerReference(kind: AnyKind, owner: KubernetesObject): OwnerReference {
  return {
    apiVersion: apiVersionOf(kind),
    kind: kind.kind,
    name: owner.metadata?.name ?? '',
    uid: owner.metadata?.uid ?? '',
    controller: true,
    blockOwnerDeletion: true,
  }
}

/** Whether the reference names an object of that kind, in any version. */
export function refersTo(reference: OwnerReference, kind: AnyKind): boolean {
  const slash = reference.apiVersion.indexOf('/')
  const group = slash < 0 ? '' : reference.apiVersion.slice(0, slash)
  return reference.kind === kind.kind && group === kind.group
}

/** `namespace/name`, or `name` for cluster-scoped objects. */
export function keyOf(object: KubernetesObject): Key {
  const { namespace, name = '' } = object.metadata ?? {}
  return namespace === undefined ? name : `${namespace}/${name}`
}

/** The namespace ('' where there is none) and the name of a key. */
export function splitKey(key: Key): readonly [namespace: string, name: string] {
  const slash = key.indexOf('/')
  return slash < 0 ? ['', key] : [key.slice(0, slash), key.slice(slash + 1)]
}

/** Finds objects by the uid of their controller, and those of a namespace that have none under `orphanKey`. */
export const controllerIndex = 'controller'

export const orphanKey = (namespace: string): string => `orphans of ${namespace}`

/** Every owned kind has it. One function for all, so that controllers can share an informer. */
export const controllerIndexers: Indexers<KubernetesObject> = {
  [controllerIndex]: (object) => [controllerOf(object)?.uid ?? orphanKey(object.metadata?.namespace ?? '')],
}
