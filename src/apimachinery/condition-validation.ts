import type { FieldError } from './field-error.ts'
import { duplicate, invalidValue, notSupported, required, tooLong } from './field-errors.ts'
import type { FieldPath } from './field-path.ts'
import { isQualifiedName } from './label-syntax.ts'
import type { Condition } from './meta.ts'
import { formatComplaint } from './names.ts'
import { utf8Length } from './utf8-length.ts'

const statuses: readonly string[] = ['False', 'True', 'Unknown']
const maxReasonBytes = 1024
const maxMessageBytes = 32 * 1024
const reasonFormat = '[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?'
const reasonPattern = new RegExp(`^${reasonFormat}$`)
const reasonMessage =
  "a condition reason must start with alphabetic character, optionally followed by a string of alphanumeric characters or '_,:', and must end with an alphanumeric character or '_'"
const reasonExamples = ['my_name', 'MY_NAME', 'MyName', 'ReasonA,ReasonB', 'ReasonA:ReasonB']

function validateReason(reason: string, where: FieldPath, errors: FieldError[]): void {
  if (reason === '') {
    errors.push(required(where))
    return
  }
  if (!reasonPattern.test(reason))
    errors.push(invalidValue(where, reason, formatComplaint(reasonMessage, reasonFormat, ...reasonExamples)))
  if (utf8Length(reason) > maxReasonBytes) errors.push(tooLong(where, maxReasonBytes))
}

function validateCondition(condition: Partial<Condition>, path: FieldPath, errors: FieldError[]): void {
  const { type = '', status = '', observedGeneration = 0, message = '' } = condition
  for (const complaint of isQualifiedName(type))
    errors.push(invalidValue(path.child('type'), type, complaint))
  if (!statuses.includes(status)) errors.push(notSupported(path.child('status'), status, statuses))
  if (observedGeneration < 0) {
    const detail = 'must be greater than or equal to zero'
    errors.push(invalidValue(path.child('observedGeneration'), observedGeneration, detail))
  }
  if ((condition.lastTransitionTime ?? '') === '') errors.push(required(path.child('lastTransitionTime')))
  validateReason(condition.reason ?? '', path.child('reason'), errors)
  if (utf8Length(message) > maxMessageBytes) errors.push(tooLong(path.child('message'), maxMessageBytes))
}

/** Conditions of the common kind, in a status. */
export function validateConditions(
  conditions: readonly Partial<Condition>[] | undefined,
  path: FieldPath,
  errors: FieldError[],
): void {
  const types = new Set<string>()
  conditions?.forEach((condition, index) => {
    const type = condition.type ?? ''
    if (types.has(type)) errors.push(duplicate(path.index(index).child('type'), type))
    types.add(type)
    validateCondition(condition, path.index(index), errors)
  })
}
