import type { KubernetesObject, OwnerReference } from '../../apimachinery/meta.ts'

/** Who an object is; for an owner that nobody has seen, who its dependents say it is. */
export interface Identity {
  readonly apiVersion: string
  readonly kind: string
  /** '' for cluster-scoped objects. */
  readonly namespace: string
  readonly name: string
  readonly uid: string
}

export const identityOfOwner = (reference: OwnerReference, namespace: string): Identity => ({
  apiVersion: reference.apiVersion,
  kind: reference.kind,
  namespace,
  name: reference.name,
  uid: reference.uid,
})

/** One string for each identity. */
export const identityKey = ({ apiVersion, kind, namespace, name, uid }: Identity): string =>
  [apiVersion, kind, namespace, name, uid].join(' ')

export const sameIdentity = (a: Identity, b: Identity): boolean => identityKey(a) === identityKey(b)

/** Whether the reference is to that object, its namespace aside. */
export const refersToIdentity = (reference: OwnerReference, identity: Identity): boolean =>
  reference.uid === identity.uid &&
  reference.name === identity.name &&
  reference.kind === identity.kind &&
  reference.apiVersion === identity.apiVersion

/** As upstream prints it in events. */
export const formatIdentity = ({ apiVersion, kind, namespace, name, uid }: Identity): string =>
  `[${apiVersion}/${kind}, namespace: ${namespace}, name: ${name}, uid: ${uid}]`

const order = ({ kind, apiVersion, namespace, name, uid }: Identity): readonly string[] => [
  kind,
  apiVersion,
  namespace,
  name,
  uid,
]

/** Kinds together, then namespaces, then names. */
export function compareIdentities(a: Identity, b: Identity): number {
  const left = order(a)
  const right = order(b)
  for (const [index, text] of left.entries()) {
    const other = right[index] ?? ''
    if (text !== other) return text < other ? -1 : 1
  }
  return 0
}

/** As much of an object as an event needs. */
export const objectOf = ({ apiVersion, kind, namespace, name, uid }: Identity): KubernetesObject => ({
  apiVersion,
  kind,
  metadata: { name, uid, ...(namespace === '' ? {} : { namespace }) },
})
