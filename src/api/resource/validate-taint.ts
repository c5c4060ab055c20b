import type { FieldError } from '../../apimachinery/field-error.ts'
import { invalidValue, notSupported, required } from '../../apimachinery/field-errors.ts'
import type { FieldPath } from '../../apimachinery/field-path.ts'
import type { resource } from '../generated/types/index.ts'
import { validateLabelKey, validateLabelText } from './names.ts'

const taintEffects: readonly string[] = ['NoExecute', 'NoSchedule', 'None']
const operators: readonly string[] = ['Equal', 'Exists']

/** `oldEffect`: an effect that was there before is not looked at again. */
export function validateDeviceTaint(
  taint: Partial<resource.v1.DeviceTaint>,
  oldEffect: string | undefined,
  path: FieldPath,
  errors: FieldError[],
): void {
  const { key = '', value = '', effect = '' } = taint
  validateLabelKey(key, path.child('key'), errors)
  if (value !== '') validateLabelText(value, path.child('value'), errors)
  if (oldEffect === effect) return
  if (effect === '') errors.push(required(path.child('effect')))
  else if (!taintEffects.includes(effect))
    errors.push(notSupported(path.child('effect'), effect, taintEffects))
}

export function validateDeviceToleration(
  toleration: resource.v1.DeviceToleration,
  path: FieldPath,
  errors: FieldError[],
): void {
  const { key = '', operator = '', value = '', effect = '' } = toleration
  if (key !== '') validateLabelKey(key, path.child('key'), errors)
  if (operator === 'Exists') {
    if (value !== '')
      errors.push(invalidValue(path.child('value'), value, 'must be empty for operator `Exists`'))
  } else if (operator === 'Equal') validateLabelText(value, path.child('value'), errors)
  else if (operator === '') errors.push(required(path.child('operator')))
  else errors.push(notSupported(path.child('operator'), operator, operators))
  if (effect !== '' && !taintEffects.includes(effect))
    errors.push(notSupported(path.child('effect'), effect, taintEffects))
}
