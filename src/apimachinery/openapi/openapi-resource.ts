import type { GroupVersionKind, KindDeclaration } from '../define-kind.ts'
import type { Schemas } from '../schema.ts'
import { type CustomTypes, customDefinitions } from './custom-types.ts'
import type { CustomDefinitions } from './schema-object.ts'

/** A subresource as documents describe it. Verbs are `get`, `create`, `update`, `patch`, and `connect:<METHOD>`. */
export interface OpenApiSubresource extends GroupVersionKind {
  readonly name: string
  readonly verbs: readonly string[]
}

/** A resource as documents describe it. */
export interface OpenApiResource extends GroupVersionKind {
  /** Lower-case plural. */
  readonly resource: string
  readonly namespaced: boolean
  readonly verbs: readonly string[]
  readonly subresources: readonly OpenApiSubresource[]
  /** DELETE answers the object, not a Status. */
  readonly returnsDeleted?: true
  /** Present for custom resources: their types are nowhere else. */
  readonly custom?: CustomTypes
}

/** What the generated table of resources says of subresources. */
export interface SubresourceTable {
  readonly group: string
  readonly version: string
  readonly resource: string
  readonly subresources: Readonly<Record<string, GroupVersionKind & { readonly verbs: readonly string[] }>>
}

const statusVerbs = ['get', 'patch', 'update']

function declaredSubresources(kind: KindDeclaration): readonly OpenApiSubresource[] {
  const { group, version, subresources } = kind
  const own = (name: string) => ({ name, group, version, kind: kind.kind, verbs: statusVerbs })
  const scale = { name: 'scale', group: 'autoscaling', version: 'v1', kind: 'Scale', verbs: statusVerbs }
  return [
    ...(subresources.scale === undefined ? [] : [scale]),
    ...(subresources.status === undefined ? [] : [own('status')]),
  ]
}

/**
 * The declared kinds as documents describe them. `table` (the generated one) adds what a declaration does not
 * say: subresources such as exec and their kinds.
 */
export function openApiResources(
  kinds: readonly KindDeclaration[],
  table: readonly SubresourceTable[] = [],
): readonly OpenApiResource[] {
  const rows = new Map(table.map((row) => [`${row.group}/${row.version}/${row.resource}`, row]))
  return kinds.map((kind) => {
    const { group, version, resource, namespaced, verbs } = kind
    const row = rows.get(`${group}/${version}/${resource}`)
    const subresources =
      row === undefined
        ? declaredSubresources(kind)
        : Object.entries(row.subresources).map(([name, subresource]) => ({ ...subresource, name }))
    const deleted = kind.returnsDeleted === true ? { returnsDeleted: true as const } : {}
    return { group, version, kind: kind.kind, resource, namespaced, verbs, subresources, ...deleted }
  })
}

/** `apps/v1`, `v1`. */
export const groupVersionOf = ({
  group,
  version,
}: {
  readonly group: string
  readonly version: string
}): string => (group === '' ? version : `${group}/${version}`)

/** Where a group and version is served, without the leading slash: `api/v1`, `apis/apps/v1`. */
export const servedAt = (kind: { readonly group: string; readonly version: string }): string =>
  kind.group === '' ? `api/${kind.version}` : `apis/${groupVersionOf(kind)}`

/** The name of the type behind a kind. */
export const typeOf = (kind: GroupVersionKind, schemas: Schemas): string | undefined =>
  schemas.ofKind(kind)?.name

/** The types that the resources bring along, by name. */
export function customTypesOf(resources: readonly OpenApiResource[]): CustomDefinitions {
  const types = resources.flatMap((resource) =>
    resource.custom === undefined ? [] : [...customDefinitions(resource, resource.custom)],
  )
  return new Map(types)
}
