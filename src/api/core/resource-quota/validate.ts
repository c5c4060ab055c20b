import type { WriteContext } from '../../../apimachinery/define-kind.ts'
import type { FieldError } from '../../../apimachinery/field-error.ts'
import { immutableMessage, invalidValue, required } from '../../../apimachinery/field-errors.ts'
import { type FieldPath, fieldPath } from '../../../apimachinery/field-path.ts'
import type { StringMap } from '../../../apimachinery/meta.ts'
import type { core } from '../../generated/types/index.ts'
import { validateResourceName, validateResourceQuantity } from '../pod/validation/validate-resources.ts'
import { isStandardQuotaResource } from '../resource-names.ts'
import { isQuotaScope, isScopeValidFor, opposites } from './scopes.ts'

type Spec = core.v1.ResourceQuotaSpec

function validateAmounts(amounts: StringMap | undefined, path: FieldPath, errors: FieldError[]): void {
  for (const name in amounts) {
    const where = path.key(name)
    validateResourceName(name, where, errors)
    if (!name.includes('/') && !isStandardQuotaResource(name))
      errors.push(invalidValue(where, name, 'must be a standard resource for quota'))
    validateResourceQuantity(name, amounts[name] ?? '', where, errors)
  }
}

/** The resources that are limited and that a scope says nothing about. */
const unsupported = (spec: Spec, scope: string): readonly string[] =>
  Object.keys(spec.hard ?? {}).filter(
    (name) => isStandardQuotaResource(name) && !isScopeValidFor(scope, name),
  )

function validateConflicts(
  scopes: readonly string[],
  spec: Spec,
  path: FieldPath,
  errors: FieldError[],
): void {
  for (const pair of opposites)
    if (pair.every((scope) => scopes.includes(scope)))
      errors.push(invalidValue(path, spec.scopes ?? null, 'conflicting scopes'))
}

function validateScopes(spec: Spec, path: FieldPath, errors: FieldError[]): void {
  const { scopes = [] } = spec
  for (const scope of scopes) {
    if (!isQuotaScope(scope)) errors.push(invalidValue(path, scopes, 'unsupported scope'))
    for (const _name of unsupported(spec, scope))
      errors.push(invalidValue(path, scopes, 'unsupported scope applied to resource'))
  }
  validateConflicts(scopes, spec, path, errors)
}

const existenceMessage =
  "must be 'Exists' when scope is any of ResourceQuotaScopeTerminating, ResourceQuotaScopeNotTerminating, ResourceQuotaScopeBestEffort, ResourceQuotaScopeNotBestEffort or ResourceQuotaScopeCrossNamespacePodAffinity"

const existenceScopes = new Set([
  'BestEffort',
  'NotBestEffort',
  'Terminating',
  'NotTerminating',
  'CrossNamespacePodAffinity',
])

function validateRequirement(
  requirement: core.v1.ScopedResourceSelectorRequirement,
  spec: Spec,
  path: FieldPath,
  errors: FieldError[],
): void {
  const { scopeName = '', operator = '', values = [] } = requirement
  if (!isQuotaScope(scopeName))
    errors.push(invalidValue(path.child('scopeName'), scopeName, 'unsupported scope'))
  for (const _name of unsupported(spec, scopeName))
    errors.push(invalidValue(path, spec.scopeSelector, 'unsupported scope applied to resource'))
  if (existenceScopes.has(scopeName) && operator !== 'Exists')
    errors.push(invalidValue(path.child('operator'), operator, existenceMessage))
  if (operator === 'In' || operator === 'NotIn') {
    const detail = "must be at least one value when `operator` is 'In' or 'NotIn' for scope selector"
    if (values.length === 0) errors.push(required(path.child('values'), detail))
  } else if (operator === 'Exists' || operator === 'DoesNotExist') {
    const detail = "must be no value when `operator` is 'Exist' or 'DoesNotExist' for scope selector"
    if (values.length > 0) errors.push(invalidValue(path.child('values'), values, detail))
  } else errors.push(invalidValue(path.child('operator'), operator, 'not a valid selector operator'))
}

function validateSpec(spec: Spec, errors: FieldError[]): void {
  const path = fieldPath('spec')
  validateAmounts(spec.hard, path.child('hard'), errors)
  validateScopes(spec, path.child('scopes'), errors)
  const requirements = spec.scopeSelector?.matchExpressions ?? []
  const where = path.child('scopeSelector.matchExpressions')
  for (const requirement of requirements) validateRequirement(requirement, spec, where, errors)
  const names = requirements.map((requirement) => requirement.scopeName)
  validateConflicts(names, spec, where, errors)
}

export function validateResourceQuota(
  quota: core.v1.ResourceQuota,
  old: core.v1.ResourceQuota | undefined,
  context: WriteContext,
): readonly FieldError[] {
  const errors: FieldError[] = []
  const { spec = {}, status = {} } = quota
  if (old !== undefined && context.subresource === 'status') {
    validateAmounts(status.hard, fieldPath('status.hard'), errors)
    validateAmounts(status.used, fieldPath('status.used'), errors)
    return errors
  }
  validateSpec(spec, errors)
  const sorted = (scopes: readonly string[] = []): string => [...new Set(scopes)].sort().join()
  if (old !== undefined && sorted(spec.scopes) !== sorted(old.spec?.scopes))
    errors.push(invalidValue('spec.scopes', spec.scopes ?? null, immutableMessage))
  return errors
}
