import type { FieldError } from '../../apimachinery/field-error.ts'
import { invalidValue, required } from '../../apimachinery/field-errors.ts'
import type { FieldPath } from '../../apimachinery/field-path.ts'
import { isDns1035Label, isDns1123Subdomain } from '../../apimachinery/names.ts'
import { semanticallyEqual } from '../../apimachinery/semantically-equal.ts'
import { checkPresentChoice } from '../checks.ts'
import type { admissionregistration } from '../generated/types/index.ts'
import { ExpressionChecker, type StoredExpressions } from './expression-checker.ts'
import { validateExpression } from './validate-expression.ts'
import { validateMatchResources } from './validate-match-resources.ts'
import { validateMatchConditions } from './validate-webhooks.ts'

type ParamKind = admissionregistration.v1.ParamKind

/** What validating and mutating policies have in common. */
export interface PolicySpec {
  readonly failurePolicy?: string
  readonly paramKind?: ParamKind
  readonly matchConstraints?: admissionregistration.v1.MatchResources
  readonly matchConditions?: readonly admissionregistration.v1.MatchCondition[]
  readonly variables?: readonly admissionregistration.v1.Variable[]
}

const identifier = /^[_a-zA-Z][_a-zA-Z0-9]*$/
const reserved = new Set(
  'true false null in as break const continue else for function if import let loop package namespace return var void while'.split(
    ' ',
  ),
)

function validateApiVersion(apiVersion: string, where: FieldPath, errors: FieldError[]): void {
  const parts = apiVersion === '/' ? [''] : apiVersion.split('/')
  if (parts.length > 2) {
    errors.push(invalidValue(where, apiVersion, `unexpected GroupVersion string: ${apiVersion}`))
    return
  }
  const version = parts.at(-1) ?? ''
  const group = parts.length === 2 ? (parts[0] ?? '') : ''
  const groupComplaints = group === '' ? [] : isDns1123Subdomain(group)
  if (groupComplaints.length > 0) errors.push(invalidValue(where, group, groupComplaints.join(',')))
  const complaints = isDns1035Label(version)
  if (version === '') errors.push(invalidValue(where, apiVersion, 'version must be specified'))
  else if (complaints.length > 0) errors.push(invalidValue(where, version, complaints.join(',')))
}

function validateParamKind(
  { apiVersion = '', kind = '' }: ParamKind,
  path: FieldPath,
  errors: FieldError[],
): void {
  if (apiVersion === '') errors.push(required(path.child('apiVersion')))
  else validateApiVersion(apiVersion, path.child('apiVersion'), errors)
  const complaints = isDns1035Label(kind.toLowerCase())
  if (kind === '') errors.push(required(path.child('kind')))
  else if (complaints.length > 0) {
    const detail = `may have mixed case, but should otherwise match: ${complaints.join(',')}`
    errors.push(invalidValue(path.child('kind'), kind, detail))
  }
}

function validateVariable(
  { name = '', expression }: Partial<admissionregistration.v1.Variable>,
  path: FieldPath,
  errors: FieldError[],
  checker: ExpressionChecker,
): void {
  const where = path.child('name')
  if (name.trim() === '') errors.push(required(where, 'name is not specified'))
  else if (!identifier.test(name) || reserved.has(name))
    errors.push(invalidValue(where, name, 'must be a valid CEL identifier'))
  const complaint = (text: string): string | undefined => checker.variableComplaint(name, text)
  validateExpression(expression, path.child('expression'), errors, complaint, 'expression is not specified')
}

/** `stored`: the expressions that the policy has already, beside those of its match conditions. */
export const checkerOfPolicy = (
  spec: PolicySpec,
  old: PolicySpec | undefined,
  stored: StoredExpressions,
): ExpressionChecker =>
  new ExpressionChecker({
    hasParams: spec.paramKind !== undefined,
    hasVariables: (spec.variables ?? []).length > 0,
    stored: { ...stored, matchCondition: (old?.matchConditions ?? []).map(({ expression }) => expression) },
  })

/** Up to and with its variables; `between` comes after its constraints, as upstream has it. */
export function validatePolicySpec(
  spec: PolicySpec,
  old: PolicySpec | undefined,
  path: FieldPath,
  errors: FieldError[],
  checker: ExpressionChecker,
  between: (match: admissionregistration.v1.MatchResources, where: FieldPath) => void = () => undefined,
): void {
  checkPresentChoice(spec.failurePolicy, ['Fail', 'Ignore'], path.child('failurePolicy'), errors)
  if (spec.paramKind !== undefined) validateParamKind(spec.paramKind, path.child('paramKind'), errors)
  const where = path.child('matchConstraints')
  const match = spec.matchConstraints
  if (match === undefined) errors.push(required(where))
  else {
    validateMatchResources(match, where, errors)
    if ((match.resourceRules ?? []).length === 0) errors.push(required(where.child('resourceRules')))
    between(match, where)
  }
  const unchanged =
    old !== undefined &&
    semanticallyEqual(spec.paramKind, old.paramKind) &&
    semanticallyEqual(spec.matchConditions, old.matchConditions)
  if (!unchanged)
    validateMatchConditions(spec.matchConditions, path.child('matchConditions'), errors, checker)
  spec.variables?.forEach((variable, index) => {
    validateVariable(variable, path.child('variables').index(index), errors, checker)
  })
}
