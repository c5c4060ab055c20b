import type { KindDeclaration } from '../apimachinery/define-kind.ts'

/** What names a resource in a URL; any KindDeclaration does. */
export type ResourceName = Pick<KindDeclaration, 'group' | 'version' | 'resource' | 'namespaced'>

/** `/apis/apps/v1/namespaces/default/deployments/web/status`; without a name the collection's path, without a namespace that of all namespaces. */
export function resourcePath(
  kind: ResourceName,
  namespace?: string,
  name?: string,
  subresource?: string,
): string {
  let path = kind.group === '' ? `/api/${kind.version}` : `/apis/${kind.group}/${kind.version}`
  if (kind.namespaced && namespace !== undefined && namespace !== '')
    path += `/namespaces/${encodeURIComponent(namespace)}`
  path += `/${kind.resource}`
  if (name !== undefined) path += `/${encodeURIComponent(name)}`
  return subresource === undefined || subresource === '' ? path : `${path}/${subresource}`
}

/** `apps/v1`, or `v1` for the core group. */
export function apiVersionOf(kind: { readonly group: string; readonly version: string }): string {
  return kind.group === '' ? kind.version : `${kind.group}/${kind.version}`
}
