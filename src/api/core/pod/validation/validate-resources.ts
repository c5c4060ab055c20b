import type { FieldError } from '../../../../apimachinery/field-error.ts'
import {
  duplicate,
  fieldForbidden,
  fieldNotFound,
  invalidValue,
  notSupported,
  required,
} from '../../../../apimachinery/field-errors.ts'
import type { FieldPath } from '../../../../apimachinery/field-path.ts'
import { isQualifiedName } from '../../../../apimachinery/label-syntax.ts'
import { amountOf, compareQuantities } from '../../../../apimachinery/quantity.ts'
import { checkLabelName, checkNonNegativeQuantity, checkText } from '../../../checks.ts'
import type { core } from '../../../generated/types/index.ts'
import {
  isExtendedResource,
  isHugePages,
  isIntegerResource,
  isNativeResource,
  isOvercommitAllowed,
  isStandardContainerResource,
  isStandardResource,
} from '../../resource-names.ts'

export function validateResourceName(name: string, path: FieldPath, errors: FieldError[]): void {
  const before = errors.length
  checkText(name, isQualifiedName, path, errors)
  if (errors.length === before && !name.includes('/') && !isStandardResource(name))
    errors.push(invalidValue(path, name, 'must be a standard resource type or fully qualified'))
}

export function validateContainerResourceName(name: string, path: FieldPath, errors: FieldError[]): void {
  if (isStandardContainerResource(name)) return
  validateResourceName(name, path, errors)
  if (!name.includes('/')) errors.push(invalidValue(path, name, 'must be a standard resource for containers'))
  else if (!isNativeResource(name) && !isExtendedResource(name))
    errors.push(invalidValue(path, name, "doesn't follow extended resource name standard"))
}

function validatePodResourceName(name: string, path: FieldPath, errors: FieldError[]): void {
  const before = errors.length
  validateResourceName(name, path, errors)
  if (errors.length === before && name !== 'cpu' && name !== 'memory' && !isHugePages(name))
    errors.push(notSupported(path, name, ['cpu', 'hugepages-', 'memory']))
}

/** An amount of a resource: not negative, and whole where parts of it make no sense. */
export function validateResourceQuantity(
  name: string,
  quantity: string,
  path: FieldPath,
  errors: FieldError[],
): void {
  checkNonNegativeQuantity(quantity, path, errors)
  if (isIntegerResource(name) && (amountOf(quantity)?.nano ?? 0n) % 1_000_000_000n !== 0n)
    errors.push(invalidValue(path, quantity, 'must be an integer'))
}

function validateHugePages(name: string, quantity: string, path: FieldPath, errors: FieldError[]): void {
  const page = amountOf(name.slice('hugepages-'.length))?.nano ?? 0n
  const amount = amountOf(quantity)?.nano ?? 0n
  if (page > 0n && amount >= 0n && amount % page === 0n) return
  errors.push(invalidValue(path, quantity, `${quantity} is not positive integer multiple of ${name}`))
}

function validateRequest(
  name: string,
  quantity: string,
  requirements: core.v1.ResourceRequirements,
  path: FieldPath,
  errors: FieldError[],
): void {
  const limit = requirements.limits?.[name]
  const where = path.child('requests')
  if (limit !== undefined) {
    const order = compareQuantities(quantity, limit)
    if (order !== 0 && !isOvercommitAllowed(name))
      errors.push(invalidValue(where, quantity, `must be equal to ${name} limit of ${limit}`))
    else if (order > 0)
      errors.push(invalidValue(where, quantity, `must be less than or equal to ${name} limit of ${limit}`))
  } else if (!isOvercommitAllowed(name))
    errors.push(required(path.child('limits'), 'Limit must be set for non overcommitable resources'))
}

function validateClaims(
  claims: readonly core.v1.ResourceClaim[],
  known: ReadonlySet<string>,
  path: FieldPath,
  errors: FieldError[],
): void {
  const seen = new Set<string>()
  claims.forEach((claim, index) => {
    const where = path.index(index)
    const { name = '', request = '' } = claim
    if (name === '') {
      errors.push(required(where))
      return
    }
    const key = request === '' ? name : `${name}/${request}`
    if (request !== '' && !seen.has(name)) checkLabelName(request, where.child('request'), errors)
    if (seen.has(name)) errors.push(duplicate(where, name))
    else if (seen.has(key)) errors.push(duplicate(where, key))
    else if (request === '' && [...seen].some((other) => other.startsWith(`${name}/`)))
      errors.push(duplicate(where, name))
    seen.add(key)
    if (!known.has(name)) {
      const names = known.size === 0 ? ' which is empty' : `: ${[...known].sort().join(', ')}`
      const missing = fieldNotFound(where, name)
      const message = `${missing.message}: must be one of the names in pod.spec.resourceClaims${names}`
      errors.push({ ...missing, message })
    }
  })
}

export interface ResourceRules {
  /** Whose resources: they differ in what may be named. */
  readonly of: 'container' | 'pod'
  /** Names in `spec.resourceClaims`. */
  readonly claims: ReadonlySet<string>
}

const isComputeResource = (name: string): boolean => name === 'cpu' || name === 'memory'

export function validateResources(
  requirements: core.v1.ResourceRequirements,
  rules: ResourceRules,
  path: FieldPath,
  errors: FieldError[],
): void {
  const checkName = rules.of === 'pod' ? validatePodResourceName : validateContainerResourceName
  let compute = false
  let hugePages = false
  for (const kind of ['limits', 'requests'] as const) {
    const list = requirements[kind]
    for (const name in list) {
      const quantity = list[name] ?? ''
      const where = path.child(kind).key(name)
      checkName(name, where, errors)
      validateResourceQuantity(name, quantity, where, errors)
      if (kind === 'requests') validateRequest(name, quantity, requirements, path, errors)
      if (isHugePages(name)) {
        hugePages = true
        validateHugePages(name, quantity, where, errors)
      }
      compute ||= isComputeResource(name)
    }
  }
  if (hugePages && !compute) errors.push(fieldForbidden(path, 'HugePages require cpu or memory'))
  if (requirements.claims !== undefined)
    validateClaims(requirements.claims, rules.claims, path.child('claims'), errors)
}
