import type { Plugin, PluginContext } from '../framework.ts'
import { type ExtensionPoint, extensionPoints, hasPoint, makeProfile, type Profile } from '../profile.ts'
import type { PluginSet, PluginSets } from './plugin-sets.ts'

/** A profile that cannot be, in upstream's words. */
export class ProfileError extends Error {
  override name = 'ProfileError'
}

export interface ProfilePlan {
  readonly schedulerName: string
  readonly percentageOfNodesToScore?: number
  /** Defaults merged in. */
  readonly sets: PluginSets
  /** Of all plugins that the sets name. */
  readonly make: ReadonlyMap<string, (context: PluginContext) => Plugin>
}

/** Upstream's names of the points' Go types, as its errors have them. */
const typeOf = (point: ExtensionPoint): string => `${point.charAt(0).toUpperCase()}${point.slice(1)}Plugin`

const namesIn = (sets: PluginSets): ReadonlySet<string> =>
  new Set(Object.values(sets).flatMap(({ enabled }: PluginSet) => enabled.map(({ name }) => name)))

/** A plugin's filter comes from its PreFilter: who has only the one enabled has the other for it. */
const points = (point: ExtensionPoint): readonly ExtensionPoint[] =>
  point === 'preFilter' ? ['preFilter', 'filter'] : [point]

/** The plugins of a point: those that are explicitly configured there first, in their order, then those of multiPoint. */
function pluginsAt(
  point: ExtensionPoint,
  { sets }: ProfilePlan,
  plugins: ReadonlyMap<string, Plugin>,
): readonly Plugin[] {
  const { enabled, disabled } = sets[point]
  const explicit = new Set<string>()
  for (const { name } of enabled) {
    const plugin = plugins.get(name)
    if (plugin === undefined) throw new ProfileError(`${typeOf(point)} "${name}" does not exist`)
    if (!hasPoint(plugin, point))
      throw new ProfileError(`plugin "${name}" does not extend ${typeOf(point)} plugin`)
    if (explicit.has(name))
      throw new ProfileError(`plugin "${name}" already registered as "${typeOf(point)}"`)
    explicit.add(name)
  }
  const multi = new Set<string>()
  const overriding = new Set<string>()
  for (const { name } of disabled.has('*') ? [] : sets.multiPoint.enabled) {
    const plugin = plugins.get(name)
    if (plugin === undefined || !hasPoint(plugin, point) || disabled.has(name)) continue
    if (explicit.has(name)) overriding.add(name)
    else if (multi.has(name))
      throw new ProfileError(`plugin "${name}" already registered as "${typeOf(point)}"`)
    else multi.add(name)
  }
  const own = [...explicit]
  const order = [
    ...own.filter((name) => overriding.has(name)),
    ...multi,
    ...own.filter((name) => !overriding.has(name)),
  ]
  return order.flatMap((name) => plugins.get(name) ?? [])
}

/** Makes a profile's plugins and puts them at their points. Throws ProfileError. */
export function buildProfile(plan: ProfilePlan, context: PluginContext): Profile {
  const { sets, make, schedulerName, percentageOfNodesToScore } = plan
  const plugins = new Map<string, Plugin>()
  for (const name of namesIn(sets)) {
    const factory = make.get(name)
    if (factory === undefined) continue
    plugins.set(name, factory(context))
  }
  for (const { name } of sets.multiPoint.enabled)
    if (!plugins.has(name)) throw new ProfileError(`PreEnqueuePlugin "${name}" does not exist`)
  const at = (point: ExtensionPoint): readonly Plugin[] => [
    ...new Set(points(point).flatMap((each) => pluginsAt(each, plan, plugins))),
  ]
  const all = Object.fromEntries(extensionPoints.map((point) => [point, at(point)])) as Profile['at']
  const quoted = `profile with scheduler name "${schedulerName}"`
  if (all.queueSort.length !== 1)
    throw new ProfileError(
      `only one queue sort plugin required for ${quoted}, but got ${all.queueSort.length}`,
    )
  if (all.bind.length === 0) throw new ProfileError(`at least one bind plugin is needed for ${quoted}`)
  const weights = new Map<string, number>()
  for (const { name, weight } of [...sets.score.enabled, ...sets.multiPoint.enabled])
    if (!weights.has(name)) weights.set(name, weight || 1)
  const percentage = percentageOfNodesToScore === undefined ? {} : { percentageOfNodesToScore }
  return makeProfile({ schedulerName, ...percentage, at: all, weights }, [...plugins.values()])
}
