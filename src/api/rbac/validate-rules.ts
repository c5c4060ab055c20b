import type { FieldError } from '../../apimachinery/field-error.ts'
import { invalidValue, required } from '../../apimachinery/field-errors.ts'
import { type FieldPath, fieldPath } from '../../apimachinery/field-path.ts'
import type { rbac } from '../generated/types/index.ts'

type Rule = rbac.v1.PolicyRule

const isEmpty = (list: readonly string[] | undefined): boolean => (list ?? []).length === 0

function validateRule(rule: Rule, namespaced: boolean, path: FieldPath, errors: FieldError[]): void {
  if (isEmpty(rule.verbs)) errors.push(required(path.child('verbs'), 'verbs must contain at least one value'))
  if (!isEmpty(rule.nonResourceURLs)) {
    const where = path.child('nonResourceURLs')
    const urls = rule.nonResourceURLs
    if (namespaced)
      errors.push(invalidValue(where, urls, 'namespaced rules cannot apply to non-resource URLs'))
    const mixed = !isEmpty(rule.apiGroups) || !isEmpty(rule.resources) || !isEmpty(rule.resourceNames)
    if (mixed) {
      const detail = 'rules cannot apply to both regular resources and non-resource URLs'
      errors.push(invalidValue(where, urls, detail))
    }
    return
  }
  if (isEmpty(rule.apiGroups)) {
    const detail = 'resource rules must supply at least one api group'
    errors.push(required(path.child('apiGroups'), detail))
  }
  if (isEmpty(rule.resources)) {
    const detail = 'resource rules must supply at least one resource'
    errors.push(required(path.child('resources'), detail))
  }
}

export function validateRules(rules: readonly Rule[], namespaced: boolean, errors: FieldError[]): void {
  rules.forEach((rule, index) => {
    validateRule(rule, namespaced, fieldPath('rules').index(index), errors)
  })
}
