import type { FieldError } from '../../../../apimachinery/field-error.ts'
import { invalidValue, notSupported, required } from '../../../../apimachinery/field-errors.ts'
import type { FieldPath } from '../../../../apimachinery/field-path.ts'
import { isDns1123Label, rangeComplaint } from '../../../../apimachinery/names.ts'
import { checkPresent, checkRequiredText, checkText } from '../../../checks.ts'
import type { core } from '../../../generated/types/index.ts'
import { validateDescendingPath } from './validate-paths.ts'

export function requireFields(
  object: object,
  fields: readonly string[],
  path: FieldPath,
  errors: FieldError[],
): void {
  for (const field of fields) {
    const value: unknown = Reflect.get(object, field)
    if (value === undefined || value === '' || (Array.isArray(value) && value.length === 0))
      errors.push(required(path.child(field)))
  }
}

const qualifiedNames: readonly (readonly [string, RegExp])[] = [
  ['iqn', /iqn\.\d{4}-\d{2}\.([a-zA-Z0-9.-]+)(:[^,;*&$|\s]+)$/],
  ['eui', /^eui.[a-zA-Z0-9]{16}$/],
  ['naa', /^naa.[a-zA-Z0-9]{32}$/],
]

function validateIscsiName(name: string, where: FieldPath, errors: FieldError[]): void {
  const known = qualifiedNames.find(([prefix]) => name.startsWith(prefix))
  if (known === undefined)
    errors.push(invalidValue(where, name, 'must be valid format starting with iqn, eui, or naa'))
  else if (!known[1].test(name)) errors.push(invalidValue(where, name, 'must be valid format'))
}

const inByte = (value: number | undefined): boolean => value === undefined || (value >= 0 && value <= 255)

/** What iSCSI volumes of pods and of persistent volumes have in common. */
export function validateIscsi(
  source: core.v1.ISCSIVolumeSource | core.v1.ISCSIPersistentVolumeSource,
  path: FieldPath,
  errors: FieldError[],
): void {
  checkPresent(source.targetPortal, path, 'targetPortal', errors)
  if ((source.iqn ?? '') === '') errors.push(required(path.child('iqn')))
  else validateIscsiName(source.iqn, path.child('iqn'), errors)
  if (!inByte(source.lun)) errors.push(invalidValue(path.child('lun'), source.lun, rangeComplaint(0, 255)))
  const authenticates = source.chapAuthDiscovery === true || source.chapAuthSession === true
  if (authenticates && source.secretRef === undefined) errors.push(required(path.child('secretRef')))
  if (source.initiatorName !== undefined)
    validateIscsiName(source.initiatorName, path.child('initiatorname'), errors)
}

export function validateFibreChannel(
  source: core.v1.FCVolumeSource,
  path: FieldPath,
  errors: FieldError[],
): void {
  const { targetWWNs = [], wwids = [] } = source
  const where = path.child('targetWWNs')
  if (targetWWNs.length === 0 && wwids.length === 0)
    errors.push(required(where, 'must specify either targetWWNs or wwids, but not both'))
  if (targetWWNs.length > 0 && wwids.length > 0) {
    const detail = 'targetWWNs and wwids can not be specified simultaneously'
    errors.push(invalidValue(where, targetWWNs, detail))
  }
  if (targetWWNs.length === 0) return
  if (source.lun === undefined)
    errors.push(required(path.child('lun'), 'lun is required if targetWWNs is specified'))
  else if (!inByte(source.lun))
    errors.push(invalidValue(path.child('lun'), source.lun, rangeComplaint(0, 255)))
}

export function validateFlexVolume(
  source: core.v1.FlexVolumeSource | core.v1.FlexPersistentVolumeSource,
  path: FieldPath,
  errors: FieldError[],
): void {
  checkPresent(source.driver, path, 'driver', errors)
  for (const key in source.options) {
    const slash = key.indexOf('/')
    const namespace = `.${(slash < 0 ? key : key.slice(0, slash)).toLowerCase()}`
    if (!namespace.endsWith('.kubernetes.io') && !namespace.endsWith('.k8s.io')) continue
    const detail = 'kubernetes.io and k8s.io namespaces are reserved'
    errors.push(invalidValue(path.child('options').key(key), key, detail))
  }
}

function validatePartition(
  source: { readonly partition?: number },
  path: FieldPath,
  errors: FieldError[],
): void {
  if (!inByte(source.partition))
    errors.push(invalidValue(path.child('partition'), source.partition, rangeComplaint(1, 255)))
}

export function validateNfs(source: core.v1.NFSVolumeSource, path: FieldPath, errors: FieldError[]): void {
  requireFields(source, ['server', 'path'], path, errors)
  if (!(source.path ?? '').startsWith('/'))
    errors.push(invalidValue(path.child('path'), source.path ?? '', 'must be an absolute path'))
}

const diskUris = {
  managed: '/subscriptions/{sub-id}/resourcegroups/{group-name}/providers/microsoft.compute/disks/{disk-id}',
  blob: 'https://{account-name}.blob.core.windows.net/{container-name}/{disk-name}.vhd',
}

export function validateAzureDisk(
  source: core.v1.AzureDiskVolumeSource,
  path: FieldPath,
  errors: FieldError[],
): void {
  requireFields(source, ['diskName', 'diskURI'], path, errors)
  const cachingModes = ['None', 'ReadOnly', 'ReadWrite']
  if (source.cachingMode !== undefined && !cachingModes.includes(source.cachingMode))
    errors.push(notSupported(path.child('cachingMode'), source.cachingMode, cachingModes))
  const diskKinds = ['Dedicated', 'Managed', 'Shared']
  if (source.kind !== undefined && !diskKinds.includes(source.kind))
    errors.push(notSupported(path.child('kind'), source.kind, diskKinds))
  const uri = source.diskURI ?? ''
  if (source.kind === 'Managed' && !uri.startsWith('/subscriptions/'))
    errors.push(notSupported(path.child('diskURI'), uri, [diskUris.managed]))
  if (source.kind !== undefined && source.kind !== 'Managed' && !uri.startsWith('https://'))
    errors.push(notSupported(path.child('diskURI'), uri, [diskUris.blob]))
}

function validateFlocker(source: core.v1.FlockerVolumeSource, path: FieldPath, errors: FieldError[]): void {
  const { datasetName = '', datasetUUID = '' } = source
  if (datasetName === '' && datasetUUID === '')
    errors.push(required(path, 'one of datasetName and datasetUUID is required'))
  if (datasetName !== '' && datasetUUID !== '') {
    const detail = 'datasetName and datasetUUID can not be specified simultaneously'
    errors.push(invalidValue(path, 'resource', detail))
  }
  if (datasetName.includes('/'))
    errors.push(invalidValue(path.child('datasetName'), datasetName, "must not contain '/'"))
}

function validateQuobyte(source: core.v1.QuobyteVolumeSource, path: FieldPath, errors: FieldError[]): void {
  const pairs = 'must be a host:port pair or multiple pairs separated by commas'
  const { registry = '', tenant = '' } = source
  if (registry === '') errors.push(required(path.child('registry'), pairs))
  else if (tenant.length >= 65) {
    const detail = 'must be a UUID and may not exceed a length of 64 characters'
    errors.push(required(path.child('tenant'), detail))
  } else {
    for (const pair of registry.split(','))
      if (!/^(?:\[[^\]]*\]|[^:]*):[^:]*$/.test(pair))
        errors.push(invalidValue(path.child('registry'), registry, pairs))
  }
  checkPresent(source.volume, path, 'volume', errors)
}

export function validateStorageOs(
  source: core.v1.StorageOSVolumeSource | core.v1.StorageOSPersistentVolumeSource,
  path: FieldPath,
  errors: FieldError[],
): void {
  checkRequiredText(source.volumeName, isDns1123Label, path.child('volumeName'), errors)
  if ((source.volumeNamespace ?? '') !== '')
    checkText(source.volumeNamespace ?? '', isDns1123Label, path.child('volumeNamespace'), errors)
  if (source.secretRef !== undefined) checkPresent(source.secretRef.name, path, 'secretRef.name', errors)
}

type Check<S> = (source: S, path: FieldPath, errors: FieldError[]) => void
type Sources = Required<core.v1.Volume>

/** A source that only has required fields. */
const fields =
  (...names: readonly string[]): Check<object> =>
  (source, path, errors) =>
    requireFields(source, names, path, errors)

export type LegacySource =
  | 'gitRepo'
  | 'gcePersistentDisk'
  | 'awsElasticBlockStore'
  | 'nfs'
  | 'iscsi'
  | 'glusterfs'
  | 'flocker'
  | 'rbd'
  | 'cinder'
  | 'cephfs'
  | 'quobyte'
  | 'fc'
  | 'flexVolume'
  | 'azureFile'
  | 'vsphereVolume'
  | 'photonPersistentDisk'
  | 'portworxVolume'
  | 'azureDisk'
  | 'storageos'
  | 'scaleIO'

/** Sources that CSI drivers have replaced; the API still takes and checks them. */
export const legacyVolumeChecks: { readonly [K in LegacySource]: Check<Sources[K]> } = {
  gitRepo: (source, path, errors) => {
    checkPresent(source.repository, path, 'repository', errors)
    validateDescendingPath(source.directory ?? '', path.child('directory'), errors)
  },
  gcePersistentDisk: (source, path, errors) => {
    checkPresent(source.pdName, path, 'pdName', errors)
    validatePartition(source, path, errors)
  },
  awsElasticBlockStore: (source, path, errors) => {
    checkPresent(source.volumeID, path, 'volumeID', errors)
    validatePartition(source, path, errors)
  },
  nfs: validateNfs,
  iscsi: validateIscsi,
  glusterfs: fields('endpoints', 'path'),
  flocker: validateFlocker,
  rbd: fields('monitors', 'image'),
  cinder: (source, path, errors) => {
    checkPresent(source.volumeID, path, 'volumeID', errors)
    if (source.secretRef !== undefined) checkPresent(source.secretRef.name, path, 'secretRef.name', errors)
  },
  cephfs: fields('monitors'),
  quobyte: validateQuobyte,
  fc: validateFibreChannel,
  flexVolume: validateFlexVolume,
  azureFile: fields('secretName', 'shareName'),
  vsphereVolume: fields('volumePath'),
  photonPersistentDisk: fields('pdID'),
  portworxVolume: fields('volumeID'),
  azureDisk: validateAzureDisk,
  storageos: validateStorageOs,
  scaleIO: fields('gateway', 'system', 'volumeName'),
}
