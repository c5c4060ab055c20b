import type { KubernetesObject } from '../../apimachinery/meta.ts'
import { authorizeAnew } from './authorize.ts'
import { admissionOf, type Creation, checkCreation, storeNew } from './create.ts'
import { dedupOwners, ensureName, ensureNamespace, wipeSystemFields } from './object-meta.ts'
import type { Outcome } from './outcome.ts'
import type { Update } from './update.ts'

/** A PUT or an apply of a name that is not there; its user must be allowed to create, too. */
export async function createOnUpdate(update: Update, sent: KubernetesObject): Promise<Outcome> {
  const { resource, request, namespace, name, options } = update
  checkCreation(resource, name)
  const creation: Creation = { resource, request, namespace, name, options }
  const wiped = wipeSystemFields(ensureNamespace(sent, resource.kind.namespaced ? namespace : ''))
  const { resourceVersion: _version, ...metadata } = wiped.metadata ?? {}
  const object = { ...wiped, metadata }
  ensureName(object, name)
  const admitted = await resource.context.admission.mutate(admissionOf(creation, object), object)
  await authorizeAnew(resource.context.authorizer, request, { verb: 'create', name })
  return storeNew(creation, dedupOwners(admitted, request, true))
}
