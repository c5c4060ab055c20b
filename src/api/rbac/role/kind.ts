import { defineKind } from '../../../apimachinery/define-kind.ts'
import type { FieldError } from '../../../apimachinery/field-error.ts'
import type { rbac } from '../../generated/types/index.ts'
import { validateRules } from '../validate-rules.ts'

function validate({ rules }: rbac.v1.Role): readonly FieldError[] {
  const errors: FieldError[] = []
  validateRules(rules ?? [], true, errors)
  return errors
}

export const Role = defineKind<rbac.v1.Role>({
  group: 'rbac.authorization.k8s.io',
  version: 'v1',
  kind: 'Role',
  resource: 'roles',
  namespaced: true,
  schema: 'io.k8s.api.rbac.v1.Role',
  changedMetadata: ['whole', 'change'],
  nameRule: 'path-segment',
  allowCreateOnUpdate: true,
  validate,
})
