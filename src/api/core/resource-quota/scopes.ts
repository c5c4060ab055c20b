/** What a quota may be narrowed to, and what can be counted then (pkg/apis/core/helper). */
const podScopes = new Set([
  'Terminating',
  'NotTerminating',
  'NotBestEffort',
  'PriorityClass',
  'CrossNamespacePodAffinity',
])

export const isQuotaScope = (scope: string): boolean =>
  podScopes.has(scope) || scope === 'BestEffort' || scope === 'VolumeAttributesClass'

const podResources = new Set([
  'pods',
  'cpu',
  'memory',
  'limits.cpu',
  'limits.memory',
  'requests.cpu',
  'requests.memory',
])

const claimResources = new Set(['persistentvolumeclaims', 'requests.storage'])

export function isScopeValidFor(scope: string, resource: string): boolean {
  if (podScopes.has(scope)) return podResources.has(resource)
  if (scope === 'BestEffort') return resource === 'pods'
  if (scope === 'VolumeAttributesClass') return claimResources.has(resource)
  return true
}

/** Scopes that exclude each other. */
export const opposites: readonly (readonly string[])[] = [
  ['BestEffort', 'NotBestEffort'],
  ['Terminating', 'NotTerminating'],
]
