import { invalidValue } from '../../apimachinery/field-errors.ts'
import type { FieldsReader } from '../../apimachinery/fields-reader.ts'
import { type ExtensionPoint, extensionPoints } from '../profile.ts'

export interface EnabledPlugin {
  readonly name: string
  readonly weight: number | undefined
}

/** What a profile says of one extension point. */
export interface PluginSet {
  readonly enabled: readonly EnabledPlugin[]
  /** Names; `*` for all. */
  readonly disabled: ReadonlySet<string>
}

/** Upstream's points of topology-aware scheduling (alpha), which is not here: nothing can be enabled there. */
const absentPoints = ['placementGenerate', 'placementScore'] as const

export type PluginSets = Readonly<Record<ExtensionPoint | 'multiPoint', PluginSet>>

const emptySet: PluginSet = { enabled: [], disabled: new Set() }

const emptySets: PluginSets = {
  ...(Object.fromEntries(extensionPoints.map((point) => [point, emptySet])) as Record<
    ExtensionPoint,
    PluginSet
  >),
  multiPoint: emptySet,
}

function readSet(reader: FieldsReader | undefined): PluginSet {
  if (reader === undefined) return emptySet
  const plugins = (name: string): readonly EnabledPlugin[] =>
    (reader.objects(name) ?? []).map((each) => {
      const plugin = { name: each.text('name') ?? '', weight: each.integer('weight') }
      each.end()
      return plugin
    })
  const set = {
    enabled: plugins('enabled'),
    disabled: new Set(plugins('disabled').map((plugin) => plugin.name)),
  }
  reader.end()
  return set
}

/** `profiles[].plugins`. */
export function readPluginSets(reader: FieldsReader | undefined): PluginSets {
  if (reader === undefined) return emptySets
  const points = extensionPoints.map((point) => [point, readSet(reader.object(point))] as const)
  for (const point of absentPoints) {
    const set = reader.object(point)
    for (const { name } of readSet(set).enabled)
      set?.fail(invalidValue(set.at('enabled'), name, 'topology-aware scheduling is not supported'))
  }
  const sets = {
    ...(Object.fromEntries(points) as Record<ExtensionPoint, PluginSet>),
    multiPoint: readSet(reader.object('multiPoint')),
  }
  reader.end()
  return sets
}

/** The defaults with what a profile changes of them: replaced in place, left out, and its own behind them. */
export function mergeDefaults(defaults: readonly EnabledPlugin[], custom: PluginSet): PluginSet {
  const own = new Map(custom.enabled.map((plugin) => [plugin.name, plugin]))
  const kept = custom.disabled.has('*') ? [] : defaults.filter(({ name }) => !custom.disabled.has(name))
  const replaced = new Set(kept.filter(({ name }) => own.has(name)).map(({ name }) => name))
  return {
    enabled: [
      ...kept.map((plugin) => own.get(plugin.name) ?? plugin),
      ...custom.enabled.filter(({ name }) => !replaced.has(name)),
    ],
    disabled: custom.disabled,
  }
}
