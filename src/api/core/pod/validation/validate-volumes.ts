import type { FieldError } from '../../../../apimachinery/field-error.ts'
import {
  duplicate,
  fieldForbidden,
  invalidValue,
  notSupported,
  required,
  tooLong,
} from '../../../../apimachinery/field-errors.ts'
import type { FieldPath } from '../../../../apimachinery/field-path.ts'
import { goQuote } from '../../../../apimachinery/go-text.ts'
import type { ObjectMeta } from '../../../../apimachinery/meta.ts'
import { isDns1123Label, isDns1123Subdomain } from '../../../../apimachinery/names.ts'
import { compareQuantities } from '../../../../apimachinery/quantity.ts'
import { utf8Length } from '../../../../apimachinery/utf8-length.ts'
import { checkPresent, checkRequiredChoice, checkRequiredText, checkText } from '../../../checks.ts'
import type { core } from '../../../generated/types/index.ts'
import { validateClaimTemplate } from '../../persistent-volume-claim/validate-claim-spec.ts'
import { legacyVolumeChecks } from './validate-legacy-volumes.ts'
import { validateNoBacksteps } from './validate-paths.ts'
import { validateProjections } from './validate-projections.ts'
import { validateDownwardFile, validateFileMode, validateKeyToPath } from './validate-volume-files.ts'

type Volume = core.v1.Volume

const maxDriverBytes = 63

export function validateCsiDriverName(name: string | undefined, path: FieldPath, errors: FieldError[]): void {
  if (name === undefined || name === '') {
    errors.push(required(path))
    return
  }
  if (utf8Length(name) > maxDriverBytes) errors.push(tooLong(path, maxDriverBytes))
  for (const complaint of isDns1123Subdomain(name.toLowerCase()))
    errors.push(invalidValue(path, name, complaint))
}

const hostPathTypes: readonly string[] = [
  '',
  'BlockDevice',
  'CharDevice',
  'Directory',
  'DirectoryOrCreate',
  'File',
  'FileOrCreate',
  'Socket',
]

export function validateHostPath(
  source: core.v1.HostPathVolumeSource,
  path: FieldPath,
  errors: FieldError[],
): void {
  if ((source.path ?? '') === '') {
    errors.push(required(path.child('path')))
    return
  }
  validateNoBacksteps(source.path, path.child('path'), errors)
  if (source.type !== undefined && !hostPathTypes.includes(source.type))
    errors.push(notSupported(path.child('type'), source.type, hostPathTypes))
}

export const pullPolicies: readonly string[] = ['Always', 'IfNotPresent', 'Never']

interface VolumeContext {
  readonly volume: Volume
  /** Of a real pod; absent for templates. */
  readonly podName: string | undefined
  /** The specification is a pod's, not a template's. */
  readonly isPod: boolean
  readonly volumePath: FieldPath
}

type Check<S> = (source: S, path: FieldPath, errors: FieldError[], context: VolumeContext) => void
type SourceName = Exclude<keyof Volume, 'name'>

function validateEphemeral(
  source: core.v1.EphemeralVolumeSource,
  path: FieldPath,
  errors: FieldError[],
  context: VolumeContext,
): void {
  const template = source.volumeClaimTemplate
  if (template === undefined) errors.push(required(path.child('volumeClaimTemplate')))
  else validateClaimTemplate(template, path.child('volumeClaimTemplate'), errors)
  const { podName = '', volume } = context
  if (podName === '' || (volume.name ?? '') === '') return
  const claim = `${podName}-${volume.name}`
  for (const complaint of isDns1123Subdomain(claim)) {
    const where = context.volumePath.child('name')
    errors.push(invalidValue(where, volume.name, `PVC name ${goQuote(claim)}: ${complaint}`))
  }
}

/** In upstream's order, which decides who is the one too many. */
const checks: { readonly [K in SourceName]: Check<NonNullable<Volume[K]>> } = {
  emptyDir: (source, path, errors) => {
    if (source.sizeLimit !== undefined && compareQuantities(source.sizeLimit, '0') < 0) {
      const detail = 'SizeLimit field must be a valid resource quantity'
      errors.push(fieldForbidden(path.child('sizeLimit'), detail))
    }
  },
  hostPath: validateHostPath,
  ...legacyVolumeChecks,
  secret: (source, path, errors) => {
    checkPresent(source.secretName, path, 'secretName', errors)
    validateFileMode(source.defaultMode, path.child('defaultMode'), errors)
    source.items?.forEach((item, index) => {
      validateKeyToPath(item, path.child('items').index(index), errors)
    })
  },
  persistentVolumeClaim: (source, path, errors) => {
    checkPresent(source.claimName, path, 'claimName', errors)
  },
  downwardAPI: (source, path, errors) => {
    validateFileMode(source.defaultMode, path.child('defaultMode'), errors)
    for (const file of source.items ?? []) validateDownwardFile(file, path, errors)
  },
  configMap: (source, path, errors) => {
    checkPresent(source.name, path, 'name', errors)
    validateFileMode(source.defaultMode, path.child('defaultMode'), errors)
    source.items?.forEach((item, index) => {
      validateKeyToPath(item, path.child('items').index(index), errors)
    })
  },
  projected: (source, path, errors) => {
    validateFileMode(source.defaultMode, path.child('defaultMode'), errors)
    validateProjections(source.sources ?? [], path, errors)
  },
  csi: (source, path, errors) => {
    validateCsiDriverName(source.driver, path.child('driver'), errors)
    const secret = source.nodePublishSecretRef
    if (secret === undefined) return
    if ((secret.name ?? '') === '') errors.push(required(path.child('nodePublishSecretRef.name')))
    else checkText(secret.name ?? '', isDns1123Subdomain, path.child('name'), errors)
  },
  ephemeral: validateEphemeral,
  image: (source, path, errors, context) => {
    if (context.isPod) checkPresent(source.reference, path, 'reference', errors)
    checkRequiredChoice(source.pullPolicy, pullPolicies, path.child('pullPolicy'), errors)
  },
}

function runCheck<K extends SourceName>(
  name: K,
  source: Volume[K],
  path: FieldPath,
  errors: FieldError[],
  context: VolumeContext,
): void {
  if (source !== undefined && source !== null) checks[name](source, path, errors, context)
}

const isSourceName = (name: string): name is SourceName => name in checks

/** Upstream's order and names, where there are several: the first is the one that is meant. */
const sourceOrder =
  'emptyDir hostPath gitRepo gcePersistentDisk awsElasticBlockStore secret nfs iscsi glusterfs flocker persistentVolumeClaim rbd cinder cephfs quobyte downwardAPI fc flexVolume configMap azureFile vsphereVolume photonPersistentDisk portworxVolume azureDisk storageos projected scaleIO csi ephemeral image'.split(
    ' ',
  )
/** Where upstream's path of a source is not its field. */
const pathNames: Readonly<Record<string, string>> = { gcePersistentDisk: 'persistentDisk' }
const surplusNames: Readonly<Record<string, string>> = { cephfs: 'cephFS', downwardAPI: 'downwarAPI' }

/** Exactly one source. */
function validateSource(context: VolumeContext, path: FieldPath, errors: FieldError[]): void {
  const names = Object.keys(context.volume).filter(isSourceName)
  if (names.length > 1) names.sort((a, b) => sourceOrder.indexOf(a) - sourceOrder.indexOf(b))
  const [first, ...others] = names
  if (first === undefined) errors.push(required(path, 'must specify a volume type'))
  else runCheck(first, context.volume[first], path.child(pathNames[first] ?? first), errors, context)
  for (const name of others) {
    const where = path.child(surplusNames[name] ?? name)
    errors.push(fieldForbidden(where, 'may not specify more than 1 volume type'))
  }
}

/** All volumes of a pod; the result are the good ones by name, for mounts to be checked against. */
export function validateVolumes(
  volumes: readonly Volume[],
  metadata: ObjectMeta | undefined,
  isPod: boolean,
  path: FieldPath,
  errors: FieldError[],
): ReadonlyMap<string, Volume> {
  const good = new Map<string, Volume>()
  const podName = metadata?.name
  const created = new Set(
    podName === undefined
      ? []
      : volumes.filter((volume) => volume.ephemeral !== undefined).map((v) => `${podName}-${v.name}`),
  )
  volumes.forEach((volume, index) => {
    const where = path.index(index)
    const before = errors.length
    validateSource({ volume, podName, isPod, volumePath: where }, where, errors)
    checkRequiredText(volume.name, isDns1123Label, where.child('name'), errors)
    if (good.has(volume.name)) errors.push(duplicate(where.child('name'), volume.name))
    if (errors.length === before) good.set(volume.name, volume)
    const claim = volume.persistentVolumeClaim?.claimName
    if (claim !== undefined && created.has(claim)) {
      const detail = 'must not reference a PVC that gets created for an ephemeral volume'
      errors.push(invalidValue(where.child('persistentVolumeClaim.claimName'), claim, detail))
    }
  })
  return good
}
