import { definePluginWithArgs, type PluginDefinition } from './config/plugin-definition.ts'
import { readCostArgs } from './plugins/cost-aware-packing/cost-args.ts'
import { costAwarePacking } from './plugins/cost-aware-packing/cost-aware-packing.ts'
import { dataLocality } from './plugins/data-locality/data-locality.ts'
import { readLocalityArgs } from './plugins/data-locality/locality-args.ts'
import { dominantResourceFairness } from './plugins/dominant-resource-fairness/dominant-resource-fairness.ts'
import { readFairnessArgs } from './plugins/dominant-resource-fairness/fairness-args.ts'
import { readInterferenceArgs } from './plugins/workload-interference/interference-args.ts'
import { workloadInterference } from './plugins/workload-interference/workload-interference.ts'

/** Plugins that upstream has not: a profile has those that it names. */
export const optionalPlugins: readonly PluginDefinition[] = [
  definePluginWithArgs('DominantResourceFairness', 1, dominantResourceFairness, readFairnessArgs),
  definePluginWithArgs('DataLocality', 1, dataLocality, readLocalityArgs),
  definePluginWithArgs('CostAwarePacking', 1, costAwarePacking, readCostArgs),
  definePluginWithArgs('WorkloadInterference', 1, workloadInterference, readInterferenceArgs),
]
