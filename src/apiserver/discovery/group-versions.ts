import { type GroupPriority, localPriority, ownGroup } from './group-priorities.ts'
import type { ServedResource } from './served-resource.ts'

/** A version that another server answers, as its discovery tells it. */
export interface ExternalVersion {
  readonly group: string
  readonly version: string
  readonly groupPriority: number
  readonly versionPriority: number
  /** `apidiscovery.k8s.io/v2` APIResourceDiscovery. */
  readonly resources: readonly object[]
  /** `Stale`: the server could not be asked again. */
  readonly freshness: 'Current' | 'Stale'
}

/** One version of a group with what it serves. */
export interface ServedVersion {
  readonly version: string
  readonly resources: readonly ServedResource[]
  /** Present: another server answers it, and `resources` is empty. */
  readonly external?: ExternalVersion
}

/** A group, its preferred version first. */
export interface ServedGroup {
  /** '' for the core group. */
  readonly name: string
  readonly versions: readonly ServedVersion[]
}

const stages = ['', 'beta', 'alpha']

/** `v2` before `v1` before `v1beta2` before `v1alpha1` before anything else (`version.CompareKubeAwareVersionStrings`). */
export function compareVersions(left: string, right: string): number {
  const [a, b] = [left, right].map((text) => /^v(\d+)(?:(alpha|beta)(\d+))?$/.exec(text))
  if (a === null || a === undefined || b === null || b === undefined) {
    if (!a && !b) return left < right ? -1 : left === right ? 0 : 1
    return a ? -1 : 1
  }
  const stage = stages.indexOf(a[2] ?? '') - stages.indexOf(b[2] ?? '')
  return stage || Number(b[1]) - Number(a[1]) || Number(b[3] ?? 0) - Number(a[3] ?? 0)
}

const priorityOf = (group: string, { version, external }: ServedVersion): GroupPriority =>
  external === undefined
    ? localPriority(group, version)
    : { group: external.groupPriority, version: external.versionPriority }

function sortedVersions(group: string, versions: readonly ServedVersion[]): readonly ServedVersion[] {
  return versions.toSorted(
    (a, b) =>
      priorityOf(group, b).version - priorityOf(group, a).version || compareVersions(a.version, b.version),
  )
}

/** Before all others: the aggregator's own, which has no APIService. */
const ownGroupPriority = 20_001

/**
 * Resources put together by group and version, in the order of documents: by the priorities of their APIServices. What
 * another server answers takes the place of what this one would.
 */
export function groupsOf(
  resources: readonly ServedResource[],
  external: readonly ExternalVersion[] = [],
): readonly ServedGroup[] {
  const byGroup = new Map<string, Map<string, ServedVersion>>()
  const versionsOf = (group: string): Map<string, ServedVersion> => {
    const known = byGroup.get(group) ?? new Map<string, ServedVersion>()
    byGroup.set(group, known)
    return known
  }
  for (const [group, ofGroup] of Map.groupBy(resources, ({ kind }) => kind.group)) {
    for (const [version, list] of Map.groupBy(ofGroup, ({ kind }) => kind.version)) {
      const sorted = list.toSorted((a, b) => (a.kind.resource < b.kind.resource ? -1 : 1))
      versionsOf(group).set(version, { version, resources: sorted })
    }
  }
  for (const each of external) {
    versionsOf(each.group).set(each.version, { version: each.version, resources: [], external: each })
  }
  const groups = [...byGroup].map(([name, versions]) => ({
    name,
    versions: sortedVersions(name, [...versions.values()]),
  }))
  const rank = ({ name, versions }: ServedGroup): number =>
    name === ownGroup ? ownGroupPriority : Math.max(...versions.map((each) => priorityOf(name, each).group))
  return groups.toSorted((a, b) => rank(b) - rank(a) || (a.name < b.name ? -1 : 1))
}
