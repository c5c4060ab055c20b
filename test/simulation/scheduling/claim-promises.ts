import { PersistentVolume } from '../../../src/api/core/persistent-volume/kind.ts'
import { PersistentVolumeClaim } from '../../../src/api/core/persistent-volume-claim/kind.ts'
import { matchesNodeSelector } from '../../../src/api/core/pod/node-affinity.ts'
import type { core, resource } from '../../../src/api/generated/types/index.ts'
import { ResourceClaim } from '../../../src/api/resource/resource-claim/kind.ts'
import type { Client } from '../../../src/client/client.ts'
import { canUseVolume } from '../../../src/reconcile/match-volume.ts'

const devicesOf = ({ status }: resource.v1.ResourceClaim): readonly string[] =>
  (status?.allocation?.devices?.results ?? []).map(
    ({ driver, pool, device }) => `${driver}/${pool}/${device}`,
  )

/** What is wrong with a pod's claim on the node where the pod is. */
function brokenClaim(claim: resource.v1.ResourceClaim | undefined, pod: core.v1.Pod, node: core.v1.Node) {
  const { allocation, reservedFor = [] } = claim?.status ?? {}
  if (allocation === undefined) return 'has no devices for its claim'
  if (!reservedFor.some(({ uid }) => uid === pod.metadata?.uid)) return 'does not hold its claim'
  const { nodeSelector } = allocation
  return nodeSelector === undefined || matchesNodeSelector(nodeSelector, node)
    ? undefined
    : 'is not where its devices are'
}

function brokenVolume(
  claim: core.v1.PersistentVolumeClaim,
  volume: core.v1.PersistentVolume | undefined,
  node: core.v1.Node,
) {
  if (volume === undefined) return 'has no volume'
  if (volume.spec?.claimRef?.uid !== claim.metadata?.uid) return 'has a volume of another'
  return canUseVolume(volume, node) ? undefined : 'is not where its volume is'
}

/**
 * What no binding may break, of devices and volumes: each device is one claim's, and the pod is where its own are. Of this pod
 * alone: one whose binding has been made while the answer was lost gives its claims back, and a controller that is not here
 * reserves them again.
 */
export async function brokenClaims(
  client: Client,
  nodes: readonly core.v1.Node[],
  pod: core.v1.Pod,
): Promise<readonly string[]> {
  const claims = (await client.resource(ResourceClaim).list()).items
  const given = claims.flatMap(devicesOf)
  const twice = given.filter((device, index) => given.indexOf(device) !== index)
  const wrong = twice.map((device) => `${device} is given twice`)
  const node = nodes.find(({ metadata }) => metadata?.name === pod.spec?.nodeName)
  if (node === undefined) return wrong
  const say = (what: string | undefined): void => {
    if (what !== undefined) wrong.push(`${pod.metadata?.name} ${what}`)
  }
  for (const { resourceClaimName } of pod.spec?.resourceClaims ?? []) {
    const claim = claims.find(({ metadata }) => metadata?.name === resourceClaimName)
    say(brokenClaim(claim, pod, node))
  }
  const namespace = pod.metadata?.namespace ?? ''
  for (const { persistentVolumeClaim } of pod.spec?.volumes ?? []) {
    const name = persistentVolumeClaim?.claimName ?? ''
    const claim = await client.resource(PersistentVolumeClaim).get(namespace, name)
    const volumeName = claim.spec?.volumeName
    const volume = volumeName ? await client.resource(PersistentVolume).get('', volumeName) : undefined
    say(brokenVolume(claim, volume, node))
  }
  return wrong
}
