import type { Features } from '../../apimachinery/feature-gates.ts'
import type { FieldError } from '../../apimachinery/field-error.ts'
import { duplicate, invalidValue, required } from '../../apimachinery/field-errors.ts'
import { FieldsReader, type ReadProblems } from '../../apimachinery/fields-reader.ts'
import { jsonEqual } from '../../apimachinery/json-equal.ts'
import { readExtenders } from '../extender/extender-settings.ts'
import type { Plugin, PluginContext } from '../framework.ts'
import type { ProfileSource, SchedulerSettings } from '../scheduler-options.ts'
import { buildProfile } from './build-profile.ts'
import type { PluginDefinition } from './plugin-definition.ts'
import { mergeDefaults, type PluginSet, type PluginSets, readPluginSets } from './plugin-sets.ts'

/** What a KubeSchedulerConfiguration says of scheduling. */
export interface SchedulerConfiguration extends SchedulerSettings {
  readonly profiles: readonly ProfileSource[]
}

/** Plugins that a configuration can name: the default ones in order, and others that are enabled by name only. */
export interface PluginRegistry {
  readonly defaults: readonly PluginDefinition[]
  readonly others: readonly PluginDefinition[]
  readonly features: Features
}

/** Names of plugins that upstream had once. */
const removedPlugins: readonly string[] = ['AzureDiskLimits', 'CinderLimits', 'EBSLimits', 'GCEPDLimits']
const removed =
  'was invalid in version "kubescheduler.config.k8s.io/v1" (KubeSchedulerConfiguration is version "kubescheduler.config.k8s.io/v1")'

interface ReadProfile {
  readonly source: ProfileSource
  readonly sets: PluginSets
  /** As given, by plugin. */
  readonly args: ReadonlyMap<string, unknown>
}

interface Makers {
  readonly make: ReadonlyMap<string, (context: PluginContext) => Plugin>
  readonly args: ReadonlyMap<string, unknown>
}

function percentageOf(reader: FieldsReader): number | undefined {
  const name = 'percentageOfNodesToScore'
  const percentage = reader.integer(name)
  if (percentage !== undefined) reader.within(name, percentage, 0, 100, 'not in valid range [0-100]')
  return percentage
}

/** `pluginConfig`: the plugins with their arguments. */
function makersOf(
  reader: FieldsReader,
  { defaults, others, features }: PluginRegistry,
  problems: ReadProblems,
): Makers {
  const configured = new Map<string, FieldsReader>()
  for (const each of reader.objects('pluginConfig') ?? []) {
    const name = each.text('name') ?? ''
    if (configured.has(name)) reader.fail(duplicate(each.path, name))
    else configured.set(name, each)
    if (removedPlugins.includes(name)) reader.fail(invalidValue(each.path, name, removed))
  }
  const make = new Map(
    [...defaults, ...others].map((definition) => {
      const given = configured.get(definition.name)
      return [
        definition.name,
        definition.prepare(given?.raw('args'), given?.at('args') ?? '', problems, features),
      ]
    }),
  )
  for (const each of configured.values()) each.end()
  return { make, args: new Map([...configured].map(([name, each]) => [name, each.raw('args')])) }
}

function checkRemoved(reader: FieldsReader, sets: PluginSets): void {
  for (const [point, { enabled }] of Object.entries<PluginSet>(sets))
    for (const [index, { name }] of enabled.entries())
      if (point !== 'multiPoint' && removedPlugins.includes(name))
        reader.fail(invalidValue(`${reader.at('plugins')}.${point}.enabled[${index}]`, name, removed))
}

function readProfile(
  reader: FieldsReader,
  registry: PluginRegistry,
  problems: ReadProblems,
  defaultName: string,
): ReadProfile {
  const schedulerName = reader.text('schedulerName') ?? defaultName
  const percentageOfNodesToScore = percentageOf(reader)
  const custom = readPluginSets(reader.object('plugins'))
  checkRemoved(reader, custom)
  const { make, args } = makersOf(reader, registry, problems)
  reader.end()
  const multiPoint = mergeDefaults(registry.defaults, custom.multiPoint)
  const sets = { ...custom, multiPoint }
  const plan = {
    ...{ schedulerName, sets, make },
    ...(percentageOfNodesToScore === undefined ? {} : { percentageOfNodesToScore }),
  }
  return { source: { schedulerName, make: (context) => buildProfile(plan, context) }, sets, args }
}

/** Names, and the one order of the queue that all profiles share. */
function checkProfiles(reader: FieldsReader, profiles: readonly ReadProfile[]): void {
  const seen = new Map<string, number>()
  const sort = profiles[0]?.sets.queueSort.enabled[0]?.name ?? ''
  for (const [index, { source, sets, args }] of profiles.entries()) {
    const path = `${reader.at('profiles')}[${index}]`
    const { schedulerName } = source
    const before = seen.get(schedulerName)
    if (schedulerName === '') reader.fail(required(`${path}.schedulerName`))
    if (before !== undefined)
      reader.fail(duplicate(`${path}.schedulerName`, `${reader.at('profiles')}[${before}].schedulerName`))
    seen.set(schedulerName, index)
    const [first] = profiles
    const names = ({ queueSort }: PluginSets): unknown => [queueSort.enabled, [...queueSort.disabled]]
    if (first !== undefined && !jsonEqual(names(first.sets), names(sets)))
      reader.fail(
        invalidValue(
          `${path}.plugins.queueSort`,
          sets.queueSort.enabled,
          'must be the same for all profiles',
        ),
      )
    const given = args.get(sort)
    if (given !== undefined && !jsonEqual(given, first?.args.get(sort)))
      reader.fail(
        invalidValue(`${path}.pluginConfig.args`, given, 'queueSort must be the same for all profiles'),
      )
  }
  const many = profiles[0]?.sets.queueSort.enabled.length ?? 0
  if (many > 1)
    reader.fail(
      invalidValue(
        'profiles[0].plugins.queueSort.Enabled',
        many,
        'only one queue sort plugin can be enabled',
      ),
    )
}

/** A single profile needs no name. */
function profilesOf(
  reader: FieldsReader,
  registry: PluginRegistry,
  problems: ReadProblems,
): readonly ReadProfile[] {
  const given = reader.objects('profiles') ?? []
  const path = `${reader.at('profiles')}[0]`
  const readers = given.length === 0 ? [new FieldsReader({}, path, problems)] : given
  const defaultName = readers.length === 1 ? 'default-scheduler' : ''
  return readers.map((each) => readProfile(each, registry, problems, defaultName))
}

/** NodeResourcesFit does not look at resources that extenders manage alone. */
function leavingOut(ignored: readonly string[], registry: PluginRegistry): PluginRegistry {
  if (ignored.length === 0) return registry
  const defaults = registry.defaults.map((definition): PluginDefinition => {
    if (definition.name !== 'NodeResourcesFit') return definition
    const prepare: PluginDefinition['prepare'] = (args, path, problems, features) => {
      const given = new FieldsReader(args, path, problems)
      const ignoredResources = [...(given.texts('ignoredResources') ?? []), ...ignored]
      const fields = typeof args === 'object' && args !== null ? args : {}
      return definition.prepare({ ...fields, ignoredResources }, path, problems, features)
    }
    return { ...definition, prepare }
  })
  return { ...registry, defaults }
}

/** Reads the fields of a KubeSchedulerConfiguration that are about scheduling; problems go to `problems`. */
export function readConfiguration(
  reader: FieldsReader,
  registry: PluginRegistry,
  problems: ReadProblems,
): SchedulerConfiguration {
  const extenders = readExtenders(reader)
  const ignored = extenders.flatMap(({ ignoredByScheduler }) => ignoredByScheduler)
  const profiles = profilesOf(reader, leavingOut(ignored, registry), problems)
  checkProfiles(reader, profiles)
  const parallelism = reader.integer('parallelism') ?? 16
  const detail = 'should be an integer value greater than zero'
  reader.within('parallelism', parallelism, 1, Number.POSITIVE_INFINITY, detail)
  const percentageOfNodesToScore = percentageOf(reader) ?? 0
  const podInitialBackoffSeconds = reader.integer('podInitialBackoffSeconds') ?? 1
  const podMaxBackoffSeconds = reader.integer('podMaxBackoffSeconds') ?? 10
  const most = Number.POSITIVE_INFINITY
  reader.within('podInitialBackoffSeconds', podInitialBackoffSeconds, 1, most, 'must be greater than 0')
  const least = 'must be greater than or equal to PodInitialBackoffSeconds'
  reader.within('podMaxBackoffSeconds', podMaxBackoffSeconds, podInitialBackoffSeconds, most, least)
  return {
    ...{ percentageOfNodesToScore, podInitialBackoffSeconds, podMaxBackoffSeconds },
    extenders,
    profiles: profiles.map(({ source }) => source),
  }
}

/** All problems in one line, as upstream prints an aggregate; undefined: there are none. */
export function problemsText({ errors, unknown }: ReadProblems): string | undefined {
  const strict = unknown.map((path) => `unknown field "${path}"`)
  if (strict.length > 0) return `strict decoding error: ${strict.join(', ')}`
  const texts = errors.map(({ field, message }: FieldError) => `${field}: ${message}`)
  return texts.length < 2 ? texts[0] : `[${texts.join(', ')}]`
}
