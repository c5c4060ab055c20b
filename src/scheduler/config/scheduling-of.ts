import { defaultFeatures } from '../../api/feature-gates.ts'
import type { Features } from '../../apimachinery/feature-gates.ts'
import { invalidValue, notSupported } from '../../apimachinery/field-errors.ts'
import { FieldsReader, type ReadProblems } from '../../apimachinery/fields-reader.ts'
import { defaultPluginsOf } from '../default-profile.ts'
import type { Plugin, PluginContext } from '../framework.ts'
import { optionalPlugins } from '../optional-plugins.ts'
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
  /** A KubeSchedulerConfiguration (v1) that says nothing of connections and leaders. */
  readonly configuration?: unknown
  /** Enabled by the configuration's profiles; without a configuration all are, after the default ones. */
  readonly plugins?: readonly CustomPlugin[]
}

/** What is wrong with a configuration, in upstream's words. */
export class SchedulingError extends Error {
  override name = 'SchedulingError'
}

const configurationType = { apiVersion: 'kubescheduler.config.k8s.io/v1', kind: 'KubeSchedulerConfiguration' }

/** Fields that are not about scheduling: what they say must be so already. */
function readOthers(reader: FieldsReader): void {
  for (const [name, type] of Object.entries(configurationType)) {
    const given = reader.text(name)
    if (given !== undefined && given !== type) reader.fail(notSupported(reader.at(name), given, [type]))
  }
  for (const name of ['enableProfiling', 'enableContentionProfiling'])
    if (reader.boolean(name) === true)
      reader.fail(invalidValue(reader.at(name), true, 'profiles of Go programs are not there'))
  const election = reader.object('leaderElection')
  if (election?.boolean('leaderElect') === true)
    election.fail(invalidValue(election.at('leaderElect'), true, 'it is for a scheduler of its own'))
  election?.end()
}

/** Checks and reads it. Throws SchedulingError. */
export function schedulingOf(
  { configuration, plugins = [] }: Scheduling,
  features: Features = defaultFeatures,
): SchedulerConfiguration {
  const problems: ReadProblems = { errors: [], unknown: [] }
  const enabled = plugins.map(({ name, weight = 1 }) => ({ name, weight }))
  const value = configuration ?? { profiles: [{ plugins: { multiPoint: { enabled } } }] }
  const reader = new FieldsReader(value, '', problems)
  readOthers(reader)
  const registry = {
    features,
    defaults: defaultPluginsOf(features),
    others: [
      ...optionalPlugins,
      ...plugins.map(({ name, weight = 1, make }) => definePlugin(name, weight, make)),
    ],
  }
  const scheduling = readConfiguration(reader, registry, problems)
  reader.end()
  const text = problemsText(problems)
  if (text !== undefined) throw new SchedulingError(text)
  return scheduling
}
