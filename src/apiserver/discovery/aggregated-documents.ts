import type { ServedGroup, ServedVersion } from './group-versions.ts'
import type { ServedResource } from './served-resource.ts'
import { subresourceVerbs } from './subresource-verbs.ts'

export type AggregatedVersion = 'v2' | 'v2beta1'

function resourceEntry({ kind, subresources }: ServedResource): object {
  const { group, version } = kind
  return {
    resource: kind.resource,
    responseKind: { group, version, kind: kind.kind },
    scope: kind.namespaced ? 'Namespaced' : 'Cluster',
    singularResource: kind.singular,
    verbs: kind.verbs,
    ...(kind.shortNames.length === 0 ? {} : { shortNames: kind.shortNames }),
    ...(kind.categories.length === 0 ? {} : { categories: kind.categories }),
    ...(subresources.length === 0
      ? {}
      : {
          subresources: subresources.map((part) => ({
            subresource: part.name,
            responseKind: { group: part.group, version: part.version, kind: part.kind },
            verbs: subresourceVerbs(part.verbs),
          })),
        }),
  }
}

const versionEntry = ({ version, resources, external }: ServedVersion): object => ({
  version,
  resources: external?.resources ?? resources.map(resourceEntry),
  freshness: external?.freshness ?? 'Current',
})

/** Everything under `/api` or `/apis` in one document (KEP-3352); `groups` are those of that path. */
export const apiGroupDiscoveryList = (
  groups: readonly ServedGroup[],
  version: AggregatedVersion,
): object => ({
  kind: 'APIGroupDiscoveryList',
  apiVersion: `apidiscovery.k8s.io/${version}`,
  metadata: {},
  items: groups.map(({ name, versions }) => ({
    metadata: name === '' ? { creationTimestamp: null } : { name, creationTimestamp: null },
    versions: versions.map(versionEntry),
  })),
})
