import { groupVersionOf } from '../../apimachinery/openapi/openapi-resource.ts'
import type { ServedGroup, ServedVersion } from './group-versions.ts'
import type { ServedResource } from './served-resource.ts'
import { subresourceVerbs } from './subresource-verbs.ts'

export interface DiscoveryVersion {
  readonly groupVersion: string
  readonly version: string
}

const versionEntry = (group: string, version: string): DiscoveryVersion => ({
  groupVersion: groupVersionOf({ group, version }),
  version,
})

/** `/api`. `address` is where clients reach the server: `192.0.2.1:6443`. */
export const apiVersions = (address: string): object => ({
  kind: 'APIVersions',
  versions: ['v1'],
  serverAddressByClientCIDRs: [{ clientCIDR: '0.0.0.0/0', serverAddress: address }],
})

function groupEntry({ name, versions }: ServedGroup): object {
  const entries = versions.map(({ version }) => versionEntry(name, version))
  return { name, versions: entries, preferredVersion: entries[0] }
}

/** `/apis`. */
export const apiGroupList = (groups: readonly ServedGroup[]): object => ({
  kind: 'APIGroupList',
  apiVersion: 'v1',
  groups: groups.filter(({ name }) => name !== '').map(groupEntry),
})

/** `/apis/<group>`. */
export const apiGroup = (group: ServedGroup): object => ({
  kind: 'APIGroup',
  apiVersion: 'v1',
  ...groupEntry(group),
})

function resourceEntries(
  { kind, subresources }: ServedResource,
  storageHash: (kind: ServedResource['kind']) => string,
): readonly object[] {
  const own = {
    name: kind.resource,
    singularName: kind.singular,
    namespaced: kind.namespaced,
    kind: kind.kind,
    verbs: kind.verbs,
    ...(kind.shortNames.length === 0 ? {} : { shortNames: kind.shortNames }),
    ...(kind.categories.length === 0 ? {} : { categories: kind.categories }),
    // Only what is stored has a stored version.
    ...(kind.verbs.includes('create') && kind.verbs.includes('list')
      ? { storageVersionHash: storageHash(kind) }
      : {}),
  }
  const parts = subresources.map(({ name, group, version, kind: type, verbs }) => ({
    name: `${kind.resource}/${name}`,
    singularName: '',
    namespaced: kind.namespaced,
    ...(group === kind.group && version === kind.version ? {} : { group, version }),
    kind: type,
    verbs: subresourceVerbs(verbs),
  }))
  return [own, ...parts]
}

/** `/api/v1` and `/apis/<group>/<version>`. */
export const apiResourceList = (
  group: string,
  { version, resources }: ServedVersion,
  storageHash: (kind: ServedResource['kind']) => string,
): object => ({
  kind: 'APIResourceList',
  // The oldest of these documents never said it.
  ...(group === '' ? {} : { apiVersion: 'v1' }),
  groupVersion: groupVersionOf({ group, version }),
  resources: resources.flatMap((resource) => resourceEntries(resource, storageHash)),
})
