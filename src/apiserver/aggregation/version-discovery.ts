import { keyOf } from './remote-services.ts'

interface ResponseKind {
  readonly group: string
  readonly version: string
  readonly kind: string
}

export interface SubresourceDiscovery {
  readonly subresource: string
  readonly responseKind: ResponseKind
  readonly verbs: readonly string[]
}

/** `apidiscovery.k8s.io/v2` APIResourceDiscovery. */
export interface ResourceDiscovery {
  readonly resource: string
  readonly responseKind: ResponseKind
  readonly scope: string
  readonly singularResource: string
  readonly verbs: readonly string[]
  readonly shortNames?: readonly string[]
  readonly categories?: readonly string[]
  readonly subresources?: readonly SubresourceDiscovery[]
}

/** `apidiscovery.k8s.io/v2` APIVersionDiscovery, but for its freshness. */
export interface VersionDiscovery {
  readonly version: string
  readonly resources: readonly ResourceDiscovery[]
}

interface GroupDiscoveryList {
  readonly items?: readonly {
    readonly metadata?: { readonly name?: string }
    readonly versions?: readonly {
      readonly version: string
      readonly resources?: readonly (Omit<ResourceDiscovery, 'responseKind'> & {
        readonly responseKind?: ResponseKind | null
      })[]
    }[]
  }[]
}

const noKind: ResponseKind = { group: '', version: '', kind: '' }

/** An aggregated document, by group and version (`keyOf`). */
export function versionDiscoveries(document: GroupDiscoveryList): ReadonlyMap<string, VersionDiscovery> {
  const found = new Map<string, VersionDiscovery>()
  for (const { metadata, versions = [] } of document.items ?? []) {
    for (const { version, resources = [] } of versions) {
      // Old clients stumble over a missing kind.
      const complete = resources.map((each) => ({ ...each, responseKind: each.responseKind ?? noKind }))
      found.set(keyOf(metadata?.name ?? '', version), { version, resources: complete })
    }
  }
  return found
}

interface PlainResource {
  readonly name: string
  readonly singularName?: string
  readonly namespaced: boolean
  readonly kind: string
  readonly group?: string
  readonly version?: string
  readonly verbs: readonly string[]
  readonly shortNames?: readonly string[]
  readonly categories?: readonly string[]
}

/** What a plain APIResourceList says, in the aggregated form. */
export function asVersionDiscovery(
  group: string,
  version: string,
  list: { readonly resources?: readonly PlainResource[] },
): VersionDiscovery {
  const all = list.resources ?? []
  const kindOf = (each: PlainResource): ResponseKind => ({
    group: each.group || group,
    version: each.version || version,
    kind: each.kind,
  })
  const own = all.filter(({ name }) => !name.includes('/'))
  const resources = own.map((each): ResourceDiscovery => {
    const subresources = all
      .filter(({ name }) => name.startsWith(`${each.name}/`))
      .map((part) => ({
        subresource: part.name.slice(each.name.length + 1),
        responseKind: kindOf(part),
        verbs: part.verbs,
      }))
    return {
      resource: each.name,
      responseKind: kindOf(each),
      scope: each.namespaced ? 'Namespaced' : 'Cluster',
      singularResource: each.singularName ?? '',
      verbs: each.verbs,
      ...(each.shortNames === undefined ? {} : { shortNames: each.shortNames }),
      ...(each.categories === undefined ? {} : { categories: each.categories }),
      ...(subresources.length === 0 ? {} : { subresources }),
    }
  })
  return { version, resources }
}
