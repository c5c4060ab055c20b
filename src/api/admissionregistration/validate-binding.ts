import type { FieldError } from '../../apimachinery/field-error.ts'
import { fieldForbidden, required } from '../../apimachinery/field-errors.ts'
import type { FieldPath } from '../../apimachinery/field-path.ts'
import { validateLabelSelector } from '../../apimachinery/label-selector-validation.ts'
import { isDns1123Subdomain, isPathSegmentName } from '../../apimachinery/names.ts'
import { checkRequiredChoice, checkRequiredText, checkText } from '../checks.ts'
import type { admissionregistration } from '../generated/types/index.ts'
import { validateMatchResources } from './validate-match-resources.ts'

type ParamRef = Partial<admissionregistration.v1.ParamRef>

/** What bindings of validating and mutating policies have in common. */
export interface BindingSpec {
  readonly policyName?: string
  readonly paramRef?: ParamRef
  readonly matchResources?: admissionregistration.v1.MatchResources
}

const exclusive = 'name and selector are mutually exclusive'

function validateParamRef(reference: ParamRef, path: FieldPath, errors: FieldError[]): void {
  const { name = '', selector, parameterNotFoundAction } = reference
  if (name !== '') {
    checkText(name, isPathSegmentName, path.child('name'), errors)
    if (selector !== undefined) errors.push(fieldForbidden(path.child('name'), exclusive))
  }
  if (selector !== undefined) {
    validateLabelSelector(selector, path.child('selector'), errors)
    if (name !== '') errors.push(fieldForbidden(path.child('selector'), exclusive))
  }
  if (name === '' && selector === undefined)
    errors.push(required(path, 'one of name or selector must be specified'))
  const where = path.child('parameterNotFoundAction')
  checkRequiredChoice(parameterNotFoundAction, ['Deny', 'Allow'], where, errors)
}

export function validateBindingSpec(spec: BindingSpec, path: FieldPath, errors: FieldError[]): void {
  checkRequiredText(spec.policyName, isDns1123Subdomain, path.child('policyName'), errors)
  if (spec.paramRef !== undefined) validateParamRef(spec.paramRef, path.child('paramRef'), errors)
  if (spec.matchResources !== undefined)
    validateMatchResources(spec.matchResources, path.child('matchResources'), errors)
}
