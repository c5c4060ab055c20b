import type { FieldError } from '../../../apimachinery/field-error.ts'
import { duplicate, fieldForbidden, invalidValue, required } from '../../../apimachinery/field-errors.ts'
import { type FieldPath, fieldPath } from '../../../apimachinery/field-path.ts'
import { isQualifiedName } from '../../../apimachinery/label-syntax.ts'
import { compareQuantities, quantityNumber } from '../../../apimachinery/quantity.ts'
import { checkText } from '../../checks.ts'
import type { core } from '../../generated/types/index.ts'
import { validateContainerResourceName, validateResourceName } from '../pod/validation/validate-resources.ts'
import { isOvercommitAllowed } from '../resource-names.ts'

type Item = core.v1.LimitRangeItem
type ListName = 'max' | 'min' | 'default' | 'defaultRequest' | 'maxLimitRequestRatio'

const limitTypes: readonly string[] = ['Container', 'PersistentVolumeClaim', 'Pod']

function validateType(type: string, path: FieldPath, errors: FieldError[]): void {
  const before = errors.length
  checkText(type, isQualifiedName, path, errors)
  if (errors.length === before && !type.includes('/') && !limitTypes.includes(type))
    errors.push(invalidValue(path, type, 'must be a standard limit type or fully qualified'))
}

function validateNames(item: Item, list: ListName, path: FieldPath, errors: FieldError[]): void {
  const ofContainers = item.type === 'Pod' || item.type === 'Container'
  const check = ofContainers ? validateContainerResourceName : validateResourceName
  for (const name in item[list]) check(name, path.child(list).key(name), errors)
}

/** Each pair says that the first may not be above the second, and whose fault it is. */
const orders: readonly (readonly [ListName, ListName, ListName, ListName, string, string])[] = [
  ['min', 'max', 'min', 'min', 'min value', 'max value'],
  ['min', 'defaultRequest', 'defaultRequest', 'defaultRequest', 'min value', 'default request value'],
  ['defaultRequest', 'max', 'defaultRequest', 'defaultRequest', 'default request value', 'max value'],
  [
    'defaultRequest',
    'default',
    'defaultRequest',
    'defaultRequest',
    'default request value',
    'default limit value',
  ],
  ['min', 'default', 'default', 'min', 'min value', 'default value'],
  ['default', 'max', 'default', 'max', 'default value', 'max value'],
]

function validateRatio(item: Item, name: string, path: FieldPath, errors: FieldError[]): void {
  const ratio = item.maxLimitRequestRatio?.[name]
  if (ratio === undefined) return
  const where = path.child('maxLimitRequestRatio').key(name)
  if (compareQuantities(ratio, '1') < 0)
    errors.push(invalidValue(where, ratio, `ratio ${ratio} is less than 1`))
  const min = item.min?.[name]
  const max = item.max?.[name]
  if (min === undefined || max === undefined) return
  const highest = quantityNumber(max) / quantityNumber(min)
  if (quantityNumber(ratio) > highest) {
    const detail = `ratio ${ratio} is greater than max/min = ${highest.toFixed(6)}`
    errors.push(invalidValue(where, ratio, detail))
  }
}

function validateAmounts(item: Item, name: string, path: FieldPath, errors: FieldError[]): void {
  const isPod = item.type === 'Pod'
  const amount = (list: ListName): string | undefined =>
    isPod && (list === 'default' || list === 'defaultRequest') ? undefined : item[list]?.[name]
  for (const [lower, upper, field, shown, lowerName, upperName] of orders) {
    const low = amount(lower)
    const high = amount(upper)
    if (low === undefined || high === undefined || compareQuantities(low, high) <= 0) continue
    const detail = `${lowerName} ${low} is greater than ${upperName} ${high}`
    errors.push(invalidValue(path.child(field).key(name), amount(shown), detail))
  }
  validateRatio(item, name, path, errors)
  const limit = amount('default')
  const request = amount('defaultRequest')
  if (isOvercommitAllowed(name) || limit === undefined || request === undefined) return
  if (compareQuantities(limit, request) === 0) return
  const detail = `default value ${limit} must equal to defaultRequest value ${request} in ${name}`
  errors.push(invalidValue(path.child('defaultRequest').key(name), request, detail))
}

function validateItem(item: Item, path: FieldPath, errors: FieldError[]): void {
  const lists: ListName[] = ['max', 'min']
  for (const list of lists) validateNames(item, list, path, errors)
  for (const list of ['default', 'defaultRequest'] as const) {
    if (item.type !== 'Pod') {
      lists.push(list)
      validateNames(item, list, path, errors)
    } else if (Object.keys(item[list] ?? {}).length > 0)
      errors.push(fieldForbidden(path.child(list), "may not be specified when `type` is 'Pod'"))
  }
  const bounded = item.min?.storage !== undefined || item.max?.storage !== undefined
  if (item.type === 'PersistentVolumeClaim' && !bounded) {
    const detail = 'either minimum or maximum storage value is required, but neither was provided'
    errors.push(required(path.child('limits'), detail))
  }
  lists.push('maxLimitRequestRatio')
  validateNames(item, 'maxLimitRequestRatio', path, errors)
  const names = new Set(lists.flatMap((list) => Object.keys(item[list] ?? {})))
  for (const name of names) validateAmounts(item, name, path, errors)
}

export function validateLimitRange(range: core.v1.LimitRange): readonly FieldError[] {
  const errors: FieldError[] = []
  const path = fieldPath('spec.limits')
  const types = new Set<string>()
  range.spec?.limits?.forEach((item, index) => {
    const where = path.index(index)
    const type = item.type ?? ''
    validateType(type, where.child('type'), errors)
    if (types.has(type)) errors.push(duplicate(where.child('type'), type))
    types.add(type)
    validateItem(item, where, errors)
  })
  return errors
}
