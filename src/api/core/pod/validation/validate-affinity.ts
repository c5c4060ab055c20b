import type { FieldError } from '../../../../apimachinery/field-error.ts'
import { fieldForbidden, invalidValue, required } from '../../../../apimachinery/field-errors.ts'
import type { FieldPath } from '../../../../apimachinery/field-path.ts'
import { validateLabelSelector } from '../../../../apimachinery/label-selector-validation.ts'
import { isLabelValue, isQualifiedName } from '../../../../apimachinery/label-syntax.ts'
import type { LabelSelector } from '../../../../apimachinery/meta.ts'
import { isDns1123Label, isDns1123Subdomain } from '../../../../apimachinery/names.ts'
import { checkText } from '../../../checks.ts'
import type { core } from '../../../generated/types/index.ts'

const requiredTerms = 'requiredDuringSchedulingIgnoredDuringExecution'
const preferredTerms = 'preferredDuringSchedulingIgnoredDuringExecution'

function validateExpression(
  expression: core.v1.NodeSelectorRequirement,
  allowInvalidValues: boolean,
  path: FieldPath,
  errors: FieldError[],
): void {
  const { key = '', operator = '', values = [] } = expression
  const where = path.child('values')
  if (operator === 'In' || operator === 'NotIn') {
    if (values.length === 0)
      errors.push(required(where, "must be specified when `operator` is 'In' or 'NotIn'"))
  } else if (operator === 'Exists' || operator === 'DoesNotExist') {
    if (values.length > 0) {
      const detail = "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"
      errors.push(fieldForbidden(where, detail))
    }
  } else if (operator === 'Gt' || operator === 'Lt') {
    if (values.length !== 1)
      errors.push(required(where, "must be specified single value when `operator` is 'Lt' or 'Gt'"))
  } else errors.push(invalidValue(path.child('operator'), operator, 'not a valid selector operator'))
  checkText(key, isQualifiedName, path.child('key'), errors)
  if (allowInvalidValues) return
  values.forEach((value, index) => {
    checkText(value, isLabelValue, where.index(index), errors)
  })
}

function validateFieldExpression(
  expression: core.v1.NodeSelectorRequirement,
  path: FieldPath,
  errors: FieldError[],
): void {
  const { key = '', operator = '', values = [] } = expression
  if (operator === 'In' || operator === 'NotIn') {
    const detail = "must be only one value when `operator` is 'In' or 'NotIn' for node field selector"
    if (values.length !== 1) errors.push(required(path.child('values'), detail))
  } else errors.push(invalidValue(path.child('operator'), operator, 'not a valid selector operator'))
  if (key !== 'metadata.name')
    errors.push(invalidValue(path.child('key'), key, 'not a valid field selector key'))
  else
    values.forEach((value, index) => {
      checkText(value, isDns1123Subdomain, path.child('values').index(index), errors)
    })
}

function validateTerm(
  term: core.v1.NodeSelectorTerm,
  allowInvalidValues: boolean,
  path: FieldPath,
  errors: FieldError[],
): void {
  term.matchExpressions?.forEach((expression, index) => {
    const where = path.child('matchExpressions').index(index)
    validateExpression(expression, allowInvalidValues, where, errors)
  })
  term.matchFields?.forEach((expression, index) => {
    validateFieldExpression(expression, path.child('matchFields').index(index), errors)
  })
}

/** Whether a selector has values that no label can have, which updates then keep allowing. */
export const hasInvalidNodeSelector = (selector: core.v1.NodeSelector | undefined): boolean =>
  (selector?.nodeSelectorTerms ?? []).some((term) =>
    (term.matchExpressions ?? []).some((expression) =>
      (expression.values ?? []).some((value) => isLabelValue(value).length > 0),
    ),
  )

/** `allowInvalidValues` is for updates of objects that have invalid label values already. */
export function validateNodeSelector(
  selector: core.v1.NodeSelector,
  path: FieldPath,
  errors: FieldError[],
  allowInvalidValues = false,
): void {
  const where = path.child('nodeSelectorTerms')
  const terms = selector.nodeSelectorTerms ?? []
  if (terms.length === 0) errors.push(required(where, 'must have at least one node selector term'))
  terms.forEach((term, index) => {
    validateTerm(term, allowInvalidValues, where.index(index), errors)
  })
}

const weightMessage = 'must be in the range 1-100'

function validateWeight(weight: number | undefined, path: FieldPath, errors: FieldError[]): void {
  const value = weight ?? 0
  if (value <= 0 || value > 100) errors.push(invalidValue(path.child('weight'), value, weightMessage))
}

/** Preferences may hold invalid label values: they have always been allowed. */
function validateNodeAffinity(affinity: core.v1.NodeAffinity, path: FieldPath, errors: FieldError[]): void {
  const selector = affinity[requiredTerms]
  if (selector !== undefined) validateNodeSelector(selector, path.child(requiredTerms), errors)
  affinity[preferredTerms]?.forEach((term, index) => {
    const where = path.child(preferredTerms).index(index)
    validateWeight(term.weight, where, errors)
    validateTerm(term.preference, true, where.child('preference'), errors)
  })
}

function validateLabelKeys(
  keys: readonly string[],
  selector: LabelSelector | undefined,
  path: FieldPath,
  errors: FieldError[],
): void {
  if (keys.length === 0) return
  if (selector === undefined)
    errors.push(fieldForbidden(path, 'must not be specified when labelSelector is not set'))
  else
    keys.forEach((key, index) => {
      checkText(key, isQualifiedName, path.index(index), errors)
    })
}

/** Keys whose values are taken from the pod: they may not be in the selector too (the pod's own have been merged into it by now). */
export function validateMatchLabelKeys(
  matchKeys: readonly string[],
  mismatchKeys: readonly string[],
  selector: LabelSelector | undefined,
  path: FieldPath,
  errors: FieldError[],
): void {
  validateLabelKeys(matchKeys, selector, path.child('matchLabelKeys'), errors)
  validateLabelKeys(mismatchKeys, selector, path.child('mismatchLabelKeys'), errors)
  const seen = new Set(Object.keys(selector?.matchLabels ?? {}))
  for (const { key } of selector?.matchExpressions ?? []) {
    const at = matchKeys.lastIndexOf(key)
    if (at >= 0 && seen.has(key)) {
      const detail = 'exists in both matchLabelKeys and labelSelector'
      errors.push(invalidValue(path.index(at), key, detail))
    }
    seen.add(key)
  }
  matchKeys.forEach((key, index) => {
    if (!mismatchKeys.includes(key)) return
    const detail = 'exists in both matchLabelKeys and mismatchLabelKeys'
    errors.push(invalidValue(path.child('matchLabelKeys').index(index), key, detail))
  })
}

function validatePodTerm(term: core.v1.PodAffinityTerm, path: FieldPath, errors: FieldError[]): void {
  validateLabelSelector(term.labelSelector, path.child('labelSelector'), errors)
  validateLabelSelector(term.namespaceSelector, path.child('namespaceSelector'), errors)
  for (const name of term.namespaces ?? []) checkText(name, isDns1123Label, path.child('namespace'), errors)
  const { matchLabelKeys = [], mismatchLabelKeys = [], labelSelector, topologyKey = '' } = term
  validateMatchLabelKeys(matchLabelKeys, mismatchLabelKeys, labelSelector, path, errors)
  if (topologyKey === '') errors.push(required(path.child('topologyKey'), 'can not be empty'))
  checkText(topologyKey, isQualifiedName, path.child('topologyKey'), errors)
}

function validatePodAffinity(
  affinity: core.v1.PodAffinity | core.v1.PodAntiAffinity,
  path: FieldPath,
  errors: FieldError[],
): void {
  affinity[requiredTerms]?.forEach((term, index) => {
    validatePodTerm(term, path.child(requiredTerms).index(index), errors)
  })
  affinity[preferredTerms]?.forEach((term, index) => {
    const where = path.child(preferredTerms).index(index)
    validateWeight(term.weight, where, errors)
    validatePodTerm(term.podAffinityTerm, where.child('podAffinityTerm'), errors)
  })
}

export function validateAffinity(affinity: core.v1.Affinity, path: FieldPath, errors: FieldError[]): void {
  if (affinity.nodeAffinity !== undefined)
    validateNodeAffinity(affinity.nodeAffinity, path.child('nodeAffinity'), errors)
  if (affinity.podAffinity !== undefined)
    validatePodAffinity(affinity.podAffinity, path.child('podAffinity'), errors)
  if (affinity.podAntiAffinity !== undefined)
    validatePodAffinity(affinity.podAntiAffinity, path.child('podAntiAffinity'), errors)
}
