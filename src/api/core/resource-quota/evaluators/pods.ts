import { jsonEqual } from '../../../../apimachinery/json-equal.ts'
import { timeMs } from '../../../../apimachinery/time.ts'
import type { core } from '../../../generated/types/index.ts'
import { initAndMainContainers } from '../../pod/init-and-main-containers.ts'
import { hasPodLevelResources, podQuantities, type Quantities } from '../../pod/pod-quantities.ts'
import { isPodTerminal } from '../../pod/pod-state.ts'
import { qosClass } from '../../pod/qos-class.ts'
import { isExtendedResource, isHugePages, isNativeResource } from '../../resource-names.ts'
import { amountsIn, countOf, type QuotaAmounts } from '../quota-amounts.ts'
import { countName, meets, type QuotaEvaluator, type ScopeRequirement } from './evaluator.ts'

type Pod = core.v1.Pod

const objectName = countName('', 'pods')
const requestsPrefix = 'requests.'
export const deviceClassPrefix = 'deviceclass.resource.kubernetes.io/'

/** Under which names of a quota a pod's requests and limits count. */
const requestNames: Readonly<Record<string, readonly string[]>> = {
  cpu: ['cpu', 'requests.cpu'],
  memory: ['memory', 'requests.memory'],
  'ephemeral-storage': ['ephemeral-storage', 'requests.ephemeral-storage'],
}
const limitNames: Readonly<Record<string, string>> = {
  cpu: 'limits.cpu',
  memory: 'limits.memory',
  'ephemeral-storage': 'limits.ephemeral-storage',
}

const fixedNames = new Set([
  objectName,
  'pods',
  ...Object.values(requestNames).flat(),
  ...Object.values(limitNames),
])

/** Names that every container has to say something of where they are limited. No others were ever added. */
const mandatory = new Set(['cpu', 'memory', 'requests.cpu', 'requests.memory', 'limits.cpu', 'limits.memory'])

/** `requests.example.com/gpu`: a quota's name for a vendor's devices. */
export const isExtendedQuotaName = (name: string): boolean =>
  name.startsWith(requestsPrefix) &&
  (!isNativeResource(name) || name.startsWith(requestsPrefix + deviceClassPrefix))

function namesOfRequest(name: string): readonly string[] {
  const fixed = requestNames[name]
  if (fixed !== undefined) return fixed
  if (isHugePages(name)) return [name, requestsPrefix + name]
  return isExtendedResource(name) || name.startsWith(deviceClassPrefix) ? [requestsPrefix + name] : []
}

function computeUsage(requests: Quantities, limits: Quantities): Readonly<Record<string, string>> {
  const usage: Record<string, string> = {}
  for (const [name, quantity] of Object.entries(requests ?? {}))
    for (const counted of namesOfRequest(name)) usage[counted] = quantity
  for (const [name, quantity] of Object.entries(limits ?? {})) {
    const counted = limitNames[name]
    if (counted !== undefined) usage[counted] = quantity
  }
  return usage
}

/** Whether what it asks for still counts: neither ended nor overdue to be gone. */
function isCharged(pod: Pod, nowMs: number): boolean {
  const { deletionTimestamp, deletionGracePeriodSeconds } = pod.metadata ?? {}
  if (isPodTerminal(pod)) return false
  if (deletionTimestamp === undefined || deletionGracePeriodSeconds === undefined) return true
  return nowMs <= timeMs(deletionTimestamp) + deletionGracePeriodSeconds * 1000
}

/** What a pod uses of a quota. */
export function podUsage(pod: Pod, nowMs: number): QuotaAmounts {
  if (!isCharged(pod, nowMs)) return new Map([[objectName, countOf(1)]])
  const { requests, limits } = podQuantities(pod, { withStatus: true, withOverhead: true })
  return new Map([
    [objectName, countOf(1)],
    ['pods', countOf(1)],
    ...amountsIn(computeUsage(requests, limits)),
  ])
}

/** It runs only for so long. */
const isTerminating = ({ spec }: Pod): boolean => (spec?.activeDeadlineSeconds ?? -1) >= 0

const isBestEffort = (pod: Pod): boolean => (pod.status?.qosClass ?? qosClass(pod)) === 'BestEffort'

function crossesNamespaces({ spec }: Pod): boolean {
  const { podAffinity, podAntiAffinity } = spec?.affinity ?? {}
  return [podAffinity, podAntiAffinity].some((affinity) => {
    const required = affinity?.requiredDuringSchedulingIgnoredDuringExecution ?? []
    const preferred = affinity?.preferredDuringSchedulingIgnoredDuringExecution ?? []
    const terms = [...required, ...preferred.map(({ podAffinityTerm }) => podAffinityTerm)]
    return terms.some((term) => (term.namespaces ?? []).length > 0 || term.namespaceSelector !== undefined)
  })
}

function matchesScope(requirement: ScopeRequirement, pod: Pod): boolean {
  const { priorityClassName = '' } = pod.spec ?? {}
  switch (requirement.scopeName) {
    case 'Terminating':
      return isTerminating(pod)
    case 'NotTerminating':
      return !isTerminating(pod)
    case 'BestEffort':
      return isBestEffort(pod)
    case 'NotBestEffort':
      return !isBestEffort(pod)
    case 'PriorityClass':
      return meets(requirement, priorityClassName === '' ? undefined : priorityClassName)
    case 'CrossNamespacePodAffinity':
      return crossesNamespaces(pod)
    default:
      return false
  }
}

/** Containers that say nothing of what is limited, in upstream's words. */
function problem(names: readonly string[], pod: Pod): string | undefined {
  if (hasPodLevelResources(pod)) return undefined
  const containers = initAndMainContainers(pod.spec)
  const missing = names
    .filter((name) => mandatory.has(name))
    .sort()
    .flatMap((name) => {
      const silent = containers.filter(
        ({ resources }) => computeUsage(resources?.requests, resources?.limits)[name] === undefined,
      )
      const of = [...new Set(silent.map((container) => container.name))].sort().join(',')
      return of === '' ? [] : [`${name} for: ${of}`]
    })
  return missing.length === 0 ? undefined : `must specify ${missing.join('; ')}`
}

function hasResourcesChanged({ status }: Pod, { status: old }: Pod): boolean {
  const changed = (now: readonly core.v1.ContainerStatus[] = [], before: typeof now = []): boolean =>
    before.some(({ name, resources }) => {
      const current = now.find((container) => container.name === name)
      return current !== undefined && !jsonEqual(current.resources, resources)
    })
  return (
    changed(status?.containerStatuses, old?.containerStatuses) ||
    changed(status?.initContainerStatuses, old?.initContainerStatuses)
  )
}

export const podEvaluator: QuotaEvaluator<Pod> = {
  counts: (name) =>
    fixedNames.has(name) ||
    isHugePages(name) ||
    name.startsWith(`${requestsPrefix}hugepages-`) ||
    isExtendedQuotaName(name),
  mayHandle: (operation, subresource) =>
    subresource === '' ? operation !== 'DELETE' : subresource === 'resize' && operation === 'UPDATE',
  handles: ({ operation, subresource, object, old }) =>
    operation === 'CREATE' ||
    subresource === 'resize' ||
    (old !== undefined && isTerminating(object) !== isTerminating(old)),
  usage: podUsage,
  matchesScope,
  problem,
  frees: (pod, old) =>
    hasResourcesChanged(pod, old) ||
    isTerminating(pod) !== isTerminating(old) ||
    (isPodTerminal(pod) && !isPodTerminal(old)),
}
