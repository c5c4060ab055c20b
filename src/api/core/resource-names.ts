import { isQualifiedName } from '../../apimachinery/label-syntax.ts'

/** What names of resources mean (pkg/apis/core/helper). */
const defaultPrefix = 'kubernetes.io/'
const requestsPrefix = 'requests.'

const containerResources = new Set(['cpu', 'memory', 'ephemeral-storage'])

const quotaResources = new Set([
  'cpu',
  'memory',
  'ephemeral-storage',
  'requests.cpu',
  'requests.memory',
  'requests.storage',
  'requests.ephemeral-storage',
  'limits.cpu',
  'limits.memory',
  'limits.ephemeral-storage',
  'pods',
  'resourcequotas',
  'services',
  'replicationcontrollers',
  'secrets',
  'persistentvolumeclaims',
  'configmaps',
  'services.nodeports',
  'services.loadbalancers',
])

const standardResources = new Set([...quotaResources, 'storage'])

const integerResources = new Set([
  'pods',
  'resourcequotas',
  'services',
  'replicationcontrollers',
  'secrets',
  'configmaps',
  'persistentvolumeclaims',
  'services.nodeports',
  'services.loadbalancers',
])

export const isHugePages = (name: string): boolean => name.startsWith('hugepages-')

const isQuotaHugePages = (name: string): boolean =>
  isHugePages(name) || name.startsWith('requests.hugepages-')

export const isStandardResource = (name: string): boolean =>
  standardResources.has(name) || isQuotaHugePages(name)

export const isStandardContainerResource = (name: string): boolean =>
  containerResources.has(name) || isHugePages(name)

export const isStandardQuotaResource = (name: string): boolean =>
  quotaResources.has(name) || isQuotaHugePages(name)

/** Without a domain, or in kubernetes.io. */
export const isNativeResource = (name: string): boolean => !name.includes('/') || name.includes(defaultPrefix)

/** A device of a vendor: `example.com/gpu`. */
export function isExtendedResource(name: string): boolean {
  if (isNativeResource(name) || name.startsWith(requestsPrefix)) return false
  return isQualifiedName(`${requestsPrefix}${name}`).length === 0
}

export const isOvercommitAllowed = (name: string): boolean => isNativeResource(name) && !isHugePages(name)

export const isIntegerResource = (name: string): boolean =>
  integerResources.has(name) || isExtendedResource(name)
