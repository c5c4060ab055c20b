import { fill, fillUnset, mapSame } from '../../../defaulting.ts'
import type { core } from '../../../generated/types/index.ts'
import { defaultPullPolicy } from './image-pull-policy.ts'

/** Octal 0644. */
const defaultMode = 0o644
const hourSeconds = 3600

type Volume = core.v1.Volume

export const withFieldVersion = (reference: core.v1.ObjectFieldSelector): core.v1.ObjectFieldSelector =>
  fill(reference, { apiVersion: 'v1' })

function defaultFile(file: core.v1.DownwardAPIVolumeFile): core.v1.DownwardAPIVolumeFile {
  if (file.fieldRef === undefined) return file
  const fieldRef = withFieldVersion(file.fieldRef)
  return fieldRef === file.fieldRef ? file : { ...file, fieldRef }
}

function defaultProjection(source: core.v1.VolumeProjection): core.v1.VolumeProjection {
  let next = source
  if (source.downwardAPI?.items !== undefined) {
    const items = mapSame(source.downwardAPI.items, defaultFile)
    if (items !== source.downwardAPI.items) next = { ...next, downwardAPI: { ...source.downwardAPI, items } }
  }
  if (source.serviceAccountToken !== undefined) {
    const token = fill(source.serviceAccountToken, { expirationSeconds: hourSeconds })
    if (token !== source.serviceAccountToken) next = { ...next, serviceAccountToken: token }
  }
  return next
}

/** Of sources that persistent volumes have too. */
export const iscsiDefaults = { iscsiInterface: 'default' }
export const rbdDefaults = { pool: 'rbd', user: 'admin', keyring: '/etc/ceph/keyring' }
export const azureDiskDefaults = { cachingMode: 'ReadWrite', fsType: 'ext4', readOnly: false, kind: 'Shared' }
export const scaleIoDefaults = { storageMode: 'ThinProvisioned', fsType: 'xfs' }

export const defaultHostPath = (source: core.v1.HostPathVolumeSource): core.v1.HostPathVolumeSource =>
  source.type === undefined ? { ...source, type: '' } : source

/** One function per volume source that has defaults; upstream's values. */
const sourceDefaults: { readonly [K in keyof Volume]?: (source: NonNullable<Volume[K]>) => Volume[K] } = {
  hostPath: defaultHostPath,
  secret: (source) => fill(source, { defaultMode }),
  configMap: (source) => fill(source, { defaultMode }),
  downwardAPI: (source) => {
    const filled = fill(source, { defaultMode })
    const items = mapSame(filled.items ?? [], defaultFile)
    return filled.items === undefined || items === filled.items ? filled : { ...filled, items }
  },
  projected: (source) => {
    const filled = fill(source, { defaultMode })
    const sources = mapSame(filled.sources ?? [], defaultProjection)
    return !filled.sources || sources === filled.sources ? filled : { ...filled, sources }
  },
  iscsi: (source) => fill(source, iscsiDefaults),
  rbd: (source) => fill(source, rbdDefaults),
  azureDisk: (source) => fillUnset(source, azureDiskDefaults),
  scaleIO: (source) => fill(source, scaleIoDefaults),
  image: (source) => fill(source, { pullPolicy: defaultPullPolicy(source.reference) }),
  ephemeral: (source) => {
    const template = source.volumeClaimTemplate
    if (template?.spec === undefined) return source
    const spec = fillUnset(template.spec, { volumeMode: 'Filesystem' })
    return spec === template.spec ? source : { ...source, volumeClaimTemplate: { ...template, spec } }
  },
}

function applySource<K extends keyof Volume>(volume: Volume, name: K): Volume {
  const source = volume[name]
  const change = sourceDefaults[name]
  if (change === undefined || source === undefined || source === null) return volume
  const next = change(source)
  return next === source ? volume : { ...volume, [name]: next }
}

const sourcesWithDefaults: readonly (keyof Volume)[] = [
  'hostPath',
  'secret',
  'configMap',
  'downwardAPI',
  'projected',
  'iscsi',
  'rbd',
  'azureDisk',
  'scaleIO',
  'image',
  'ephemeral',
]

/** A volume without any source is an emptyDir. */
export function defaultVolume(volume: Volume): Volume {
  let next = volume
  let sources = 0
  for (const key in volume) if (key !== 'name') sources++
  if (sources === 0) return { ...volume, emptyDir: {} }
  for (const name of sourcesWithDefaults) if (name in volume) next = applySource(next, name)
  return next
}
