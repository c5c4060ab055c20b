import type { FieldError } from '../../../apimachinery/field-error.ts'
import { fieldForbidden, invalidValue, required } from '../../../apimachinery/field-errors.ts'
import type { FieldPath } from '../../../apimachinery/field-path.ts'
import { isDns1123Label, isDns1123Subdomain } from '../../../apimachinery/names.ts'
import { checkPresent, checkRequiredText, checkText } from '../../checks.ts'
import type { core } from '../../generated/types/index.ts'
import {
  legacyVolumeChecks,
  requireFields,
  validateAzureDisk,
  validateFibreChannel,
  validateFlexVolume,
  validateIscsi,
  validateNfs,
  validateStorageOs,
} from '../pod/validation/validate-legacy-volumes.ts'
import { validateNoBacksteps } from '../pod/validation/validate-paths.ts'
import { validateCsiDriverName, validateHostPath } from '../pod/validation/validate-volumes.ts'

type Spec = core.v1.PersistentVolumeSpec
type Check<S> = (source: S, path: FieldPath, errors: FieldError[], volumeName: string) => void

export const sourceNames = [
  'hostPath',
  'gcePersistentDisk',
  'awsElasticBlockStore',
  'glusterfs',
  'flocker',
  'nfs',
  'rbd',
  'quobyte',
  'cephfs',
  'iscsi',
  'cinder',
  'fc',
  'flexVolume',
  'azureFile',
  'vsphereVolume',
  'photonPersistentDisk',
  'portworxVolume',
  'azureDisk',
  'scaleIO',
  'local',
  'storageos',
  'csi',
] as const

type SourceName = (typeof sourceNames)[number]

function requireSecretNamespace(
  secret: { readonly namespace?: string } | undefined,
  path: FieldPath,
  errors: FieldError[],
): void {
  if (secret !== undefined) checkPresent(secret.namespace, path, 'secretRef.namespace', errors)
}

const secretNames = [
  'controllerPublishSecretRef',
  'controllerExpandSecretRef',
  'nodePublishSecretRef',
  'nodeExpandSecretRef',
] as const

function validateCsi(source: core.v1.CSIPersistentVolumeSource, path: FieldPath, errors: FieldError[]): void {
  validateCsiDriverName(source.driver, path.child('driver'), errors)
  checkPresent(source.volumeHandle, path, 'volumeHandle', errors)
  for (const name of secretNames) {
    const secret = source[name]
    if (secret === undefined) continue
    checkRequiredText(secret.name, isDns1123Subdomain, path.child(name).child('name'), errors)
    checkRequiredText(secret.namespace, isDns1123Label, path.child(name).child('namespace'), errors)
  }
}

const maxInitiator = 64

const checks: { readonly [K in SourceName]: Check<NonNullable<Spec[K]>> } = {
  hostPath: validateHostPath,
  gcePersistentDisk: legacyVolumeChecks.gcePersistentDisk,
  awsElasticBlockStore: legacyVolumeChecks.awsElasticBlockStore,
  glusterfs: (source, path, errors) => {
    requireFields(source, ['endpoints', 'path'], path, errors)
    const namespace = source.endpointsNamespace
    if (namespace === undefined) return
    const where = path.child('endpointsNamespace')
    if (namespace !== '') checkText(namespace, isDns1123Label, where, errors)
    else {
      const detail = 'if the endpointnamespace is set, it must be a valid namespace name'
      errors.push(invalidValue(where, namespace, detail))
    }
  },
  flocker: legacyVolumeChecks.flocker,
  nfs: validateNfs,
  rbd: (source, path, errors) => {
    requireFields(source, ['monitors', 'image'], path, errors)
  },
  quobyte: legacyVolumeChecks.quobyte,
  cephfs: (source, path, errors) => {
    requireFields(source, ['monitors'], path, errors)
  },
  iscsi: (source, path, errors, volumeName) => {
    if (source.initiatorName !== undefined && `${volumeName}:${source.targetPortal}`.length > maxInitiator) {
      const detail =
        'Total length of <volume name>:<iscsi.targetPortal> must be under 64 characters if iscsi.initiatorName is specified.'
      errors.push(invalidValue(path.child('targetportal'), source.targetPortal, detail))
    }
    validateIscsi(source, path, errors)
    if (source.secretRef !== undefined) checkPresent(source.secretRef.name, path, 'secretRef.name', errors)
  },
  cinder: (source, path, errors) => {
    legacyVolumeChecks.cinder(source, path, errors)
    requireSecretNamespace(source.secretRef, path, errors)
  },
  fc: validateFibreChannel,
  flexVolume: validateFlexVolume,
  azureFile: (source, path, errors) => {
    requireFields(source, ['secretName', 'shareName'], path, errors)
    if (source.secretNamespace === '') errors.push(required(path.child('secretNamespace')))
  },
  vsphereVolume: legacyVolumeChecks.vsphereVolume,
  photonPersistentDisk: legacyVolumeChecks.photonPersistentDisk,
  portworxVolume: legacyVolumeChecks.portworxVolume,
  azureDisk: validateAzureDisk,
  scaleIO: (source, path, errors) => {
    requireFields(source, ['gateway', 'system', 'volumeName'], path, errors)
  },
  local: (source, path, errors) => {
    if ((source.path ?? '') === '') errors.push(required(path.child('path')))
    else validateNoBacksteps(source.path, path.child('path'), errors)
  },
  storageos: (source, path, errors) => {
    validateStorageOs(source, path, errors)
    requireSecretNamespace(source.secretRef, path, errors)
  },
  csi: validateCsi,
}

/** Where upstream's path of a source is not its field. */
const pathNames: Partial<Record<SourceName, string>> = { gcePersistentDisk: 'persistentDisk' }

function runCheck<K extends SourceName>(
  name: K,
  spec: Spec,
  path: FieldPath,
  errors: FieldError[],
  volumeName: string,
): void {
  const source = spec[name]
  if (source !== undefined) checks[name](source, path.child(pathNames[name] ?? name), errors, volumeName)
}

/** Upstream's name of the one too many. */
const surplusNames: Readonly<Record<string, string>> = { cephfs: 'cephFS' }

/** Exactly one source. */
export function validateVolumeSource(
  spec: Spec,
  volumeName: string,
  path: FieldPath,
  errors: FieldError[],
): void {
  let sources = 0
  for (const name of sourceNames) {
    if (spec[name] === undefined) continue
    if (sources++ > 0 && name !== 'flexVolume')
      errors.push(
        fieldForbidden(path.child(surplusNames[name] ?? name), 'may not specify more than 1 volume type'),
      )
    else runCheck(name, spec, path, errors, volumeName)
    if (name === 'local' && sources === 1 && spec.nodeAffinity === undefined)
      errors.push(required(path.child('nodeAffinity'), 'Local volume requires node affinity'))
  }
  if (sources === 0) errors.push(required(path, 'must specify a volume type'))
}
