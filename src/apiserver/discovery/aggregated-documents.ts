import type { GroupVersionKind } from '../../apimachinery/define-kind.ts'
import type { ServedGroup, ServedVersion } from './group-versions.ts'
import type { ServedResource } from './served-resource.ts'
import { subresourceVerbs } from './subresource-verbs.ts'

export type AggregatedVersion = 'v2'

/** As upstream, what a group and version has of its own says only its kind; custom resources say everything. */
function responseKind({ kind, custom }: ServedResource, of: GroupVersionKind): GroupVersionKind {
  const isOwn = custom === undefined && of.group === kind.group && of.version === kind.version
  return isOwn
    ? { group: '', version: '', kind: of.kind }
    : { group: of.group, version: of.version, kind: of.kind }
}

function resourceEntry(resource: ServedResource): object {
  const { kind, subresources } = resource
  return {
    resource: kind.resource,
    responseKind: responseKind(resource, kind),
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
            responseKind: responseKind(resource, part),
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
    metadata: name === '' ? {} : { name },
    versions: versions.map(versionEntry),
  })),
})
