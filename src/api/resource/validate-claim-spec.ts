import type { Features } from '../../apimachinery/feature-gates.ts'
import type { FieldError } from '../../apimachinery/field-error.ts'
import { invalidValue, notSupported, required } from '../../apimachinery/field-errors.ts'
import type { FieldPath } from '../../apimachinery/field-path.ts'
import { isDns1123Subdomain } from '../../apimachinery/names.ts'
import { checkLabelName, checkRequiredText } from '../checks.ts'
import type { resource } from '../generated/types/index.ts'
import { validateDistinct, validateItems } from './lists.ts'
import { validateFullAttributeName } from './names.ts'
import { maxRequests, type RequestNames, requestNamesOf, validateRequestReferences } from './request-names.ts'
import { validateDeviceConfiguration } from './validate-configuration.ts'
import { validateDeviceSelectors } from './validate-selectors.ts'
import { validateDeviceToleration } from './validate-taint.ts'

type Request = Partial<resource.v1.DeviceRequest>
type Exact = Partial<resource.v1.ExactDeviceRequest>
type Constraint = resource.v1.DeviceConstraint

const maxConstraints = 32
const maxConfigurations = 32
const maxAlternatives = 8
const modes: readonly string[] = ['All', 'ExactCount']

function validateAmount(
  { allocationMode = '', count = 0 }: Exact,
  path: FieldPath,
  errors: FieldError[],
): void {
  if (allocationMode === 'All') {
    const detail = "must not be specified when allocationMode is 'All'"
    if (count !== 0) errors.push(invalidValue(path.child('count'), count, detail))
  } else if (allocationMode === 'ExactCount') {
    if (count <= 0) errors.push(invalidValue(path.child('count'), count, 'must be greater than zero'))
  } else errors.push(notSupported(path.child('allocationMode'), allocationMode, modes))
}

/** What requests and their alternatives have in common. */
function validateExact(request: Exact, path: FieldPath, errors: FieldError[]): void {
  checkRequiredText(request.deviceClassName, isDns1123Subdomain, path.child('deviceClassName'), errors)
  validateDeviceSelectors(request.selectors, path.child('selectors'), errors)
  validateAmount(request, path, errors)
  request.tolerations?.forEach((toleration, index) => {
    validateDeviceToleration(toleration, path.child('tolerations').index(index), errors)
  })
}

function validateRequest(request: Request, path: FieldPath, errors: FieldError[]): void {
  const { exactly, firstAvailable = [] } = request
  checkLabelName(request.name ?? '', path.child('name'), errors)
  const oneOf = 'exactly one of `exactly` or `firstAvailable` is required'
  if (exactly !== undefined && firstAvailable.length > 0)
    errors.push(invalidValue(path, null, `${oneOf}, but multiple fields are set`))
  else if (exactly !== undefined) validateExact(exactly, path.child('exactly'), errors)
  else if (firstAvailable.length === 0) errors.push(required(path, oneOf))
  else
    validateDistinct(
      firstAvailable,
      maxAlternatives,
      (sub, where, list) => {
        checkLabelName(sub.name ?? '', where.child('name'), list)
        validateExact(sub, where, list)
      },
      ({ name }) => name ?? '',
      path.child('firstAvailable'),
      errors,
    )
}

function validateConstraint(
  constraint: Constraint,
  names: RequestNames,
  features: Features,
  path: FieldPath,
  errors: FieldError[],
): void {
  const { matchAttribute, distinctAttribute } = constraint
  validateRequestReferences(constraint.requests, names, path, errors)
  if (matchAttribute !== undefined)
    validateFullAttributeName(matchAttribute, path.child('matchAttribute'), errors)
  else if (distinctAttribute !== undefined)
    validateFullAttributeName(distinctAttribute, path.child('distinctAttribute'), errors)
  else if (features.enabled('DRAConsumableCapacity')) {
    const detail =
      'exactly one of "matchAttribute" or "distinctAttribute" is required, but multiple fields are set'
    errors.push(required(path, detail))
  } else errors.push(required(path.child('matchAttribute')))
}

/** What a claim asks for: a spec is checked once, as it never changes. */
export function validateClaimSpec(
  spec: Partial<resource.v1.ResourceClaimSpec>,
  features: Features,
  path: FieldPath,
  errors: FieldError[],
): void {
  const devices = spec.devices ?? {}
  const where = path.child('devices')
  const names = requestNamesOf(devices)
  const requests = where.child('requests')
  validateDistinct(
    devices.requests ?? [],
    maxRequests,
    validateRequest,
    ({ name }) => name ?? '',
    requests,
    errors,
  )
  validateItems(
    devices.constraints ?? [],
    maxConstraints,
    (constraint, at, list) => validateConstraint(constraint, names, features, at, list),
    where.child('constraints'),
    errors,
  )
  validateItems(
    devices.config ?? [],
    maxConfigurations,
    (config, at, list) => {
      validateRequestReferences(config.requests, names, at, list)
      validateDeviceConfiguration(config, false, at, list)
    },
    where.child('config'),
    errors,
  )
}
