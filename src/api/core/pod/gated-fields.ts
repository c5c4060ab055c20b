import type { GatedFields } from '../../../apimachinery/gated-fields.ts'

const containerLists = ['containers', 'initContainers', 'ephemeralContainers']
const statusLists = ['containerStatuses', 'initContainerStatuses', 'ephemeralContainerStatuses']

const each = (prefix: string, lists: readonly string[], fields: readonly string[]): readonly string[] =>
  lists.flatMap((list) => fields.map((field) => `${prefix}.${list}[].${field}`))

/** What belongs to features in the pod spec at `spec`. */
export const podSpecGates = (spec: string): readonly GatedFields[] => [
  { gate: 'PodLevelResources', paths: [`${spec}.resources`] },
  {
    gate: 'MatchLabelKeysInPodTopologySpread',
    paths: [`${spec}.topologySpreadConstraints[].matchLabelKeys`],
  },
  {
    gate: 'ClusterTrustBundleProjection',
    paths: [`${spec}.volumes[].projected.sources[].clusterTrustBundle`],
  },
  { gate: 'PodCertificateRequest', paths: [`${spec}.volumes[].projected.sources[].podCertificate`] },
  { gate: 'GenericWorkload', paths: [`${spec}.schedulingGroup`] },
  {
    gate: 'ContainerRestartRules',
    paths: [
      ...each(spec, containerLists, ['restartPolicyRules']),
      ...each(spec, ['containers', 'ephemeralContainers'], ['restartPolicy']),
    ],
  },
  { gate: 'HostnameOverride', paths: [`${spec}.hostnameOverride`] },
  { gate: 'EnvFiles', paths: each(spec, containerLists, ['env[].valueFrom.fileKeyRef']) },
  { gate: 'ContainerStopSignals', paths: each(spec, containerLists, ['lifecycle?.stopSignal']) },
]

export const podGates: readonly GatedFields[] = [
  ...podSpecGates('spec'),
  {
    gate: 'InPlacePodLevelResourcesVerticalScaling',
    paths: ['status.resources', 'status.allocatedResources'],
  },
  { gate: 'DRAExtendedResource', paths: ['status.extendedResourceClaimStatus'] },
  { gate: 'DRANodeAllocatableResources', paths: ['status.nodeAllocatableResourceClaimStatuses'] },
  { gate: 'ResourceHealthStatus', paths: each('status', statusLists, ['allocatedResourcesStatus']) },
  {
    gate: 'ResourceHealthStatusMessage',
    paths: each('status', statusLists, ['allocatedResourcesStatus[].resources[].message']),
  },
  { gate: 'ImageVolumeWithDigest', paths: each('status', statusLists, ['volumeMounts[].volumeStatus']) },
]
