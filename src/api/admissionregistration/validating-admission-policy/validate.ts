import { validateConditions } from '../../../apimachinery/condition-validation.ts'
import type { WriteContext } from '../../../apimachinery/define-kind.ts'
import type { FieldError } from '../../../apimachinery/field-error.ts'
import { duplicate, invalidValue, notSupported, required } from '../../../apimachinery/field-errors.ts'
import { type FieldPath, fieldPath } from '../../../apimachinery/field-path.ts'
import { isQualifiedName } from '../../../apimachinery/label-syntax.ts'
import { utf8Length } from '../../../apimachinery/utf8-length.ts'
import { checkText } from '../../checks.ts'
import type { admissionregistration } from '../../generated/types/index.ts'
import type { ExpressionChecker, StoredExpressions } from '../expression-checker.ts'
import { validateExpression } from '../validate-expression.ts'
import { checkerOfPolicy, validatePolicySpec } from '../validate-policy.ts'

type Policy = admissionregistration.v1.ValidatingAdmissionPolicy
type Spec = admissionregistration.v1.ValidatingAdmissionPolicySpec
type Annotation = Partial<admissionregistration.v1.AuditAnnotation>

const reasons: readonly string[] = ['Forbidden', 'Invalid', 'RequestEntityTooLarge']
const maxAnnotations = 20
const maxAnnotationExpressionBytes = 5 * 1024
const nonEmpty = 'must be non-empty if specified'

function validateValidation(
  { expression, message = '', messageExpression = '', reason }: Partial<admissionregistration.v1.Validation>,
  path: FieldPath,
  errors: FieldError[],
  checker: ExpressionChecker,
): void {
  const complaint = (text: string): string | undefined => checker.complaint('validation', text)
  validateExpression(expression, path.child('expression'), errors, complaint, 'expression is not specified')
  if (messageExpression !== '' && messageExpression.trim() === '')
    errors.push(invalidValue(path.child('messageExpression'), messageExpression, nonEmpty))
  else if (messageExpression !== '') {
    const detail = checker.complaint('messageExpression', messageExpression)
    if (detail !== undefined)
      errors.push(invalidValue(path.child('messageExpression'), messageExpression, detail))
  }
  if (message !== '' && message.trim() === '')
    errors.push(invalidValue(path.child('message'), message, nonEmpty))
  else if (/[\r\n]/.test(message.trim()))
    errors.push(invalidValue(path.child('message'), message, 'must not contain line breaks'))
  if (reason !== undefined && !reasons.includes(reason))
    errors.push(notSupported(path.child('reason'), reason, reasons))
}

function validateAnnotation(
  { key = '', valueExpression = '' }: Annotation,
  policy: string,
  path: FieldPath,
  errors: FieldError[],
  checker: ExpressionChecker,
): void {
  if (policy === '') errors.push(invalidValue(path.child('key'), key, 'requires metadata.name be non-empty'))
  else checkText(`${policy}/${key}`, isQualifiedName, path.child('key'), errors)
  const where = path.child('valueExpression')
  if (utf8Length(valueExpression.trim()) > maxAnnotationExpressionBytes)
    errors.push(required(where, `must not exceed ${maxAnnotationExpressionBytes} bytes in length`))
  else {
    const complaint = (text: string): string | undefined => checker.complaint('auditAnnotation', text.trim())
    validateExpression(valueExpression, where, errors, complaint, 'valueExpression is not specified')
  }
}

const storedIn = (old: Spec | undefined): StoredExpressions => ({
  validation: (old?.validations ?? []).map(({ expression }) => expression),
  messageExpression: (old?.validations ?? []).map(({ messageExpression }) => messageExpression),
  auditAnnotation: (old?.auditAnnotations ?? []).map(({ valueExpression }) => valueExpression),
})

function validateSpec(policy: Policy, old: Spec | undefined, errors: FieldError[]): void {
  const path = fieldPath('spec')
  const spec: Spec = policy.spec ?? {}
  const checker = checkerOfPolicy(spec, old, storedIn(old))
  validatePolicySpec(spec, old, path, errors, checker)
  const { validations = [], auditAnnotations: annotations = [] } = spec
  if (validations.length === 0 && annotations.length === 0) {
    const detail = 'validations or auditAnnotations must contain at least one item'
    errors.push(required(path.child('validations'), detail), required(path.child('auditAnnotations'), detail))
    return
  }
  validations.forEach((validation, index) => {
    validateValidation(validation, path.child('validations').index(index), errors, checker)
  })
  const where = path.child('auditAnnotations')
  if (annotations.length > maxAnnotations) {
    const detail = `must not have more than ${maxAnnotations} auditAnnotations`
    errors.push(invalidValue(where, annotations, detail))
  }
  const keys = new Set<string>()
  annotations.forEach((annotation, index) => {
    const { key = '' } = annotation
    validateAnnotation(annotation, policy.metadata?.name ?? '', where.index(index), errors, checker)
    if (keys.has(key)) errors.push(duplicate(where.index(index).child('key'), key))
    keys.add(key)
  })
}

function validateStatus({ status }: Policy, errors: FieldError[]): void {
  const path = fieldPath('status')
  status?.typeChecking?.expressionWarnings?.forEach(({ warning = '', fieldRef = '' }, index) => {
    const where = path.child('typeChecking').child('expressionWarnings').index(index)
    if (warning === '') errors.push(required(where.child('warning')))
    if (fieldRef.trim() === '') errors.push(required(where.child('fieldRef')))
  })
  validateConditions(status?.conditions, path.child('conditions'), errors)
}

export function validateValidatingPolicy(
  policy: Policy,
  old: Policy | undefined,
  { subresource }: WriteContext,
): readonly FieldError[] {
  const errors: FieldError[] = []
  if (old !== undefined && subresource === 'status') validateStatus(policy, errors)
  else validateSpec(policy, old?.spec, errors)
  return errors
}
