import type { WriteContext } from '../../../apimachinery/define-kind.ts'
import type { Features } from '../../../apimachinery/feature-gates.ts'
import type { FieldError } from '../../../apimachinery/field-error.ts'
import {
  fieldForbidden,
  forbiddenChange,
  immutableMessage,
  invalidValue,
  notSupported,
  required,
} from '../../../apimachinery/field-errors.ts'
import { type FieldPath, fieldPath } from '../../../apimachinery/field-path.ts'
import { isDns1123Subdomain } from '../../../apimachinery/names.ts'
import { validateImmutable } from '../../../apimachinery/object-meta-validation.ts'
import { semanticallyEqual } from '../../../apimachinery/semantically-equal.ts'
import {
  checkChoice,
  checkPositiveQuantity,
  checkRequiredText,
  checkText,
  checkValidQuantity,
} from '../../checks.ts'
import type { core } from '../../generated/types/index.ts'
import { validateAccessModes, volumeModes } from '../persistent-volume-claim/validate-claim-spec.ts'
import { hasInvalidNodeSelector, validateNodeSelector } from '../pod/validation/validate-affinity.ts'
import { sourceNames, validateVolumeSource } from './volume-sources.ts'

type PersistentVolume = core.v1.PersistentVolume
type Spec = core.v1.PersistentVolumeSpec

const reclaimPolicies: readonly string[] = ['Delete', 'Recycle', 'Retain']
const mountOptionsAnnotation = 'volume.beta.kubernetes.io/mount-options'

/** Sources that have always taken mount options. */
const mountable: readonly (keyof Spec)[] = [
  'gcePersistentDisk',
  'awsElasticBlockStore',
  'glusterfs',
  'nfs',
  'rbd',
  'quobyte',
  'iscsi',
  'cinder',
  'cephfs',
  'azureFile',
  'vsphereVolume',
  'azureDisk',
  'photonPersistentDisk',
]

function validateCapacity(spec: Spec, path: FieldPath, errors: FieldError[]): void {
  const { capacity = {} } = spec
  const names = Object.keys(capacity)
  if (names.length === 0) errors.push(required(path))
  if (!('storage' in capacity) || names.length > 1)
    errors.push(notSupported(path, spec.capacity ?? null, ['storage']))
  for (const name of names) {
    checkValidQuantity(capacity[name] ?? '', path.key(name), errors)
    checkPositiveQuantity(capacity[name] ?? '', path.key(name), errors)
  }
}

function validateNodeAffinity(
  spec: Spec,
  allowInvalidValues: boolean,
  path: FieldPath,
  errors: FieldError[],
): void {
  if (spec.nodeAffinity === undefined) return
  const terms = spec.nodeAffinity.required
  if (terms === undefined)
    errors.push(required(path.child('required'), 'must specify required node constraints'))
  else validateNodeSelector(terms, path.child('required'), errors, allowInvalidValues)
}

/** A volume without an object of its own, in a VolumeAttachment. */
export function validateInlineVolumeSpec(spec: Spec, path: FieldPath, errors: FieldError[]): void {
  const { accessModes = [], persistentVolumeReclaimPolicy: policy = '' } = spec
  const context = 'in the context of inline volumes'
  const forbid = (field: string, detail: string): void => {
    errors.push(fieldForbidden(path.child(field), `${detail} ${context}`))
  }
  if (spec.claimRef !== undefined) forbid('claimRef', 'may not be specified')
  if (Object.keys(spec.capacity ?? {}).length > 0) forbid('capacity', 'may not be specified')
  if (spec.csi === undefined) errors.push(required(path.child('csi'), `has to be specified ${context}`))
  if (accessModes.length === 0) errors.push(required(path.child('accessModes')))
  validateAccessModes(accessModes, path.child('accessModes'), errors)
  if (policy !== '' && policy !== 'Retain') forbid('persistentVolumeReclaimPolicy', 'may only be Retain')
  if (spec.nodeAffinity !== undefined) forbid('nodeAffinity', 'may not be specified')
  validateVolumeSource(spec, '', path, errors)
  if ((spec.storageClassName ?? '') !== '') forbid('storageClassName', 'may not be specified')
  if (spec.volumeMode !== undefined && spec.volumeMode !== 'Filesystem')
    forbid('volumeMode', 'may not specify volumeMode other than Filesystem')
}

function validateAttributesClass(spec: Spec, path: FieldPath, errors: FieldError[]): void {
  const name = spec.volumeAttributesClassName
  if (name === undefined) return
  const where = path.child('volumeAttributesClassName')
  if (name === '') errors.push(required(where, 'an empty string is disallowed'))
  else checkText(name, isDns1123Subdomain, where, errors)
  if (spec.csi === undefined)
    errors.push(required(path.child('csi'), 'has to be specified when using volumeAttributesClassName'))
}

const isRoot = (path: string): boolean => /^\/+(?:\.?\/*)*$/.test(path)

/** A volume's specification; `path` is the specification's. */
function validateSpec(
  spec: Spec,
  name: string,
  allowInvalidValues: boolean,
  path: FieldPath,
  errors: FieldError[],
): void {
  const { accessModes = [], persistentVolumeReclaimPolicy: policy = '' } = spec
  if (accessModes.length === 0) errors.push(required(path.child('accessModes')))
  validateAccessModes(accessModes, path.child('accessModes'), errors)
  validateCapacity(spec, path.child('capacity'), errors)
  const policyPath = path.child('persistentVolumeReclaimPolicy')
  if (policy !== '') checkChoice(policy, reclaimPolicies, policyPath, errors)
  validateNodeAffinity(spec, allowInvalidValues, path.child('nodeAffinity'), errors)
  validateVolumeSource(spec, name, path, errors)
  if (spec.hostPath !== undefined && isRoot(spec.hostPath.path ?? '') && policy === 'Recycle')
    errors.push(fieldForbidden(policyPath, "may not be 'recycle' for a hostPath mount of '/'"))
  if ((spec.storageClassName ?? '') !== '')
    checkRequiredText(spec.storageClassName, isDns1123Subdomain, path.child('storageClassName'), errors)
  if (spec.volumeMode !== undefined)
    checkChoice(spec.volumeMode, volumeModes, path.child('volumeMode'), errors)
  validateAttributesClass(spec, path, errors)
}

/** The source of a volume, without the secret for expansion where it may still be added. */
function sourceOf(spec: Spec, withoutExpansionSecret: boolean): object {
  const entries = sourceNames.flatMap((name) => (spec[name] === undefined ? [] : [[name, spec[name]]]))
  if (!withoutExpansionSecret || spec.csi === undefined) return Object.fromEntries(entries)
  const { controllerExpandSecretRef: _added, ...csi } = spec.csi
  return { ...Object.fromEntries(entries), csi }
}

function validateChange(spec: Spec, old: Spec, features: Features, errors: FieldError[]): void {
  const addsSecret = old.csi !== undefined && old.csi.controllerExpandSecretRef === undefined
  const source = sourceOf(spec, addsSecret)
  const oldSource = sourceOf(old, false)
  if (!semanticallyEqual(source, oldSource)) {
    const detail = 'spec.persistentvolumesource is immutable after creation'
    errors.push(
      forbiddenChange(
        'spec.persistentvolumesource',
        detail,
        oldSource,
        source,
        'core.v1.PersistentVolumeSource',
      ),
    )
  }
  validateImmutable(spec.volumeMode, old.volumeMode, fieldPath('volumeMode'), errors)
  validateAffinityChange(spec, old, features, errors)
  if (old.volumeAttributesClassName !== undefined && spec.volumeAttributesClassName === undefined) {
    const detail = 'update from non-nil value to nil is forbidden'
    errors.push(fieldForbidden('spec.volumeAttributesClassName', detail))
  }
}

const stableLabels: Readonly<Record<string, string>> = {
  'failure-domain.beta.kubernetes.io/zone': 'topology.kubernetes.io/zone',
  'failure-domain.beta.kubernetes.io/region': 'topology.kubernetes.io/region',
  'beta.kubernetes.io/os': 'kubernetes.io/os',
  'beta.kubernetes.io/arch': 'kubernetes.io/arch',
  'beta.kubernetes.io/instance-type': 'node.kubernetes.io/instance-type',
}

/** The old affinity with the keys that the new one has moved to. */
function withMovedLabels(old: core.v1.VolumeNodeAffinity, next: core.v1.VolumeNodeAffinity): object {
  const terms = old.required?.nodeSelectorTerms?.map((term, index) => {
    const there = next.required?.nodeSelectorTerms?.[index]?.matchExpressions
    const matchExpressions = term.matchExpressions?.map((expression, at) => {
      const key = there?.[at]?.key
      return key !== undefined && stableLabels[expression.key] === key ? { ...expression, key } : expression
    })
    return matchExpressions === undefined ? term : { ...term, matchExpressions }
  })
  return terms === undefined ? old : { ...old, required: { ...old.required, nodeSelectorTerms: terms } }
}

/** It may be set once; labels of old may become the stable ones. */
function validateAffinityChange(spec: Spec, old: Spec, features: Features, errors: FieldError[]): void {
  if (old.nodeAffinity === undefined || features.enabled('MutablePVNodeAffinity')) return
  const before = withMovedLabels(old.nodeAffinity, spec.nodeAffinity ?? {})
  if (semanticallyEqual(spec.nodeAffinity, before)) return
  const detail = `${immutableMessage}, except for updating from beta label to GA`
  errors.push(invalidValue('nodeAffinity', spec.nodeAffinity ?? null, detail))
}

function validateMountOptions(volume: PersistentVolume, errors: FieldError[]): void {
  const { spec = {}, metadata } = volume
  if (!(mountOptionsAnnotation in (metadata?.annotations ?? {}))) return
  if (mountable.some((name) => spec[name] !== undefined)) return
  const where = fieldPath('metadata').child('annotations').child(mountOptionsAnnotation)
  errors.push(fieldForbidden(where, 'may not specify mount options for this volume type'))
}

export function validatePersistentVolume(
  volume: PersistentVolume,
  old: PersistentVolume | undefined,
  context: WriteContext,
): readonly FieldError[] {
  const errors: FieldError[] = []
  if (old !== undefined && context.subresource === 'status') return errors
  const { spec = {}, metadata } = volume
  const allowInvalidValues = hasInvalidNodeSelector(old?.spec?.nodeAffinity?.required)
  validateSpec(spec, metadata?.name ?? '', allowInvalidValues, fieldPath('spec'), errors)
  validateMountOptions(volume, errors)
  if (old === undefined) return errors
  // Upstream tells of all that once more.
  errors.push(...errors)
  validateChange(spec, old.spec ?? {}, context.features, errors)
  return errors
}
