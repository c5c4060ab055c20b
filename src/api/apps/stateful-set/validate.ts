import type { WriteContext } from '../../../apimachinery/define-kind.ts'
import type { FieldError } from '../../../apimachinery/field-error.ts'
import { fieldForbidden, invalidValue, required } from '../../../apimachinery/field-errors.ts'
import { type FieldPath, fieldPath } from '../../../apimachinery/field-path.ts'
import { validateAnnotations, validateLabels } from '../../../apimachinery/object-meta-validation.ts'
import { semanticallyEqual } from '../../../apimachinery/semantically-equal.ts'
import { checkChoice, checkLabelName, checkNonNegative } from '../../checks.ts'
import { validateClaimSpec } from '../../core/persistent-volume-claim/validate-claim-spec.ts'
import { type PodRules, podRules } from '../../core/pod/validation/pod-rules.ts'
import { validatePodAnnotations } from '../../core/pod/validation/validate-pod-annotations.ts'
import { validatePodTemplate } from '../../core/pod/validation/validate-pod-template.ts'
import type { apps, core } from '../../generated/types/index.ts'
import {
  intOrPercentNumber,
  validateAlwaysRestarts,
  validateAtMost100Percent,
  validateIntOrPercent,
  validateNotDecremented,
  validateOwnSelector,
  validateReplicaCounts,
  validateTemplateLabels,
} from '../../validate-workload.ts'

type Spec = Partial<apps.v1.StatefulSetSpec>

function validateRollingUpdate(
  update: apps.v1.RollingUpdateStatefulSetStrategy,
  path: FieldPath,
  errors: FieldError[],
): void {
  checkNonNegative(update.partition, path.child('partition'), errors)
  const { maxUnavailable } = update
  if (maxUnavailable === undefined) return
  const where = path.child('maxUnavailable')
  validateIntOrPercent(maxUnavailable, where, errors)
  if (intOrPercentNumber(maxUnavailable) === 0)
    errors.push(invalidValue(where, maxUnavailable, 'cannot be 0'))
  validateAtMost100Percent(maxUnavailable, where, errors)
}

function validatePolicies(spec: Spec, path: FieldPath, errors: FieldError[]): void {
  const management = spec.podManagementPolicy ?? ''
  const managementPath = path.child('podManagementPolicy')
  if (management === '') errors.push(required(managementPath))
  else if (management !== 'OrderedReady' && management !== 'Parallel')
    errors.push(invalidValue(managementPath, management, "must be 'OrderedReady' or 'Parallel'"))
  const strategy = spec.updateStrategy ?? {}
  const where = path.child('updateStrategy')
  const { type = '', rollingUpdate } = strategy
  if (type === '') errors.push(required(where))
  else if (type === 'OnDelete') {
    if (rollingUpdate !== undefined) {
      const detail = "only allowed for updateStrategy 'RollingUpdate'"
      errors.push(invalidValue(where.child('rollingUpdate'), rollingUpdate, detail))
    }
  } else if (type !== 'RollingUpdate')
    errors.push(invalidValue(where, strategy, "must be 'RollingUpdate' or 'OnDelete'"))
  else if (rollingUpdate !== undefined)
    validateRollingUpdate(rollingUpdate, where.child('rollingUpdate'), errors)
  const retention = spec.persistentVolumeClaimRetentionPolicy
  if (retention === undefined) return
  for (const field of ['whenDeleted', 'whenScaled'] as const) {
    const at = path.child('persistentVolumeClaimRetentionPolicy').child(field)
    checkChoice(retention[field] ?? '', ['Retain', 'Delete'], at, errors)
  }
}

/** The template as its pods will be: volumes from the claim templates, host names of their own. */
function templateOfPods(spec: Spec): core.v1.PodTemplateSpec {
  const template = spec.template ?? {}
  if (template.spec === undefined) return template
  const { subdomain: _subdomain, hostname: _hostname, volumes = [], ...rest } = template.spec
  const claims = (spec.volumeClaimTemplates ?? []).map((claim) => claim.metadata?.name ?? '')
  const own = volumes.filter((volume) => !claims.includes(volume.name))
  const claimed = claims.map((name) => ({ name, persistentVolumeClaim: { claimName: name } }))
  return { ...template, spec: { ...rest, volumes: [...claimed, ...own] } }
}

/** Upstream looks at the metadata twice. */
function validateTemplate(
  template: core.v1.PodTemplateSpec,
  rules: PodRules,
  path: FieldPath,
  errors: FieldError[],
): void {
  const { metadata = {}, spec = { containers: [] } } = template
  validatePodTemplate(template, rules, path, errors)
  validateLabels(metadata.labels, path.child('labels'), errors)
  validateAnnotations(metadata.annotations, path.child('annotations'), errors)
  validatePodAnnotations(metadata.annotations, spec, path.child('annotations'), errors)
}

function validateSpec(
  spec: Spec,
  isUpdate: boolean,
  rules: PodRules,
  path: FieldPath,
  errors: FieldError[],
): void {
  validatePolicies(spec, path, errors)
  if (!isUpdate)
    spec.volumeClaimTemplates?.forEach((claim, index) => {
      const where = path.child('volumeClaimTemplates').index(index).child('spec')
      if (claim.spec !== undefined) validateClaimSpec(claim.spec, where, errors)
    })
  checkNonNegative(spec.replicas, path.child('replicas'), errors)
  checkNonNegative(spec.minReadySeconds, path.child('minReadySeconds'), errors)
  checkNonNegative(spec.ordinals?.start, path.child('ordinals.start'), errors)
  const service = spec.serviceName ?? ''
  if (!isUpdate && service !== '') checkLabelName(service, path.child('serviceName'), errors)
  const selectorPath = path.child('selector')
  validateOwnSelector(spec.selector, 'statefulset', selectorPath, errors)
  const template = templateOfPods(spec)
  const where = path.child('template')
  if (validateTemplateLabels(template, spec.selector, where, errors))
    validateTemplate(template, rules, where, errors)
  else errors.push(invalidValue(selectorPath, spec.selector, ''))
  validateAlwaysRestarts(template, 'StatefulSet', where, errors)
}

const mutable = [
  'replicas',
  'ordinals',
  'template',
  'updateStrategy',
  'revisionHistoryLimit',
  'persistentVolumeClaimRetentionPolicy',
  'minReadySeconds',
] as const

function validateUnchanged(spec: Spec, old: Spec, errors: FieldError[]): void {
  const rest: Record<string, unknown> = { ...spec }
  const oldRest: Record<string, unknown> = { ...old }
  for (const field of mutable) {
    delete rest[field]
    delete oldRest[field]
  }
  if (semanticallyEqual(rest, oldRest)) return
  const detail =
    "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden"
  errors.push(fieldForbidden('spec', detail))
}

function validateStatus(
  status: Partial<apps.v1.StatefulSetStatus>,
  old: Partial<apps.v1.StatefulSetStatus>,
  errors: FieldError[],
): void {
  const path = fieldPath('status')
  const counts = [
    'replicas',
    'readyReplicas',
    'currentReplicas',
    'updatedReplicas',
    'availableReplicas',
    'observedGeneration',
    'collisionCount',
  ] as const
  validateReplicaCounts(
    status,
    counts,
    ['readyReplicas', 'currentReplicas', 'updatedReplicas', 'availableReplicas'],
    path,
    errors,
  )
  const { availableReplicas = 0, readyReplicas = 0 } = status
  if (availableReplicas > readyReplicas) {
    const detail = 'cannot be greater than status.readyReplicas'
    errors.push(invalidValue(path.child('availableReplicas'), availableReplicas, detail))
  }
  validateNotDecremented(status.collisionCount, old.collisionCount, path.child('collisionCount'), errors)
}

export function validateStatefulSet(
  statefulSet: apps.v1.StatefulSet,
  old: apps.v1.StatefulSet | undefined,
  context: WriteContext,
): readonly FieldError[] {
  const errors: FieldError[] = []
  if (old !== undefined && context.subresource === 'status') {
    validateStatus(statefulSet.status ?? {}, old.status ?? {}, errors)
    return errors
  }
  const rules = podRules(context.features, old?.spec?.template?.spec)
  validateSpec(statefulSet.spec ?? {}, old !== undefined, rules, fieldPath('spec'), errors)
  if (old !== undefined) validateUnchanged(statefulSet.spec ?? {}, old.spec ?? {}, errors)
  return errors
}
