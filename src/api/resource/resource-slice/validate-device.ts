import type { FieldError } from '../../../apimachinery/field-error.ts'
import { fieldNotFound, invalidValue, required, tooMany } from '../../../apimachinery/field-errors.ts'
import type { FieldPath } from '../../../apimachinery/field-path.ts'
import { isDns1123Subdomain } from '../../../apimachinery/names.ts'
import { compareQuantities } from '../../../apimachinery/quantity.ts'
import { semanticallyEqual } from '../../../apimachinery/semantically-equal.ts'
import { checkLabelName, checkText } from '../../checks.ts'
import { validateNodeSelector } from '../../core/pod/validation/validate-affinity.ts'
import { isNativeResource } from '../../core/resource-names.ts'
import type { resource } from '../../generated/types/index.ts'
import { validateBindingConditions } from '../binding-conditions.ts'
import { shownKey, validateDistinct, validateItems } from '../lists.ts'
import { validateAttributeName, validateDeviceName } from '../names.ts'
import { validateDeviceTaint } from '../validate-taint.ts'
import { countValues, validateAttribute } from './validate-attribute.ts'
import { validateDeviceCapacity } from './validate-capacity.ts'

type Device = Partial<resource.v1.Device>

const maxFields = 32
const maxValues = 48
const maxTaints = 16
const maxConsumptions = 2
const maxCounters = 32
const maxFieldKey = 96

export function validateCounters(
  counters: Readonly<Record<string, unknown>> | undefined,
  path: FieldPath,
  errors: FieldError[],
): void {
  const names = Object.keys(counters ?? {})
  if (names.length === 0) errors.push(required(path))
  else if (names.length > maxCounters) errors.push(tooMany(path, names.length, maxCounters))
  else for (const name of names) checkLabelName(name, path, errors)
}

function validateConsumption(
  consumption: Partial<resource.v1.DeviceCounterConsumption>,
  path: FieldPath,
  errors: FieldError[],
): void {
  const { counterSet = '' } = consumption
  if (counterSet === '') errors.push(required(path.child('counterSet')))
  else checkLabelName(counterSet, path.child('counterSet'), errors)
  validateCounters(consumption.counters, path.child('counters'), errors)
}

function validateFields(device: Device, path: FieldPath, errors: FieldError[]): void {
  const attributes = Object.entries(device.attributes ?? {})
  const capacities = Object.entries(device.capacity ?? {})
  const fields = attributes.length + capacities.length
  if (fields > maxFields) {
    const detail = `the total number of attributes and capacities must not exceed ${maxFields}`
    errors.push(invalidValue(path, fields, detail))
  }
  const values = attributes.reduce((sum, [, attribute]) => sum + countValues(attribute), 0)
  if (values > maxValues) {
    const detail = `the total number of attribute values must not exceed ${maxValues}`
    errors.push(invalidValue(path, values, detail))
  }
  for (const [name, attribute] of attributes) {
    const where = path.child('attributes')
    validateAttributeName(name, where, errors)
    validateAttribute(attribute, where.key(shownKey(name, maxFieldKey)), errors)
  }
  for (const [name, capacity] of capacities) {
    const where = path.child('capacity')
    validateAttributeName(name, where, errors)
    const isShared = device.allowMultipleAllocations === true
    validateDeviceCapacity(capacity, isShared, where.key(shownKey(name, maxFieldKey)), errors)
  }
}

const selectionFields = ['nodeName', 'nodeSelector', 'allNodes'] as const

function validateSelection(
  device: Device,
  isPerDevice: boolean,
  path: FieldPath,
  errors: FieldError[],
): void {
  const { nodeName, nodeSelector, allNodes } = device
  if (!isPerDevice) {
    if (selectionFields.every((field) => device[field] === undefined)) return
    const detail =
      '`nodeName`, `nodeSelector` and `allNodes` can only be set if `perDeviceNodeSelection` is set to true in the ResourceSlice spec'
    errors.push(invalidValue(path, null, detail))
    return
  }
  const set: string[] = []
  if (nodeName === '') errors.push(invalidValue(path.child('nodeName'), '', 'must not be empty'))
  else if (nodeName !== undefined) {
    set.push('`nodeName`')
    checkText(nodeName, isDns1123Subdomain, path.child('nodeName'), errors)
  }
  if (nodeSelector !== undefined) {
    set.push('`nodeSelector`')
    validateNodeSelector(nodeSelector, path.child('nodeSelector'), errors)
  }
  if (allNodes === false)
    errors.push(invalidValue(path.child('allNodes'), false, 'must be either unset or set to true'))
  else if (allNodes === true) set.push('`allNodes`')
  const detail =
    'exactly one of `nodeName`, `nodeSelector`, or `allNodes` is required when `perDeviceNodeSelection` is set to true in the ResourceSlice spec'
  if (set.length === 0) errors.push(required(path, detail))
  else if (set.length > 1) errors.push(invalidValue(path, `{${set.join(', ')}}`, detail))
}

function validateMappings(device: Device, path: FieldPath, errors: FieldError[]): void {
  for (const [name, mapping] of Object.entries(device.nodeAllocatableResourceMappings ?? {})) {
    const where = path.key(name)
    if (!isNativeResource(name))
      errors.push(invalidValue(where, name, 'must be a node allocatable resource name'))
    const { allocationMultiplier, capacityKey } = mapping
    if (allocationMultiplier === undefined && capacityKey === undefined) {
      const detail = 'at least one of allocationMultiplier or capacityKey must be set'
      errors.push(invalidValue(where, '', detail))
    }
    if (allocationMultiplier !== undefined && compareQuantities(allocationMultiplier, '0') <= 0)
      errors.push(invalidValue(where.child('allocationMultiplier'), allocationMultiplier, 'must be positive'))
    if (capacityKey === '')
      errors.push(invalidValue(where.child('capacityKey'), '', 'capacityKey must not be an empty string'))
    else if (capacityKey !== undefined && device.capacity?.[capacityKey] === undefined)
      errors.push(fieldNotFound(where.child('capacityKey'), capacityKey))
  }
}

/** One device of a slice; taints that were there before are not looked at again. */
export function validateDevice(
  device: Device,
  old: Device | undefined,
  isPerDevice: boolean,
  path: FieldPath,
  errors: FieldError[],
): void {
  validateDeviceName(device.name ?? '', path.child('name'), errors)
  validateFields(device, path, errors)
  if (old === undefined || !semanticallyEqual(old.taints, device.taints))
    validateItems(
      device.taints ?? [],
      maxTaints,
      (taint, where, list) => validateDeviceTaint(taint, undefined, where, list),
      path.child('taints'),
      errors,
    )
  validateDistinct(
    device.consumesCounters ?? [],
    maxConsumptions,
    validateConsumption,
    ({ counterSet }) => counterSet ?? '',
    path.child('consumesCounters'),
    errors,
  )
  validateSelection(device, isPerDevice, path, errors)
  validateBindingConditions(device, path, errors)
  validateMappings(device, path.child('nodeAllocatableResourceMappings'), errors)
}
