/** What sorts groups, and versions within a group, in discovery: `groupPriorityMinimum` and `versionPriority`. */
export interface GroupPriority {
  readonly group: number
  readonly version: number
}

/** Groups of the built-in kinds (cmd/kube-apiserver/app/aggregator.go); most versions follow from their names. */
const builtIn: Readonly<Record<string, number>> = {
  '': 18_000,
  apps: 17_800,
  'events.k8s.io': 17_750,
  'authentication.k8s.io': 17_700,
  'authorization.k8s.io': 17_600,
  autoscaling: 17_500,
  batch: 17_400,
  'certificates.k8s.io': 17_300,
  'networking.k8s.io': 17_200,
  policy: 17_100,
  'rbac.authorization.k8s.io': 17_000,
  'storage.k8s.io': 16_800,
  'apiextensions.k8s.io': 16_700,
  'admissionregistration.k8s.io': 16_700,
  'scheduling.k8s.io': 16_600,
  'coordination.k8s.io': 16_500,
  'node.k8s.io': 16_300,
  'discovery.k8s.io': 16_200,
  'resource.k8s.io': 16_200,
  'flowcontrol.apiserver.k8s.io': 16_100,
  'internal.apiserver.k8s.io': 16_000,
  'storagemigration.k8s.io': 15_800,
}

/** Of versions that do not follow from their names. */
const versions: Readonly<Record<string, number>> = {
  'admissionregistration.k8s.io/v1beta1': 12,
  'admissionregistration.k8s.io/v1alpha1': 9,
  'coordination.k8s.io/v1beta1': 13,
  'coordination.k8s.io/v1alpha2': 12,
  'flowcontrol.apiserver.k8s.io/v1': 21,
  'internal.apiserver.k8s.io/v1alpha1': 9,
  'resource.k8s.io/v1': 21,
  'resource.k8s.io/v1beta2': 15,
  'scheduling.k8s.io/v1alpha2': 2,
}

/** This server's own group comes before all others and has no APIService. */
export const ownGroup = 'apiregistration.k8s.io'

const customGroup: GroupPriority = { group: 1000, version: 100 }

const stageOf = (version: string): number =>
  version.includes('alpha') ? 1 : version.includes('beta') ? 9 : 15

/** Of a group and version that this server answers itself; custom resources come after everything built in. */
export function localPriority(group: string, version: string): GroupPriority {
  const priority = builtIn[group]
  if (priority === undefined) return customGroup
  if (group === '') return { group: priority, version: 1 }
  // Newer versions of the same stage come first: v2 before v1.
  const number = Number(/^v(\d+)/.exec(version)?.[1] ?? 1)
  const known = versions[`${group}/${version}`]
  return { group: priority, version: known ?? stageOf(version) + (number - 1) * 15 }
}

/** Whether a group comes with the server, so that its APIServices are made once and then left to the administrator. */
export const isBuiltIn = (group: string): boolean => builtIn[group] !== undefined
