import type { resource } from '../../api/generated/types/index.ts'
import { currentSlices, poolKey, poolOf } from '../../api/resource/device-pools.ts'
import { formatTime, timeMs } from '../../apimachinery/time.ts'
import { defined } from '../../base/defined.ts'

type Request = resource.v1alpha3.ResourcePoolStatusRequest
type Status = resource.v1alpha3.ResourcePoolStatusRequestStatus
type PoolStatus = resource.v1alpha3.PoolStatus
type Slice = resource.v1.ResourceSlice
type Claim = resource.v1.ResourceClaim

const defaultLimit = 100
const maxErrorBytes = 256
const answeredMs = 3_600_000
const pendingMs = 24 * 3_600_000

/** The node that all slices of a pool name. */
function nodeOf(slices: readonly Slice[]): string | undefined {
  const names = new Set(slices.map(({ spec }) => spec.nodeName ?? ''))
  const [name = ''] = names
  return names.size === 1 && name !== '' ? name : undefined
}

function poolStatus(slices: readonly Slice[], allocatedDevices: number): PoolStatus {
  const [{ spec } = { spec: undefined }] = slices
  const { driver = '', pool } = spec ?? {}
  const { name: poolName = '', generation = 0, resourceSliceCount = 0 } = pool ?? {}
  const known = defined({ driver, poolName, generation, nodeName: nodeOf(slices) })
  if (slices.length < resourceSliceCount) {
    const validationError = `pool ${driver}/${poolName} is incomplete: observed ${slices.length}/${resourceSliceCount} slices at generation ${generation}`
    return { ...known, validationError: validationError.slice(0, maxErrorBytes) }
  }
  const totalDevices = slices.reduce((sum, slice) => sum + (slice.spec.devices ?? []).length, 0)
  return {
    ...known,
    resourceSliceCount: slices.length,
    totalDevices,
    allocatedDevices,
    availableDevices: Math.max(0, totalDevices - allocatedDevices),
    // As upstream's: nobody looks at the health of devices yet.
    unavailableDevices: 0,
  }
}

function allocatedByPool(claims: readonly Claim[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>()
  for (const { status } of claims)
    for (const { driver, pool } of status?.allocation?.devices?.results ?? []) {
      const key = poolKey(driver, pool)
      counts.set(key, (counts.get(key) ?? 0) + 1)
    }
  return counts
}

const order = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

/** The answer to a request; undefined while one of its pools lacks slices. */
export function requestStatus(
  { spec }: Request,
  slices: readonly Slice[],
  claims: readonly Claim[],
  nowMs: number,
): Status | undefined {
  const { driver, poolName = '', limit = defaultLimit } = spec
  const asked = slices.filter(
    (slice) => slice.spec.driver === driver && (poolName === '' || slice.spec.pool.name === poolName),
  )
  const allocated = allocatedByPool(claims)
  const all = [...Map.groupBy(asked, poolOf)]
    .map(([key, ofPool]) => poolStatus(currentSlices(ofPool), allocated.get(key) ?? 0))
    .sort((a, b) => order(a.poolName, b.poolName))
  const pools = all.slice(0, limit)
  if (pools.some(({ validationError }) => validationError !== undefined)) return undefined
  const condition = {
    type: 'Complete',
    status: 'True',
    lastTransitionTime: formatTime(nowMs),
    reason: 'CalculationComplete',
    message: `Calculated status for ${pools.length} pools`,
  }
  return { poolCount: all.length, pools, conditions: [condition] }
}

/** When a request is to go. */
export function expiresAtMs({ metadata, status }: Request): number {
  const madeMs = timeMs(metadata.creationTimestamp ?? '')
  if (status === undefined) return madeMs + pendingMs
  const answered = status.conditions?.find(({ type }) => type === 'Complete' || type === 'Failed')
  return (answered === undefined ? madeMs : timeMs(answered.lastTransitionTime)) + answeredMs
}
