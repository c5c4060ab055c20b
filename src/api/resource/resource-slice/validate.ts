import type { FieldError } from '../../../apimachinery/field-error.ts'
import { invalidValue, required } from '../../../apimachinery/field-errors.ts'
import { type FieldPath, fieldPath } from '../../../apimachinery/field-path.ts'
import { isDns1123Subdomain } from '../../../apimachinery/names.ts'
import { validateImmutable } from '../../../apimachinery/object-meta-validation.ts'
import { checkLabelName, checkText } from '../../checks.ts'
import { validateNodeSelector } from '../../core/pod/validation/validate-affinity.ts'
import type { resource } from '../../generated/types/index.ts'
import { validateDistinct } from '../lists.ts'
import { validateDriverName, validatePoolName } from '../names.ts'
import { hasLists } from './validate-attribute.ts'
import { validateCounters, validateDevice } from './validate-device.ts'

type Spec = Partial<resource.v1.ResourceSliceSpec>

const maxDevices = 128
const maxAdvancedDevices = 64
const maxCounterSets = 8

function validatePool(
  { name = '', resourceSliceCount = 0, generation = 0 }: Partial<resource.v1.ResourcePool>,
  path: FieldPath,
  errors: FieldError[],
): void {
  validatePoolName(name, path.child('name'), errors)
  if (resourceSliceCount <= 0)
    errors.push(
      invalidValue(path.child('resourceSliceCount'), resourceSliceCount, 'must be greater than zero'),
    )
  if (generation < 0)
    errors.push(invalidValue(path.child('generation'), generation, 'must be greater than or equal to zero'))
}

const unsetOrTrue = 'must be either unset or set to true'

/** Which nodes have the devices: exactly one way of saying so. */
function validateNodes(spec: Spec, path: FieldPath, errors: FieldError[]): void {
  const set: string[] = []
  const { nodeName, nodeSelector } = spec
  if (nodeName === '')
    errors.push(invalidValue(path.child('nodeName'), '', 'must be either unset or set to a non-empty string'))
  else if (nodeName !== undefined) {
    set.push('`nodeName`')
    checkText(nodeName, isDns1123Subdomain, path.child('nodeName'), errors)
  }
  if (nodeSelector !== undefined) {
    set.push('`nodeSelector`')
    const where = path.child('nodeSelector')
    validateNodeSelector(nodeSelector, where, errors)
    if (nodeSelector.nodeSelectorTerms?.length !== 1) {
      const detail = 'must have exactly one node selector term'
      errors.push(
        invalidValue(where.child('nodeSelectorTerms'), nodeSelector.nodeSelectorTerms ?? null, detail),
      )
    }
  }
  for (const field of ['allNodes', 'perDeviceNodeSelection'] as const) {
    if (spec[field] === true) set.push(`\`${field}\``)
    else if (spec[field] === false) errors.push(invalidValue(path.child(field), false, unsetOrTrue))
  }
  const oneOf = 'exactly one of `nodeName`, `nodeSelector`, `allNodes`, `perDeviceNodeSelection` is required'
  if (set.length === 0) errors.push(required(path, oneOf))
  else if (set.length > 1)
    errors.push(invalidValue(path, `{${set.join(', ')}}`, `${oneOf}, but multiple fields are set`))
}

const isAdvanced = (spec: Spec): boolean =>
  (spec.devices ?? []).some(
    ({ taints = [], consumesCounters = [], attributes = {} }) =>
      taints.length > 0 || consumesCounters.length > 0 || Object.values(attributes).some(hasLists),
  )

function validateCounterSet(
  { name = '', counters }: Partial<resource.v1.CounterSet>,
  path: FieldPath,
  errors: FieldError[],
): void {
  if (name === '') errors.push(required(path.child('name')))
  else checkLabelName(name, path.child('name'), errors)
  validateCounters(counters, path.child('counters'), errors)
}

export function validateResourceSlice(
  { spec = {} }: { readonly spec?: Spec },
  old: { readonly spec?: Spec } | undefined,
): readonly FieldError[] {
  const errors: FieldError[] = []
  const path = fieldPath('spec')
  validateDriverName(spec.driver, path.child('driver'), errors)
  validatePool(spec.pool ?? {}, path.child('pool'), errors)
  if (old !== undefined) {
    const before = old.spec ?? {}
    validateImmutable(
      spec.pool?.name ?? '',
      before.pool?.name ?? '',
      path.child('pool').child('name'),
      errors,
    )
    validateImmutable(spec.driver ?? '', before.driver ?? '', path.child('driver'), errors)
    validateImmutable(spec.nodeName, before.nodeName, path.child('nodeName'), errors)
  }
  validateNodes(spec, path, errors)
  if (spec.sharedCounters !== undefined && spec.devices !== undefined)
    errors.push(invalidValue(path, '', 'only one of `sharedCounters` or `devices` is allowed'))
  const known = new Map((old?.spec?.devices ?? []).map((device) => [device.name, device]))
  const isPerDevice = spec.perDeviceNodeSelection === true
  validateDistinct(
    spec.devices ?? [],
    isAdvanced(spec) ? maxAdvancedDevices : maxDevices,
    (device, where, list) => validateDevice(device, known.get(device.name), isPerDevice, where, list),
    ({ name }) => name ?? '',
    path.child('devices'),
    errors,
  )
  validateDistinct(
    spec.sharedCounters ?? [],
    maxCounterSets,
    validateCounterSet,
    ({ name }) => name ?? '',
    path.child('sharedCounters'),
    errors,
  )
  return errors
}
