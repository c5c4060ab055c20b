import type { core } from '../api/generated/types/index.ts'

type Source = Pick<
  core.v1.PersistentVolumeSpec | core.v1.Volume,
  | 'awsElasticBlockStore'
  | 'azureDisk'
  | 'azureFile'
  | 'cinder'
  | 'gcePersistentDisk'
  | 'portworxVolume'
  | 'vsphereVolume'
>

/** A volume plugin that Kubernetes itself once had, and the CSI driver that has taken its volumes over (KEP-625). */
export interface InTreePlugin {
  readonly field: keyof Source
  /** As storage classes name it. */
  readonly name: string
  readonly driver: string
  /**
   * What the driver calls a volume; `zones`: of a persistent volume. Absent: schedulers do not take the volumes for the driver's.
   * Throws where the driver cannot have it.
   */
  readonly handleOf?: (source: Source, zones: readonly string[]) => string
  /** The driver's label of nodes for the zone of a volume; absent: the driver's volumes have the labels that they had. */
  readonly zoneLabel?: string
}

function ebsHandle(id: string): string {
  if (!id.startsWith('aws://')) return id
  const path = /^aws:\/\/[^/?#]*([^?#]*)/.exec(id)?.[1] ?? ''
  const handle = path.replace(/^\/+|\/+$/g, '')
  if (!/^vol-[^/]*$/.test(handle))
    throw new Error(
      `failed to translate Kubernetes ID to EBS Volume ID Invalid format for AWS volume (${id})`,
    )
  return handle
}

function azureDiskHandle({ kind, diskURI }: core.v1.AzureDiskVolumeSource): string {
  if (kind !== undefined && kind.toLowerCase() !== 'managed')
    throw new Error(`kind(${kind}) is not supported in csi migration`)
  return diskURI
}

/** Zones are named locale-region-zone. */
function regionOf(zones: readonly string[]): string {
  const regions = new Set<string>()
  for (const zone of zones) {
    const parts = zone.split('-')
    if (parts.length !== 3)
      throw new Error(
        `failed to get region from zones: zone in unexpected format, expected: {locale}-{region}-{zone}, got: ${zone}`,
      )
    regions.add(parts.slice(0, 2).join('-'))
  }
  const [region, other] = regions
  if (region === undefined || other !== undefined)
    throw new Error('failed to get region from zones: multiple or no regions gotten from zones')
  return region
}

function gceHandle(disk: string, zones: readonly string[]): string {
  const place = zones.length > 1 ? `regions/${regionOf(zones)}` : `zones/${zones[0] || 'UNSPECIFIED'}`
  return `projects/UNSPECIFIED/${place}/disks/${disk}`
}

const plugins: readonly InTreePlugin[] = [
  {
    ...{ field: 'awsElasticBlockStore', name: 'kubernetes.io/aws-ebs', driver: 'ebs.csi.aws.com' },
    zoneLabel: 'topology.ebs.csi.aws.com/zone',
    handleOf: ({ awsElasticBlockStore }) => ebsHandle(awsElasticBlockStore?.volumeID ?? ''),
  },
  {
    ...{ field: 'azureDisk', name: 'kubernetes.io/azure-disk', driver: 'disk.csi.azure.com' },
    handleOf: ({ azureDisk }) => (azureDisk === undefined ? '' : azureDiskHandle(azureDisk)),
  },
  { field: 'azureFile', name: 'kubernetes.io/azure-file', driver: 'file.csi.azure.com' },
  {
    ...{ field: 'cinder', name: 'kubernetes.io/cinder', driver: 'cinder.csi.openstack.org' },
    zoneLabel: 'topology.cinder.csi.openstack.org/zone',
    handleOf: ({ cinder }) => cinder?.volumeID ?? '',
  },
  {
    ...{ field: 'gcePersistentDisk', name: 'kubernetes.io/gce-pd', driver: 'pd.csi.storage.gke.io' },
    zoneLabel: 'topology.gke.io/zone',
    handleOf: ({ gcePersistentDisk }, zones) => gceHandle(gcePersistentDisk?.pdName ?? '', zones),
  },
  {
    ...{ field: 'portworxVolume', name: 'kubernetes.io/portworx-volume', driver: 'pxd.portworx.com' },
    handleOf: ({ portworxVolume }) => portworxVolume?.volumeID ?? '',
  },
  { field: 'vsphereVolume', name: 'kubernetes.io/vsphere-volume', driver: 'csi.vsphere.vmware.com' },
]

const byName: ReadonlyMap<string, InTreePlugin> = new Map(plugins.map((plugin) => [plugin.name, plugin]))
const byField: ReadonlyMap<string, InTreePlugin> = new Map(plugins.map((plugin) => [plugin.field, plugin]))

/** The plugin whose volume a pod or a persistent volume has there; undefined: there was none of them. */
export function inTreePluginOf(source: Source = {}): InTreePlugin | undefined {
  // A volume has a name and one source: less to look up than all plugins' fields, for every pod.
  for (const field in source) {
    const plugin = byField.get(field)
    if (plugin !== undefined && source[plugin.field] !== undefined) return plugin
  }
  return undefined
}

/** By the name that storage classes know. */
export const inTreePlugin = (provisioner: string): InTreePlugin | undefined => byName.get(provisioner)

/** The newest first. */
export const zoneLabels = ['topology.kubernetes.io/zone', 'failure-domain.beta.kubernetes.io/zone'] as const

/** Where a persistent volume's labels say that it is. */
export const zonesOf = ({ metadata }: core.v1.PersistentVolume): readonly string[] =>
  (metadata?.labels?.[zoneLabels[1]] || metadata?.labels?.[zoneLabels[0]] || '').split('__')
