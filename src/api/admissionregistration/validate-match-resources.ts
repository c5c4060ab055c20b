import type { FieldError } from '../../apimachinery/field-error.ts'
import { duplicate, notSupported, required } from '../../apimachinery/field-errors.ts'
import type { FieldPath } from '../../apimachinery/field-path.ts'
import { validateLabelSelector } from '../../apimachinery/label-selector-validation.ts'
import { isPathSegmentName } from '../../apimachinery/names.ts'
import { checkPresentChoice, checkText } from '../checks.ts'
import type { admissionregistration } from '../generated/types/index.ts'
import { validateRule } from './validate-rules.ts'

type Match = admissionregistration.v1.MatchResources
type Rule = admissionregistration.v1.NamedRuleWithOperations

const mutatingOperations: readonly string[] = ['*', 'CONNECT', 'CREATE', 'UPDATE']

function validateNamedRule(rule: Rule, path: FieldPath, errors: FieldError[]): void {
  const names = rule.resourceNames ?? []
  names.forEach((name, index) => {
    const where = path.child('resourceNames').index(index)
    checkText(name, isPathSegmentName, where, errors)
    if (names.indexOf(name) < index) errors.push(duplicate(where, name))
  })
  validateRule(rule, path, errors)
}

/** Which requests a policy or binding is for. */
export function validateMatchResources(match: Match, path: FieldPath, errors: FieldError[]): void {
  checkPresentChoice(match.matchPolicy, ['Equivalent', 'Exact'], path.child('matchPolicy'), errors)
  for (const field of ['namespaceSelector', 'objectSelector'] as const) {
    if (match[field] === undefined) errors.push(required(path.child(field)))
    else validateLabelSelector(match[field], path.child(field), errors)
  }
  for (const field of ['resourceRules', 'excludeResourceRules'] as const)
    match[field]?.forEach((rule, index) => {
      validateNamedRule(rule, path.child(field).index(index), errors)
    })
}

/** Deletions cannot be mutated. */
export function validateMutatingOperations(match: Match, path: FieldPath, errors: FieldError[]): void {
  const where = path.child('resourceRules').child('operations')
  for (const { operations = [] } of match.resourceRules ?? [])
    for (const operation of operations)
      if (!mutatingOperations.includes(operation))
        errors.push(notSupported(where, operation, mutatingOperations))
}
