import type { resource } from '../../../api/generated/types/index.ts'
import { timeMs } from '../../../apimachinery/time.ts'

type Claim = resource.v1.ResourceClaim

/** Whether a pod has to wait before it is bound until somebody has prepared a device (KEP-5007). */
export const needsPreparation = ({ status }: Claim): boolean =>
  (status?.allocation?.devices?.results ?? []).some(
    ({ bindingConditions = [] }) => bindingConditions.length > 0,
  )

/** Whether all devices of a claim are prepared. Throws, in upstream's words, when that has failed. */
export function isPrepared({ metadata, status }: Claim): boolean {
  if (status?.allocation === undefined) return false
  for (const result of status.allocation.devices?.results ?? []) {
    const { bindingConditions = [], bindingFailureConditions = [] } = result
    if (bindingConditions.length === 0) continue
    const device = status.devices?.find(
      (one) =>
        one.driver === result.driver &&
        one.pool === result.pool &&
        one.device === result.device &&
        one.shareID === result.shareID,
    )
    const isTrue = (type: string) =>
      device?.conditions?.find((condition) => condition.type === type && condition.status === 'True')
    for (const type of bindingFailureConditions) {
      const failed = isTrue(type)
      if (failed !== undefined)
        throw new Error(
          `device binding failed: claim=${metadata?.name}, reason=${failed.reason}, message=${JSON.stringify(failed.message)}`,
        )
    }
    if (!bindingConditions.every(isTrue)) return false
  }
  return true
}

/** Whether its devices should have been prepared by now. */
export function isOverdue(claim: Claim, nowMs: number, timeoutMs: number): boolean {
  const since = claim.status?.allocation?.allocationTimestamp
  return since !== undefined && needsPreparation(claim) && timeMs(since) + timeoutMs < nowMs
}

/** It will not be prepared any more: other devices have to be found. */
export function isHopeless(claim: Claim, nowMs: number, timeoutMs: number): boolean {
  if (!needsPreparation(claim)) return false
  try {
    return !isPrepared(claim) && isOverdue(claim, nowMs, timeoutMs)
  } catch {
    return true
  }
}
