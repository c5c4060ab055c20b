import { defineKind } from '../../../apimachinery/define-kind.ts'
import type { FieldError } from '../../../apimachinery/field-error.ts'
import { invalidValue, required } from '../../../apimachinery/field-errors.ts'
import { fieldPath } from '../../../apimachinery/field-path.ts'
import {
  hasInvalidLabelValue,
  validateLabelSelector,
} from '../../../apimachinery/label-selector-validation.ts'
import { labelMatcherOf } from '../../../apimachinery/selectors/label-selector.ts'
import type { rbac } from '../../generated/types/index.ts'
import { validateRules } from '../validate-rules.ts'

type ClusterRole = rbac.v1.ClusterRole

function validate(role: ClusterRole, old: ClusterRole | undefined): readonly FieldError[] {
  const errors: FieldError[] = []
  validateRules(role.rules ?? [], false, errors)
  if (role.aggregationRule === undefined) return errors
  const path = fieldPath('aggregationRule').child('clusterRoleSelectors')
  const selectors = role.aggregationRule.clusterRoleSelectors ?? []
  if (selectors.length === 0) {
    const detail = 'at least one clusterRoleSelector required if aggregationRule is non-nil'
    errors.push(required(path, detail))
  }
  const lenient = (old?.aggregationRule?.clusterRoleSelectors ?? []).some(hasInvalidLabelValue)
  selectors.forEach((selector, index) => {
    validateLabelSelector(selector, path.index(index), errors, lenient)
    if ('error' in labelMatcherOf(selector))
      errors.push(invalidValue(path.index(index), null, 'invalid label selector.'))
  })
  return errors
}

export const ClusterRole = defineKind<ClusterRole>({
  group: 'rbac.authorization.k8s.io',
  version: 'v1',
  kind: 'ClusterRole',
  resource: 'clusterroles',
  namespaced: false,
  schema: 'io.k8s.api.rbac.v1.ClusterRole',
  changedMetadata: ['whole', 'change'],
  nameRule: 'path-segment',
  allowCreateOnUpdate: true,
  validate,
})
