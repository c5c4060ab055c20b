import type { core, resource } from '../../../api/generated/types/index.ts'
import { jsonEqual } from '../../../apimachinery/json-equal.ts'
import { type ChosenDevice, type ClaimDevices, requestName } from './allocator.ts'
import { fullName } from './requests.ts'

type Result = resource.v1.DeviceRequestAllocationResult
type Configuration = resource.v1.DeviceAllocationConfiguration

function resultOf({ request, offered, share }: ChosenDevice): Result {
  const { driver, name: pool } = offered.pool
  const { bindingConditions, bindingFailureConditions } = offered.device
  return {
    ...{ request: fullName(request), driver, pool, device: offered.device.name },
    ...(request.adminAccess ? { adminAccess: true } : {}),
    ...(request.tolerations.length > 0 ? { tolerations: request.tolerations } : {}),
    ...(share === undefined ? {} : { shareID: share.id }),
    ...(share === undefined || Object.keys(share.consumed).length === 0
      ? {}
      : { consumedCapacity: share.consumed }),
    ...(bindingConditions === undefined ? {} : { bindingConditions }),
    ...(bindingFailureConditions === undefined ? {} : { bindingFailureConditions }),
  }
}

/** Classes' configurations, each once for all requests of the class, then the claim's own. */
function configurations(
  claim: resource.v1.ResourceClaim,
  { chosen }: ClaimDevices,
): readonly Configuration[] {
  const byClass = new Map<string, string[]>()
  const result: Configuration[] = []
  for (const prepared of chosen) {
    const { metadata, spec } = prepared.deviceClass
    const known = byClass.get(metadata?.name ?? '')
    known?.push(requestName(prepared))
    if (known !== undefined) continue
    const requests = [requestName(prepared)]
    byClass.set(metadata?.name ?? '', requests)
    for (const configuration of spec.config ?? [])
      result.push({ source: 'FromClass', requests, ...configuration })
  }
  for (const configuration of claim.spec.devices?.config ?? []) {
    const { requests = [] } = configuration
    const concerned = chosen.filter(
      (prepared) => requests.includes(prepared.request.name) || requests.includes(requestName(prepared)),
    )
    for (let times = requests.length === 0 ? 1 : concerned.length; times > 0; times--)
      result.push({ source: 'FromClaim', ...configuration })
  }
  return result
}

const addNew = (
  into: core.v1.NodeSelectorRequirement[],
  more: readonly core.v1.NodeSelectorRequirement[] | undefined,
): void => {
  for (const one of more ?? []) if (!into.some((known) => jsonEqual(known, one))) into.push(one)
}

/** Where pods can use all of the devices; undefined: everywhere. */
function nodesOf({ devices }: ClaimDevices, node: string): core.v1.NodeSelector | undefined {
  const [matchFields, matchExpressions]: core.v1.NodeSelectorRequirement[][] = [[], []]
  for (const { offered } of devices) {
    const { device, slice } = offered
    const { nodeName, nodeSelector } = slice.spec.perDeviceNodeSelection === true ? device : slice.spec
    if (nodeName || device.bindsToNode === true) {
      const only = { key: 'metadata.name', operator: 'In', values: [node] }
      return { nodeSelectorTerms: [{ matchFields: [only] }] }
    }
    const [term, ...more] = nodeSelector?.nodeSelectorTerms ?? []
    if (more.length > 0)
      throw new Error(`unsupported ResourceSlice.NodeSelector with ${more.length + 1} terms`)
    addNew(matchFields ?? [], term?.matchFields)
    addNew(matchExpressions ?? [], term?.matchExpressions)
  }
  const term = {
    ...(matchFields?.length ? { matchFields } : {}),
    ...(matchExpressions?.length ? { matchExpressions } : {}),
  }
  return Object.keys(term).length === 0 ? undefined : { nodeSelectorTerms: [term] }
}

/** What is written to a claim's status. */
export function allocationResult(
  claim: resource.v1.ResourceClaim,
  found: ClaimDevices,
  node: string,
): resource.v1.AllocationResult {
  const config = configurations(claim, found)
  const nodeSelector = nodesOf(found, node)
  return {
    devices: { results: found.devices.map(resultOf), ...(config.length > 0 ? { config } : {}) },
    ...(nodeSelector === undefined ? {} : { nodeSelector }),
  }
}
