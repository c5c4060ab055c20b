import type { Amount } from '../../../../apimachinery/quantity.ts'
import { timeMs } from '../../../../apimachinery/time.ts'
import type { core, resource } from '../../../generated/types/index.ts'
import { countOf, nothing, type QuotaAmounts } from '../quota-amounts.ts'
import { countName, type QuotaEvaluator } from './evaluator.ts'
import { deviceClassPrefix, isExtendedQuotaName, podUsage } from './pods.ts'

type Claim = resource.v1.ResourceClaim
type DeviceClass = resource.v1.DeviceClass

const objectName = countName('resource.k8s.io', 'resourceclaims')
/** `gpu.deviceclass.resource.k8s.io/devices`: devices of one class. */
const classSuffix = '.deviceclass.resource.k8s.io/devices'
const requestsPrefix = 'requests.'
const implicitPrefix = requestsPrefix + deviceClassPrefix
/** On claims that stand for a pod's extended resources (KEP-5004). */
const extendedAnnotation = 'resource.kubernetes.io/extended-resource-claim'
/** What a request for all devices may get (upstream's AllocationResultsMaxSize). */
const maxDevices = 32

/** What has to be looked up to count devices that pods ask for as extended resources. */
export interface DeviceLookups {
  classes(): readonly DeviceClass[]
  pod(namespace: string, name: string): core.v1.Pod | undefined
  /** The claims in a namespace that a pod controls. */
  claimsOf(namespace: string, podUid: string): readonly Claim[]
}

function devicesOf(request: { readonly allocationMode?: string; readonly count?: number }): number {
  if (request.allocationMode === 'All') return maxDevices
  return request.allocationMode === 'ExactCount' ? (request.count ?? 0) : 0
}

/** Devices by class; of alternatives the most that one of them may take. */
function devicesByClass({ spec }: Claim): ReadonlyMap<string, number> {
  const sums = new Map<string, number>()
  const add = (name: string, count: number): void => void sums.set(name, (sums.get(name) ?? 0) + count)
  for (const { exactly, firstAvailable = [] } of spec.devices?.requests ?? []) {
    if (firstAvailable.length === 0) {
      if (exactly !== undefined) add(exactly.deviceClassName, devicesOf(exactly))
      continue
    }
    const most = new Map<string, number>()
    for (const option of firstAvailable)
      most.set(option.deviceClassName, Math.max(most.get(option.deviceClassName) ?? 0, devicesOf(option)))
    for (const [name, count] of most) if (count > 0) add(name, count)
  }
  return sums
}

/** What the pod that the claim stands for is charged already; nothing where it is not sure that it does. */
function chargedToPod(claim: Claim, lookups: DeviceLookups, nowMs: number): QuotaAmounts {
  const { namespace = '', name = '', annotations, ownerReferences = [] } = claim.metadata ?? {}
  if (annotations?.[extendedAnnotation] !== 'true') return nothing
  const owner = ownerReferences.find(({ controller }) => controller === true)
  if (owner?.kind !== 'Pod' || owner.apiVersion !== 'v1') return nothing
  const pod = lookups.pod(namespace, owner.name)
  if (pod === undefined || pod.metadata?.uid !== owner.uid) return nothing
  const own = pod.status?.extendedResourceClaimStatus?.resourceClaimName
  if (own !== undefined) return own === name ? podUsage(pod, nowMs) : nothing
  const ageOf = ({ metadata }: Claim): number => timeMs(metadata?.creationTimestamp ?? '')
  const isFirst = lookups.claimsOf(namespace, owner.uid).every((other) => {
    const later = ageOf(other) - ageOf(claim)
    return later > 0 || (later === 0 && (other.metadata?.name ?? '') >= name)
  })
  return isFirst ? podUsage(pod, nowMs) : nothing
}

/** Counts claims and the devices that they may get. */
export function deviceClaimEvaluator(lookups: DeviceLookups): QuotaEvaluator<Claim> {
  const resourceOf = (className: string): string =>
    lookups.classes().find(({ metadata }) => metadata?.name === className)?.spec.extendedResourceName ?? ''

  function usage(claim: Claim, nowMs: number): QuotaAmounts {
    const amounts = new Map<string, Amount>([[objectName, countOf(1)]])
    const charged = chargedToPod(claim, lookups, nowMs)
    for (const [className, count] of devicesByClass(claim)) {
      amounts.set(className + classSuffix, countOf(count))
      const extended = resourceOf(className)
      const names = [implicitPrefix + className, ...(extended === '' ? [] : [requestsPrefix + extended])]
      for (const name of names) {
        const nano = countOf(count).nano - (charged.get(name)?.nano ?? 0n)
        if (nano > 0n) amounts.set(name, { nano, format: 'DecimalSI' })
      }
    }
    return amounts
  }

  function counts(name: string): boolean {
    if (name === objectName || name.endsWith(classSuffix)) return true
    if (!isExtendedQuotaName(name)) return false
    if (name.startsWith(implicitPrefix) && resourceOf(name.slice(implicitPrefix.length)) !== '') return true
    const wanted = name.slice(requestsPrefix.length)
    return lookups
      .classes()
      .some(
        ({ metadata, spec }) =>
          spec.extendedResourceName === wanted || deviceClassPrefix + metadata?.name === wanted,
      )
  }

  return {
    counts,
    mayHandle: (operation, subresource) => operation !== 'DELETE' && subresource === '',
    usage,
  }
}
