import type { FieldError } from '../../../../apimachinery/field-error.ts'
import {
  fieldForbidden,
  forbiddenChange,
  invalidValue,
  required,
} from '../../../../apimachinery/field-errors.ts'
import { type FieldPath, fieldPath } from '../../../../apimachinery/field-path.ts'
import { goQuote } from '../../../../apimachinery/go-text.ts'
import { rangeComplaint } from '../../../../apimachinery/names.ts'
import { semanticallyEqual } from '../../../../apimachinery/semantically-equal.ts'
import type { core } from '../../../generated/types/index.ts'
import { isMirrorPod } from '../mirror-pod.ts'
import type { PodRules } from './pod-rules.ts'
import { validateImageSpaces } from './validate-containers.ts'
import { validatePodAnnotationUpdate } from './validate-pod-annotations.ts'
import { validateAddedTolerations, validateDeletedGates } from './validate-scheduling.ts'

type Pod = core.v1.Pod
type PodSpec = core.v1.PodSpec

const updatableFields = [
  '`spec.containers[*].image`',
  '`spec.initContainers[*].image`',
  '`spec.activeDeadlineSeconds`',
  '`spec.tolerations` (only additions to existing tolerations)',
  '`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)',
].join(',')

const maxInt32 = 2 ** 31 - 1

/** False where comparing the rest makes no sense. */
function validateContainerUpdates(
  containers: readonly core.v1.Container[] = [],
  old: readonly core.v1.Container[] = [],
  path: FieldPath,
  errors: FieldError[],
): boolean {
  if (containers.length !== old.length) {
    errors.push(fieldForbidden(path, 'pod updates may not add or remove containers'))
    return false
  }
  containers.forEach((container, index) => {
    const where = path.index(index)
    if ((container.image ?? '') === '') errors.push(required(where.child('image')))
    validateImageSpaces(container, where, errors)
  })
  return true
}

function validateDeadline(spec: PodSpec, old: PodSpec, path: FieldPath, errors: FieldError[]): boolean {
  const where = path.child('activeDeadlineSeconds')
  const [next, previous] = [spec.activeDeadlineSeconds, old.activeDeadlineSeconds]
  if (next === undefined) {
    if (previous !== undefined)
      errors.push(invalidValue(where, null, 'must not update from a positive integer to nil value'))
    return true
  }
  if (next < 0 || next > maxInt32) {
    errors.push(invalidValue(where, next, rangeComplaint(0, maxInt32)))
    return false
  }
  if (previous === undefined || next <= previous) return true
  errors.push(invalidValue(where, next, 'must be less than or equal to previous value'))
  return false
}

function withImagesOf(
  containers: readonly core.v1.Container[] | undefined,
  old: readonly core.v1.Container[] | undefined,
): readonly core.v1.Container[] | undefined {
  return containers?.map((container, index) => {
    const image = old?.[index]?.image
    return image === undefined ? container : { ...container, image }
  })
}

/** The new specification with everything as it was that may change: what is left to differ may not. */
function withOldUpdatable(spec: PodSpec, old: PodSpec): PodSpec {
  const containers = withImagesOf(spec.containers, old.containers)
  const initContainers = withImagesOf(spec.initContainers, old.initContainers)
  const {
    activeDeadlineSeconds: _deadline,
    schedulingGates: _gates,
    tolerations: _tolerations,
    ...rest
  } = spec
  const oldGrace = old.terminationGracePeriodSeconds
  const graceFixed = spec.terminationGracePeriodSeconds === 1 && oldGrace !== undefined && oldGrace < 0
  return {
    ...rest,
    containers: containers ?? [],
    ...(initContainers === undefined ? {} : { initContainers }),
    ...(old.activeDeadlineSeconds === undefined ? {} : { activeDeadlineSeconds: old.activeDeadlineSeconds }),
    ...(old.schedulingGates === undefined ? {} : { schedulingGates: old.schedulingGates }),
    ...(old.tolerations === undefined ? {} : { tolerations: old.tolerations }),
    ...(graceFixed ? { terminationGracePeriodSeconds: oldGrace } : {}),
  }
}

const requiredTerms = 'requiredDuringSchedulingIgnoredDuringExecution'

function onlyAdds(term: core.v1.NodeSelectorTerm | undefined, old: core.v1.NodeSelectorTerm): boolean {
  if (term === undefined) return false
  const { matchExpressions = [], matchFields = [] } = old
  const [expressions, fields] = [term.matchExpressions ?? [], term.matchFields ?? []]
  if (matchExpressions.length + matchFields.length === 0) return expressions.length + fields.length === 0
  return (
    semanticallyEqual(expressions.slice(0, matchExpressions.length), matchExpressions) &&
    semanticallyEqual(fields.slice(0, matchFields.length), matchFields)
  )
}

function validateGatedAffinity(
  affinity: core.v1.NodeAffinity | undefined,
  old: core.v1.NodeAffinity | undefined,
  path: FieldPath,
  errors: FieldError[],
): void {
  const oldTerms = old?.[requiredTerms]?.nodeSelectorTerms ?? []
  if (oldTerms.length === 0) return
  const terms = affinity?.[requiredTerms]?.nodeSelectorTerms ?? []
  const where = path.child(requiredTerms).child('nodeSelectorTerms')
  if (terms.length !== oldTerms.length) {
    const detail = 'no additions/deletions to non-empty NodeSelectorTerms list are allowed'
    errors.push(invalidValue(where, terms, detail))
    return
  }
  oldTerms.forEach((term, index) => {
    if (!onlyAdds(terms[index], term)) {
      const detail = 'only additions are allowed (no mutations or deletions)'
      errors.push(invalidValue(where.index(index), terms[index], detail))
    }
  })
}

/** Until its gates are gone a pod's node selector and node affinity may become stricter (KEP-3838). */
function withOldNodeChoice(spec: PodSpec, old: PodSpec, path: FieldPath, errors: FieldError[]): PodSpec {
  const selector = spec.nodeSelector ?? {}
  for (const [key, value] of Object.entries(old.nodeSelector ?? {})) {
    if (selector[key] === value) continue
    const detail = 'only additions to spec.nodeSelector are allowed (no mutations or deletions)'
    errors.push(invalidValue(path.child('nodeSelector'), selector, detail))
    break
  }
  const where = path.child('affinity.nodeAffinity')
  validateGatedAffinity(spec.affinity?.nodeAffinity, old.affinity?.nodeAffinity, where, errors)
  const { nodeSelector: _selector, affinity, ...rest } = spec
  const { nodeAffinity: _affinity, ...others } = affinity ?? {}
  const nodeAffinity = old.affinity?.nodeAffinity
  return {
    ...rest,
    affinity: { ...others, ...(nodeAffinity === undefined ? {} : { nodeAffinity }) },
    ...(old.nodeSelector === undefined ? {} : { nodeSelector: old.nodeSelector }),
  }
}

/** Upstream's ValidatePodUpdate, beyond what holds for every pod. */
export function validatePodUpdate(pod: Pod, old: Pod, rules: PodRules, errors: FieldError[]): void {
  const annotations = fieldPath('metadata').child('annotations')
  validatePodAnnotationUpdate(pod.metadata?.annotations, old.metadata?.annotations, annotations, errors)
  const path = fieldPath('spec')
  const spec = pod.spec ?? { containers: [] }
  const oldSpec = old.spec ?? { containers: [] }
  for (const list of ['containers', 'initContainers'] as const)
    if (!validateContainerUpdates(spec[list], oldSpec[list], path.child(list), errors)) return
  if (!validateDeadline(spec, oldSpec, path, errors)) return
  const { tolerations = [], schedulingGates = [] } = spec
  const where = path.child('tolerations')
  validateAddedTolerations(tolerations, oldSpec.tolerations ?? [], rules, where, errors)
  const gates = path.child('schedulingGates')
  validateDeletedGates(schedulingGates, oldSpec.schedulingGates ?? [], gates, errors)
  if (semanticallyEqual(spec, oldSpec)) return
  let rest = withOldUpdatable(spec, oldSpec)
  if ((oldSpec.schedulingGates ?? []).length > 0) rest = withOldNodeChoice(rest, oldSpec, path, errors)
  if (semanticallyEqual(rest, oldSpec)) return
  const detail = `pod updates may not change fields other than ${updatableFields}`
  errors.push(forbiddenChange(path, detail, oldSpec, rest))
}

/** Ephemeral containers may be added, never changed or removed. */
export function validateEphemeralContainersUpdate(pod: Pod, old: Pod, errors: FieldError[]): void {
  if (isMirrorPod(old)) {
    errors.splice(0, errors.length, fieldForbidden('[]', 'static pods do not support ephemeral containers'))
    return
  }
  const annotations = fieldPath('metadata').child('annotations')
  validatePodAnnotationUpdate(pod.metadata?.annotations, old.metadata?.annotations, annotations, errors)
  const path = fieldPath('spec').child('ephemeralContainers')
  for (const container of old.spec?.ephemeralContainers ?? []) {
    const next = pod.spec?.ephemeralContainers?.find((candidate) => candidate.name === container.name)
    const name = goQuote(container.name)
    if (next === undefined)
      errors.push(fieldForbidden(path, `existing ephemeral containers ${name} may not be removed\n`))
    else if (!semanticallyEqual(container, next)) {
      const detail = `existing ephemeral containers ${name} may not be changed`
      errors.push(forbiddenChange(path, detail, container, next))
    }
  }
}
