import type { FieldError } from '../field-error.ts'
import { invalidValue, notSupported, required } from '../field-errors.ts'
import type { FieldPath } from '../field-path.ts'
import { resolveFieldPath } from './field-paths.ts'
import type { JsonSchema, SchemaRule } from './json-schema.ts'
import { unsupportedWord } from './unsupported-word.ts'

const reasons = ['FieldValueDuplicate', 'FieldValueForbidden', 'FieldValueInvalid', 'FieldValueRequired']
const hasLineBreaks = (text: string): boolean => /[\n\r]/.test(text)

function checkTexts(rule: SchemaRule, path: FieldPath, errors: FieldError[]): void {
  const { message = '', messageExpression = '' } = rule
  const text = rule.rule.trim()
  const told = message.trim()
  const where = path.child('message')
  if (text === '') errors.push(required(path.child('rule'), 'rule is not specified'))
  else if (message !== '' && told === '')
    errors.push(invalidValue(where, message, 'must be non-empty if specified'))
  else if (hasLineBreaks(told)) errors.push(invalidValue(where, message, 'must not contain line breaks'))
  else if (hasLineBreaks(text) && told === '')
    errors.push(required(where, 'message must be specified if rule contains line breaks'))
  if (messageExpression !== '' && messageExpression.trim() === '') {
    const detail = 'messageExpression must be non-empty if specified'
    errors.push(required(path.child('messageExpression'), detail))
  }
}

/** What can be said of `x-kubernetes-validations` without compiling them. */
export function checkRuleTexts(schema: JsonSchema, path: FieldPath, errors: FieldError[]): void {
  const rules = schema['x-kubernetes-validations'] ?? []
  rules.forEach((rule, index) => {
    const at = path.child('x-kubernetes-validations').index(index)
    checkTexts(rule, at, errors)
    const { reason, fieldPath = '' } = rule
    if (reason !== undefined && !reasons.includes(reason))
      errors.push(notSupported(at.child('reason'), reason, reasons))
    if (fieldPath === '') return
    const where = at.child('fieldPath')
    if (fieldPath.trim() === '') errors.push(invalidValue(where, fieldPath, 'must be non-empty if specified'))
    if (hasLineBreaks(fieldPath)) errors.push(invalidValue(where, fieldPath, 'must not contain line breaks'))
    // Upstream looks for fields only in what it can read as structural.
    if ('error' in resolveFieldPath(fieldPath, schema, true) && unsupportedWord(schema) === undefined)
      errors.push(invalidValue(where, fieldPath, 'must be a valid path'))
  })
}
