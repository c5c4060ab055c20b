import type { apiserverinternal } from '../../api/generated/types/index.ts'
import { formatTime } from '../../apimachinery/time.ts'

type StorageVersion = apiserverinternal.v1alpha1.StorageVersion
type Status = apiserverinternal.v1alpha1.StorageVersionStatus
type ServerVersion = apiserverinternal.v1alpha1.ServerStorageVersion

const conditionType = 'AllEncodingVersionsEqual'

/** The status with these servers only: in which version they all store, if they agree, and the condition that says so. */
export function remainingStatus(
  { metadata, status: old = {} }: StorageVersion,
  servers: readonly ServerVersion[],
  nowMs: number,
): Status {
  const { commonEncodingVersion: before, ...rest } = old
  const first = servers[0]?.encodingVersion
  const common = servers.every(({ encodingVersion }) => encodingVersion === first) ? first : undefined
  const known = old.conditions?.find(({ type }) => type === conditionType)
  const isSet = common !== undefined
  const status = isSet ? 'True' : 'False'
  const nowText = formatTime(nowMs)
  const isChanged = known?.status !== status || (before !== undefined && isSet && before !== common)
  const condition = {
    type: conditionType,
    status,
    observedGeneration: metadata?.generation ?? 0,
    lastTransitionTime: isChanged ? nowText : (known?.lastTransitionTime ?? nowText),
    reason: isSet ? 'CommonEncodingVersionSet' : 'CommonEncodingVersionUnset',
    message: isSet ? 'Common encoding version set' : 'Common encoding version unset',
  }
  const others = (old.conditions ?? []).filter(({ type }) => type !== conditionType)
  return {
    ...rest,
    storageVersions: servers,
    ...(common === undefined ? {} : { commonEncodingVersion: common }),
    conditions: [...others, condition],
  }
}
