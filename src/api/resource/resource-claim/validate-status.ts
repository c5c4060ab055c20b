import { validateConditions } from '../../../apimachinery/condition-validation.ts'
import type { FieldError } from '../../../apimachinery/field-error.ts'
import {
  fieldForbidden,
  invalidValue,
  notSupported,
  required,
  tooLong,
  tooMany,
} from '../../../apimachinery/field-errors.ts'
import { type FieldPath, fieldPath } from '../../../apimachinery/field-path.ts'
import { validateImmutable } from '../../../apimachinery/object-meta-validation.ts'
import { utf8Length } from '../../../apimachinery/utf8-length.ts'
import { checkPresent } from '../../checks.ts'
import { validateNodeSelector } from '../../core/pod/validation/validate-affinity.ts'
import type { resource } from '../../generated/types/index.ts'
import { validateBindingConditions } from '../binding-conditions.ts'
import { validateInterfaceAddress } from '../interface-address.ts'
import { validateDistinct, validateItems } from '../lists.ts'
import { validateDeviceName, validateDriverName, validatePoolName, validateUid } from '../names.ts'
import {
  type RequestNames,
  requestNamesOf,
  validateRequestReference,
  validateRequestReferences,
} from '../request-names.ts'
import { validateDeviceConfiguration, validateRawObject } from '../validate-configuration.ts'
import { deviceIdText } from './device-id.ts'

type Claim = resource.v1.ResourceClaim
type Result = Partial<resource.v1.DeviceRequestAllocationResult>
type DeviceStatus = Partial<resource.v1.AllocatedDeviceStatus>

const maxConsumers = 256
const maxResults = 32
const maxConfigurations = 64
const maxConditions = 8
const maxDataBytes = 10 * 1024
const maxInterfaceNameBytes = 256
const maxHardwareAddressBytes = 128
const maxIps = 16
const unbounded = Number.POSITIVE_INFINITY
const sources: readonly string[] = ['FromClaim', 'FromClass']

function validateConsumer(
  consumer: Partial<resource.v1.ResourceClaimConsumerReference>,
  path: FieldPath,
  errors: FieldError[],
): void {
  for (const field of ['resource', 'name', 'uid'] as const) checkPresent(consumer[field], path, field, errors)
}

function validateNetworkData(
  data: resource.v1.NetworkDeviceData,
  path: FieldPath,
  errors: FieldError[],
): void {
  const { interfaceName = '', hardwareAddress = '', ips = [] } = data
  if (utf8Length(interfaceName) > maxInterfaceNameBytes)
    errors.push(tooLong(path.child('interfaceName'), maxInterfaceNameBytes))
  if (utf8Length(hardwareAddress) > maxHardwareAddressBytes)
    errors.push(tooLong(path.child('hardwareAddress'), maxHardwareAddressBytes))
  validateDistinct(ips, maxIps, validateInterfaceAddress, (ip) => ip, path.child('ips'), errors)
}

function validateDevice(
  device: DeviceStatus,
  allocated: ReadonlySet<string>,
  path: FieldPath,
  errors: FieldError[],
): void {
  validateDriverName(device.driver, path.child('driver'), errors)
  validatePoolName(device.pool ?? '', path.child('pool'), errors)
  validateDeviceName(device.device ?? '', path.child('device'), errors)
  if (device.shareID !== undefined) validateUid(device.shareID, path.child('shareID'), errors)
  if (!allocated.has(deviceIdText(device))) {
    const { driver = '', pool = '', device: name = '', shareID = '' } = device
    const shown = { Driver: driver, Pool: pool, Device: name, ShareID: shareID }
    errors.push(invalidValue(path, shown, 'must be an allocated device in the claim'))
  }
  const conditions = path.child('conditions')
  if ((device.conditions?.length ?? 0) > maxConditions)
    errors.push(tooMany(conditions, device.conditions?.length ?? 0, maxConditions))
  validateConditions(device.conditions ?? [], conditions, errors)
  if (device.data !== undefined)
    validateRawObject(device.data, false, maxDataBytes, path.child('data'), errors)
  if (device.networkData !== undefined)
    validateNetworkData(device.networkData, path.child('networkData'), errors)
}

function validateResult(result: Result, names: RequestNames, path: FieldPath, errors: FieldError[]): void {
  validateRequestReference(result.request ?? '', names, path.child('request'), errors)
  validateDriverName(result.driver, path.child('driver'), errors)
  validatePoolName(result.pool ?? '', path.child('pool'), errors)
  validateDeviceName(result.device ?? '', path.child('device'), errors)
  validateBindingConditions(result, path, errors)
  if (result.shareID !== undefined) validateUid(result.shareID, path.child('shareID'), errors)
}

function validateAllocation(
  allocation: resource.v1.AllocationResult,
  names: RequestNames,
  path: FieldPath,
  errors: FieldError[],
): void {
  const devices = path.child('devices')
  const { results = [], config = [] } = allocation.devices ?? {}
  validateItems(
    results,
    maxResults,
    (result, where, list) => validateResult(result, names, where, list),
    devices.child('results'),
    errors,
  )
  validateItems(
    config,
    maxConfigurations,
    (each, where, list) => {
      const source = each.source ?? ''
      if (source === '') list.push(required(where.child('source')))
      else if (!sources.includes(source)) list.push(notSupported(where.child('source'), source, sources))
      validateRequestReferences(each.requests, names, where, list)
      validateDeviceConfiguration(each, false, where, list)
    },
    devices.child('config'),
    errors,
  )
  if (allocation.nodeSelector !== undefined)
    validateNodeSelector(allocation.nodeSelector, path.child('nodeSelector'), errors)
}

function validateReservations(claim: Claim, old: Claim, path: FieldPath, errors: FieldError[]): void {
  const { reservedFor = [], allocation } = claim.status ?? {}
  if (reservedFor.length === 0) return
  if (allocation === undefined) {
    errors.push(fieldForbidden(path, 'may not be specified when `allocated` is not set'))
    return
  }
  if (claim.metadata?.deletionTimestamp === undefined) return
  const text = (consumer: resource.v1.ResourceClaimConsumerReference): string =>
    JSON.stringify([consumer.apiGroup ?? '', consumer.resource, consumer.name, consumer.uid])
  const before = new Set((old.status?.reservedFor ?? []).map(text))
  if (reservedFor.every((consumer) => before.has(text(consumer)))) return
  const detail = 'new entries may not be added while `deallocationRequested` or `deletionTimestamp` are set'
  errors.push(fieldForbidden(path, detail))
}

/** An allocation never changes; it is set and taken away. */
export function validateClaimStatus(claim: Claim, old: Claim, errors: FieldError[]): void {
  const path = fieldPath('status')
  const { reservedFor = [], devices = [], allocation } = claim.status ?? {}
  validateDistinct(
    reservedFor,
    maxConsumers,
    validateConsumer,
    ({ uid }) => uid ?? '',
    path.child('reservedFor'),
    errors,
  )
  const allocated = new Set((allocation?.devices?.results ?? []).map(deviceIdText))
  validateDistinct(
    devices,
    unbounded,
    (device, where, list) => validateDevice(device, allocated, where, list),
    deviceIdText,
    path.child('devices'),
    errors,
  )
  validateReservations(claim, old, path.child('reservedFor'), errors)
  if (allocation === undefined) return
  const where = path.child('allocation')
  if (old.status?.allocation !== undefined)
    validateImmutable(allocation, old.status.allocation, where, errors)
  else validateAllocation(allocation, requestNamesOf(claim.spec?.devices), where, errors)
}
