import type { Plugin, PluginContext } from './framework.ts'
import { defaultBinder } from './plugins/default-binder/default-binder.ts'
import { defaultPreemption } from './plugins/default-preemption/default-preemption.ts'
import { dynamicResources } from './plugins/dynamic-resources/dynamic-resources.ts'
import { gangScheduling } from './plugins/gang-scheduling/gang-scheduling.ts'
import { imageLocality } from './plugins/image-locality/image-locality.ts'
import { interPodAffinity } from './plugins/inter-pod-affinity/inter-pod-affinity.ts'
import { nodeAffinity } from './plugins/node-affinity/node-affinity.ts'
import { nodeDeclaredFeatures } from './plugins/node-declared-features/node-declared-features.ts'
import { nodeName } from './plugins/node-name/node-name.ts'
import { nodePorts } from './plugins/node-ports/node-ports.ts'
import { nodeResourcesBalancedAllocation } from './plugins/node-resources-balanced-allocation/node-resources-balanced-allocation.ts'
import { nodeResourcesFit } from './plugins/node-resources-fit/node-resources-fit.ts'
import { nodeUnschedulable } from './plugins/node-unschedulable/node-unschedulable.ts'
import { nodeVolumeLimits } from './plugins/node-volume-limits/node-volume-limits.ts'
import { podTopologySpread } from './plugins/pod-topology-spread/pod-topology-spread.ts'
import { prioritySort } from './plugins/priority-sort/priority-sort.ts'
import { schedulingGates } from './plugins/scheduling-gates/scheduling-gates.ts'
import { taintToleration } from './plugins/taint-toleration/taint-toleration.ts'
import { volumeBinding } from './plugins/volume-binding/volume-binding.ts'
import { volumeRestrictions } from './plugins/volume-restrictions/volume-restrictions.ts'
import { volumeZone } from './plugins/volume-zone/volume-zone.ts'
import { type Profile, profileOf } from './profile.ts'

/** The default plugins in upstream's order, with upstream's weights; some only behind a gate. */
const defaultPlugins: readonly (readonly [
  make: (context: PluginContext) => Plugin,
  weight: number,
  gate?: string,
])[] = [
  [schedulingGates, 0],
  [prioritySort, 0],
  [nodeUnschedulable, 0],
  [nodeName, 0],
  [taintToleration, 3],
  [nodeAffinity, 2],
  [nodePorts, 0],
  [nodeResourcesFit, 1],
  [volumeRestrictions, 0],
  [nodeVolumeLimits, 0],
  [volumeBinding, 0],
  [volumeZone, 0],
  [podTopologySpread, 2],
  [interPodAffinity, 2],
  [dynamicResources, 2],
  [defaultPreemption(), 0],
  [nodeResourcesBalancedAllocation, 1],
  [imageLocality, 1],
  [defaultBinder, 0],
  [nodeDeclaredFeatures, 0, 'NodeDeclaredFeatures'],
  [gangScheduling, 0, 'GangScheduling'],
]

export function defaultProfile(context: PluginContext): Profile {
  const plugins = defaultPlugins
    .filter(([, , gate]) => gate === undefined || context.features.enabled(gate))
    .map(([make, weight]) => ({ plugin: make(context), weight }))
  return profileOf(context.schedulerName, plugins)
}
