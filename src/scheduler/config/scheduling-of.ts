import { defaultFeatures } from '../../api/feature-gates.ts'
import type { Features } from '../../apimachinery/feature-gates.ts'
import { defaultPluginsOf } from '../default-profile.ts'
import type { Plugin, PluginContext } from '../framework.ts'
import { FieldsReader, type ReadProblems } from './fields-reader.ts'
import { definePlugin } from './plugin-definition.ts'
import { problemsText, readConfiguration, type SchedulerConfiguration } from './read-configuration.ts'

/** A plugin that is not Kubernetes' own. */
export interface CustomPlugin {
  readonly name: string
  /** Of its scores, where a profile gives none; 1 where absent. */
  readonly weight?: number
  /** Called for each profile that has it. `args`: what the profile's `pluginConfig` says, unchecked. */
  make(context: PluginContext, args: unknown): Plugin
}

/** How pods are scheduled. */
export interface Scheduling {
  /** A KubeSchedulerConfiguration (v1); what it says of connections and leaders is not looked at. */
  readonly configuration?: unknown
  /** Enabled by the configuration's profiles; without a configuration all are, after the default ones. */
  readonly plugins?: readonly CustomPlugin[]
}

/** What is wrong with a configuration, in upstream's words. */
export class SchedulingError extends Error {
  override name = 'SchedulingError'
}

/** Fields that are for those who run the scheduler. */
const others = [
  ...['apiVersion', 'kind', 'clientConnection', 'leaderElection', 'enableProfiling'],
  ...['enableContentionProfiling', 'delayCacheUntilActive'],
]

/** Checks and reads it. Throws SchedulingError. */
export function schedulingOf(
  { configuration, plugins = [] }: Scheduling,
  features: Features = defaultFeatures,
): SchedulerConfiguration {
  const problems: ReadProblems = { errors: [], unknown: [] }
  const enabled = plugins.map(({ name, weight = 1 }) => ({ name, weight }))
  const value = configuration ?? { profiles: [{ plugins: { multiPoint: { enabled } } }] }
  const reader = new FieldsReader(value, '', problems)
  for (const name of others) reader.raw(name)
  const registry = {
    defaults: defaultPluginsOf(features),
    others: plugins.map(({ name, weight = 1, make }) => definePlugin(name, weight, make)),
  }
  const scheduling = readConfiguration(reader, registry, problems)
  reader.end()
  const text = problemsText(problems)
  if (text !== undefined) throw new SchedulingError(text)
  return scheduling
}
