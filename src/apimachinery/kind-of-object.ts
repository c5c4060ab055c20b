import type { GroupVersionKind } from './define-kind.ts'
import type { KubernetesObject } from './meta.ts'

/** The kind that an object says it is. */
export function kindOfObject({ apiVersion = '', kind = '' }: KubernetesObject): GroupVersionKind {
  const slash = apiVersion.indexOf('/')
  return { group: slash < 0 ? '' : apiVersion.slice(0, slash), version: apiVersion.slice(slash + 1), kind }
}
