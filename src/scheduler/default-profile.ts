import type { Features } from '../apimachinery/feature-gates.ts'
import { definePlugin, definePluginWithArgs, type PluginDefinition } from './config/plugin-definition.ts'
import type { PluginContext } from './framework.ts'
import { defaultBinder } from './plugins/default-binder/default-binder.ts'
import { defaultPreemption, readPreemptionArgs } from './plugins/default-preemption/default-preemption.ts'
import { dynamicResources } from './plugins/dynamic-resources/dynamic-resources.ts'
import { readDynamicResourcesArgs } from './plugins/dynamic-resources/dynamic-resources-args.ts'
import { gangScheduling } from './plugins/gang-scheduling/gang-scheduling.ts'
import { imageLocality } from './plugins/image-locality/image-locality.ts'
import { readAffinityArgs } from './plugins/inter-pod-affinity/affinity-args.ts'
import { interPodAffinity } from './plugins/inter-pod-affinity/inter-pod-affinity.ts'
import { nodeAffinity } from './plugins/node-affinity/node-affinity.ts'
import { readNodeAffinityArgs } from './plugins/node-affinity/node-affinity-args.ts'
import { nodeDeclaredFeatures } from './plugins/node-declared-features/node-declared-features.ts'
import { nodeName } from './plugins/node-name/node-name.ts'
import { nodePorts } from './plugins/node-ports/node-ports.ts'
import { readBalancedArgs } from './plugins/node-resources-balanced-allocation/balanced-args.ts'
import { nodeResourcesBalancedAllocation } from './plugins/node-resources-balanced-allocation/node-resources-balanced-allocation.ts'
import { readFitArgs } from './plugins/node-resources-fit/fit-args.ts'
import { nodeResourcesFit } from './plugins/node-resources-fit/node-resources-fit.ts'
import { nodeUnschedulable } from './plugins/node-unschedulable/node-unschedulable.ts'
import { nodeVolumeLimits } from './plugins/node-volume-limits/node-volume-limits.ts'
import { podGroupPodsCount } from './plugins/pod-group-pods-count/pod-group-pods-count.ts'
import { podTopologySpread } from './plugins/pod-topology-spread/pod-topology-spread.ts'
import { readSpreadArgs } from './plugins/pod-topology-spread/spread-args.ts'
import { prioritySort } from './plugins/priority-sort/priority-sort.ts'
import { schedulingGates } from './plugins/scheduling-gates/scheduling-gates.ts'
import { taintToleration } from './plugins/taint-toleration/taint-toleration.ts'
import { topologyPlacementGenerator } from './plugins/topology-placement-generator/topology-placement-generator.ts'
import { volumeBinding } from './plugins/volume-binding/volume-binding.ts'
import { readVolumeBindingArgs } from './plugins/volume-binding/volume-binding-args.ts'
import { volumeRestrictions } from './plugins/volume-restrictions/volume-restrictions.ts'
import { volumeZone } from './plugins/volume-zone/volume-zone.ts'
import { type Profile, profileOf } from './profile.ts'

const topologyGate = 'TopologyAwareWorkloadScheduling'

/** The default plugins in upstream's order, with upstream's weights; some only behind a gate. */
const defaultPlugins: readonly PluginDefinition[] = [
  definePlugin('SchedulingGates', 0, schedulingGates),
  definePlugin('PrioritySort', 0, prioritySort),
  definePlugin('NodeUnschedulable', 0, nodeUnschedulable),
  definePlugin('NodeName', 0, nodeName),
  definePlugin('TaintToleration', 3, taintToleration),
  definePluginWithArgs('NodeAffinity', 2, nodeAffinity, readNodeAffinityArgs),
  definePlugin('NodePorts', 0, nodePorts),
  definePluginWithArgs('NodeResourcesFit', 1, nodeResourcesFit, readFitArgs),
  definePlugin('VolumeRestrictions', 0, volumeRestrictions),
  definePlugin('NodeVolumeLimits', 0, nodeVolumeLimits),
  definePluginWithArgs('VolumeBinding', 0, volumeBinding, readVolumeBindingArgs),
  definePlugin('VolumeZone', 0, volumeZone),
  definePluginWithArgs('PodTopologySpread', 2, podTopologySpread, readSpreadArgs),
  definePluginWithArgs('InterPodAffinity', 2, interPodAffinity, readAffinityArgs),
  definePluginWithArgs('DynamicResources', 2, dynamicResources, readDynamicResourcesArgs),
  definePluginWithArgs('DefaultPreemption', 0, defaultPreemption, readPreemptionArgs),
  definePluginWithArgs(
    'NodeResourcesBalancedAllocation',
    1,
    nodeResourcesBalancedAllocation,
    readBalancedArgs,
  ),
  definePlugin('ImageLocality', 1, imageLocality),
  definePlugin('DefaultBinder', 0, defaultBinder),
  { ...definePlugin('NodeDeclaredFeatures', 0, nodeDeclaredFeatures), gate: 'NodeDeclaredFeatures' },
  { ...definePlugin('GangScheduling', 0, gangScheduling), gate: 'GangScheduling' },
  { ...definePlugin('TopologyPlacementGenerator', 0, topologyPlacementGenerator), gate: topologyGate },
  { ...definePlugin('PodGroupPodsCount', 1, podGroupPodsCount), gate: topologyGate },
]

/** Those whose gates are on. */
export const defaultPluginsOf = (features: Features): readonly PluginDefinition[] =>
  defaultPlugins.filter(({ gate }) => gate === undefined || features.enabled(gate))

/** All of them at all of their points, with their default arguments. */
export function defaultProfile(context: PluginContext): Profile {
  const problems = { errors: [], unknown: [] }
  const plugins = defaultPluginsOf(context.features).map(({ prepare, weight }) => ({
    plugin: prepare(undefined, '', problems, context.features)(context),
    weight,
  }))
  return profileOf(context.schedulerName, plugins)
}
