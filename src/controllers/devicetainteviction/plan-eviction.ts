import { toleratesTaint } from '../../api/core/pod/tolerations.ts'
import type { core, resource } from '../../api/generated/types/index.ts'
import { currentSlices, poolKey } from '../../api/resource/device-pools.ts'
import { type DeviceNames, selectsDevice } from '../../api/resource/device-taint-rule/selects-device.ts'
import { isReservedFor, notForPod, podClaimName } from '../../api/resource/pod-claims.ts'
import { timeMs } from '../../apimachinery/time.ts'

type Claim = resource.v1.ResourceClaim
type Slice = resource.v1.ResourceSlice
type Taint = resource.v1.DeviceTaint
type Result = resource.v1.DeviceRequestAllocationResult
type Rule = resource.v1beta2.DeviceTaintRule

/** What of the cluster a pod's fate depends on. */
export interface TaintedWorld {
  claimOf(name: string): Claim | undefined
  slicesOf(pool: string): readonly Slice[]
  /** With NoExecute taints; other taints of rules drive nobody away. */
  readonly rules: readonly Rule[]
}

export interface Eviction {
  readonly atMs: number
  /** The rules that are among the reasons, by their uids. */
  readonly rules: readonly string[]
}

interface Reason {
  readonly taint: Taint
  readonly rule?: Rule
}

const byDriver = (slices: readonly Slice[], device: string): readonly Reason[] =>
  currentSlices(slices)
    .flatMap(({ spec }) => spec.devices ?? [])
    .filter(({ name }) => name === device)
    .flatMap(({ taints = [] }) => taints)
    .filter(({ effect }) => effect === 'NoExecute')
    .map((taint) => ({ taint }))

/** Whether a rule is for a device. One that selects nothing is for none. */
export const isForDevice = ({ spec }: Rule, device: DeviceNames): boolean =>
  spec?.deviceSelector !== undefined && selectsDevice(spec.deviceSelector, device)

const byRules = (rules: readonly Rule[], result: Result): readonly Reason[] =>
  rules.filter((rule) => isForDevice(rule, result)).map((rule) => ({ taint: rule.spec.taint, rule }))

/** When a taint drives pods away from a device that was allocated with these tolerations; undefined: never. */
function drivesAwayAtMs(taint: Taint, tolerations: Result['tolerations'] = []): number | undefined {
  const addedMs = taint.timeAdded === undefined ? 0 : timeMs(taint.timeAdded)
  const matching = tolerations.filter(
    (toleration) => toleration.effect === 'NoExecute' && toleratesTaint(toleration, taint),
  )
  if (matching.some(({ tolerationSeconds }) => tolerationSeconds === undefined)) return undefined
  const seconds = matching.map(({ tolerationSeconds = 0 }) => Math.max(0, tolerationSeconds))
  return addedMs + (seconds.length === 0 ? 0 : Math.min(...seconds) * 1_000)
}

function evictionOf(claim: Claim, { slicesOf, rules }: TaintedWorld): readonly Eviction[] {
  const results = claim.status?.allocation?.devices?.results ?? []
  return results.flatMap((result) => {
    const { driver, pool, device, tolerations } = result
    const reasons = [...byDriver(slicesOf(poolKey(driver, pool)), device), ...byRules(rules, result)]
    return reasons.flatMap(({ taint, rule }) => {
      const atMs = drivesAwayAtMs(taint, tolerations)
      return atMs === undefined ? [] : { atMs, rules: rule === undefined ? [] : [rule.metadata?.uid ?? ''] }
    })
  })
}

/** When, and because of which rules, a pod has to go for a device that it uses; undefined: it may stay. */
export function podEviction(pod: core.v1.Pod, world: TaintedWorld): Eviction | undefined {
  if (!pod.spec?.nodeName) return undefined
  const evictions = (pod.spec.resourceClaims ?? []).flatMap((entry) => {
    const found = podClaimName(pod, entry)
    const claim = typeof found === 'string' ? undefined : world.claimOf(found.name)
    if (typeof found === 'string' || claim === undefined || !isReservedFor(claim, pod)) return []
    if (found.isGenerated && notForPod(pod, claim) !== undefined) return []
    return evictionOf(claim, world)
  })
  if (evictions.length === 0) return undefined
  return {
    atMs: Math.min(...evictions.map(({ atMs }) => atMs)),
    rules: [...new Set(evictions.flatMap(({ rules }) => rules))],
  }
}
