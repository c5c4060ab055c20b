import { toleratesTaint } from '../../api/core/pod/tolerations.ts'
import type { core, resource } from '../../api/generated/types/index.ts'
import { isReservedFor, notForPod, podClaimName } from '../../api/resource/pod-claims.ts'
import { timeMs } from '../../apimachinery/time.ts'

type Claim = resource.v1.ResourceClaim
type Slice = resource.v1.ResourceSlice
type Taint = resource.v1.DeviceTaint
type Result = resource.v1.DeviceRequestAllocationResult

/** Names a pool of devices: `driver/pool`. */
export const poolKey = (driver: string, pool: string): string => `${driver}/${pool}`

/** The slices of a pool that count: those of its newest generation. */
function currentSlices(slices: readonly Slice[]): readonly Slice[] {
  const newest = Math.max(...slices.map(({ spec }) => spec.pool.generation))
  return slices.filter(({ spec }) => spec.pool.generation === newest)
}

const noExecuteTaints = (slices: readonly Slice[], device: string): readonly Taint[] =>
  currentSlices(slices)
    .flatMap(({ spec }) => spec.devices ?? [])
    .filter(({ name }) => name === device)
    .flatMap(({ taints = [] }) => taints)
    .filter(({ effect }) => effect === 'NoExecute')

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

const earliest = (times: readonly number[]): number | undefined =>
  times.length === 0 ? undefined : Math.min(...times)

function claimEvictionMs(claim: Claim, slicesOf: (pool: string) => readonly Slice[]): number | undefined {
  const results = claim.status?.allocation?.devices?.results ?? []
  return earliest(
    results.flatMap(({ driver, pool, device, tolerations }) =>
      noExecuteTaints(slicesOf(poolKey(driver, pool)), device).flatMap(
        (taint) => drivesAwayAtMs(taint, tolerations) ?? [],
      ),
    ),
  )
}

/** When a pod has to go because of a device that it uses; undefined: it may stay. */
export function podEvictionMs(
  pod: core.v1.Pod,
  claimOf: (name: string) => Claim | undefined,
  slicesOf: (pool: string) => readonly Slice[],
): number | undefined {
  if (!pod.spec?.nodeName) return undefined
  return earliest(
    (pod.spec.resourceClaims ?? []).flatMap((entry) => {
      const found = podClaimName(pod, entry)
      const claim = typeof found === 'string' ? undefined : claimOf(found.name)
      if (typeof found === 'string' || claim === undefined || !isReservedFor(claim, pod)) return []
      if (found.isGenerated && notForPod(pod, claim) !== undefined) return []
      return claimEvictionMs(claim, slicesOf) ?? []
    }),
  )
}
