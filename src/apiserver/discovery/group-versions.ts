import type { ServedResource } from './served-resource.ts'

/** One version of a group with what it serves. */
export interface ServedVersion {
  readonly version: string
  readonly resources: readonly ServedResource[]
}

/** A group, its preferred version first. */
export interface ServedGroup {
  /** '' for the core group. */
  readonly name: string
  readonly versions: readonly ServedVersion[]
}

/** Groups in the order in which upstream's aggregator lists them (`apiVersionPriorities`); others follow by name. */
const groupOrder = [
  '',
  'apiregistration.k8s.io',
  'apps',
  'events.k8s.io',
  'authentication.k8s.io',
  'authorization.k8s.io',
  'autoscaling',
  'batch',
  'certificates.k8s.io',
  'networking.k8s.io',
  'policy',
  'rbac.authorization.k8s.io',
  'storage.k8s.io',
  'admissionregistration.k8s.io',
  'apiextensions.k8s.io',
  'scheduling.k8s.io',
  'coordination.k8s.io',
  'node.k8s.io',
  'discovery.k8s.io',
  'resource.k8s.io',
  'flowcontrol.apiserver.k8s.io',
  'internal.apiserver.k8s.io',
  'storagemigration.k8s.io',
]

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

const rank = (name: string): number => {
  const position = groupOrder.indexOf(name)
  return position < 0 ? groupOrder.length : position
}

/** Resources put together by group and version, in the order of documents. */
export function groupsOf(resources: readonly ServedResource[]): readonly ServedGroup[] {
  const byGroup = Map.groupBy(resources, ({ kind }) => kind.group)
  const names = [...byGroup.keys()].sort((a, b) => rank(a) - rank(b) || (a < b ? -1 : 1))
  return names.map((name) => {
    const byVersion = Map.groupBy(byGroup.get(name) ?? [], ({ kind }) => kind.version)
    const versions = [...byVersion.keys()].sort(compareVersions)
    return {
      name,
      versions: versions.map((version) => ({
        version,
        resources: (byVersion.get(version) ?? []).toSorted((a, b) =>
          a.kind.resource < b.kind.resource ? -1 : 1,
        ),
      })),
    }
  })
}
