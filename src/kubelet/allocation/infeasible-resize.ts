import { initAndMainContainers } from '../../api/core/pod/init-and-main-containers.ts'
import { qosClass } from '../../api/core/pod/qos-class.ts'
import type { core } from '../../api/generated/types/index.ts'
import { compareQuantities } from '../../apimachinery/quantity.ts'
import type { PinningSettings } from '../resources/pinning-settings.ts'

type Pod = core.v1.Pod

/** Whether some container asks for another amount than it was granted. */
function isResized(wanted: Pod, granted: Pod, resource: 'cpu' | 'memory'): boolean {
  const requests = ({ spec }: Pod): ReadonlyMap<string, string> =>
    new Map(
      initAndMainContainers(spec).map(({ name, resources }) => [
        name,
        resources?.requests?.[resource] ?? '0',
      ]),
    )
  const before = requests(granted)
  return [...requests(wanted)].some(
    ([name, amount]) => compareQuantities(amount, before.get(name) ?? '0') !== 0,
  )
}

export interface Infeasibility {
  readonly message: string
  /** As metrics name it. */
  readonly detail: string
}

/** Why a resize is never granted on this node, in upstream's words (pkg/kubelet/allocation/handlers.go). */
export function whyInfeasible(
  wanted: Pod,
  granted: Pod,
  pinning: PinningSettings,
): Infeasibility | undefined {
  if (qosClass(wanted) !== 'Guaranteed') return undefined
  const fixed = (manager: 'CPU' | 'Memory', policy: string): Infeasibility => ({
    message: `Resize is infeasible for Guaranteed Pods alongside ${manager} Manager policy "${policy}"`,
    detail: `guaranteed_pod_${manager.toLowerCase()}_manager_static_policy`,
  })
  if (pinning.cpuPolicy === 'static' && isResized(wanted, granted, 'cpu'))
    return fixed('CPU', pinning.cpuPolicy)
  if (pinning.memoryPolicy === 'Static' && isResized(wanted, granted, 'memory'))
    return fixed('Memory', pinning.memoryPolicy)
  return undefined
}
