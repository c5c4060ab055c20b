import type { FieldError } from '../../../apimachinery/field-error.ts'
import {
  duplicate,
  invalidValue,
  notSupported,
  required,
  tooMany,
} from '../../../apimachinery/field-errors.ts'
import { type FieldPath, fieldPath } from '../../../apimachinery/field-path.ts'
import { validateIp, validateLegacyIp } from '../../../apimachinery/ip-validation.ts'
import { isLabelValue, isQualifiedName } from '../../../apimachinery/label-syntax.ts'
import { type Complaints, isDns1123Label, isDns1123Subdomain } from '../../../apimachinery/names.ts'
import { validateImmutable } from '../../../apimachinery/object-meta-validation.ts'
import { semanticallyEqual } from '../../../apimachinery/semantically-equal.ts'
import { checkLabelName, checkRequiredChoice, checkText } from '../../checks.ts'
import { validateEndpointIp } from '../../core/endpoints/validate-endpoint-ip.ts'
import { protocols } from '../../core/pod/validation/validate-ports.ts'
import type { discovery } from '../../generated/types/index.ts'

type EndpointSlice = discovery.v1.EndpointSlice

const addressTypes: readonly string[] = ['FQDN', 'IPv4', 'IPv6']
const maxAddresses = 100
const maxPorts = 20_000
const maxEndpoints = 1000
const maxHints = 8

function validateDomainName(value: string, where: FieldPath, errors: FieldError[]): void {
  if (value === '') {
    errors.push(required(where))
    return
  }
  const name = value.endsWith('.') ? value.slice(0, -1) : value
  const complaints = isDns1123Subdomain(name)
  const labels = name.split('.')
  const wrong = labels.find((label) => isDns1123Label(label).length > 0)
  if (complaints.length > 0) errors.push(invalidValue(where, name, complaints.join(',')))
  else if (labels.length < 2) {
    const detail = 'should be a domain with at least two segments separated by dots'
    errors.push(invalidValue(where, name, detail))
  } else if (wrong !== undefined) errors.push(invalidValue(where, wrong, isDns1123Label(wrong).join(',')))
}

function validateAddress(
  address: string,
  type: string,
  path: FieldPath,
  index: number,
  errors: FieldError[],
): void {
  const where = path.index(index)
  if (type === 'FQDN') validateDomainName(address, where, errors)
  if (type !== 'IPv4' && type !== 'IPv6') return
  const before = errors.length
  if (type === 'IPv4') validateLegacyIp(address, where, errors)
  else validateIp(address, where, errors)
  if (errors.length > before) return
  if (address.includes(':') !== (type === 'IPv6'))
    errors.push(invalidValue(path, address, `must be an ${type} address`))
  validateEndpointIp(address, where, errors)
}

function validateHints(
  hints: readonly { readonly name: string }[] = [],
  complaints: (value: string) => Complaints,
  path: FieldPath,
  errors: FieldError[],
): boolean {
  if (hints.length > maxHints) {
    errors.push(tooMany(path, hints.length, maxHints))
    return false
  }
  const names = new Set<string>()
  hints.forEach(({ name = '' }, index) => {
    const where = path.index(index).child('name')
    if (names.has(name)) errors.push(duplicate(where, name))
    names.add(name)
    checkText(name, complaints, where, errors)
  })
  return true
}

function validateEndpoint(
  endpoint: discovery.v1.Endpoint,
  type: string,
  path: FieldPath,
  errors: FieldError[],
): void {
  const { addresses = [], nodeName, hostname, hints } = endpoint
  const where = path.child('addresses')
  if (addresses.length === 0) errors.push(required(where, 'must contain at least 1 address'))
  else if (addresses.length > maxAddresses) errors.push(tooMany(where, addresses.length, maxAddresses))
  addresses.forEach((address, index) => {
    validateAddress(address, type, where, index, errors)
  })
  if (nodeName !== undefined) checkText(nodeName, isDns1123Subdomain, path.child('nodeName'), errors)
  if (hostname !== undefined) checkLabelName(hostname, path.child('hostname'), errors)
  if (hints === undefined) return
  const hintsPath = path.child('hints')
  if (validateHints(hints.forZones, isLabelValue, hintsPath.child('forZones'), errors))
    validateHints(hints.forNodes, isDns1123Subdomain, hintsPath.child('forNodes'), errors)
}

function validatePorts(
  ports: readonly discovery.v1.EndpointPort[],
  path: FieldPath,
  errors: FieldError[],
): void {
  if (ports.length > maxPorts) {
    errors.push(tooMany(path, ports.length, maxPorts))
    return
  }
  const names = new Set<string>()
  ports.forEach(({ name = '', protocol, appProtocol }, index) => {
    const where = path.index(index)
    if (name !== '') checkLabelName(name, where.child('name'), errors)
    if (names.has(name)) errors.push(duplicate(where.child('name'), name))
    names.add(name)
    if (protocol === undefined) errors.push(required(where.child('protocol')))
    else if (!protocols.includes(protocol))
      errors.push(notSupported(where.child('protocol'), protocol, protocols))
    if (appProtocol !== undefined) checkText(appProtocol, isQualifiedName, where.child('appProtocol'), errors)
  })
}

function validateEndpoints(slice: EndpointSlice, errors: FieldError[]): void {
  const { addressType = '' } = slice
  const endpoints = slice.endpoints ?? []
  const path = fieldPath('endpoints')
  if (endpoints.length > maxEndpoints) {
    errors.push(tooMany(path, endpoints.length, maxEndpoints))
    return
  }
  endpoints.forEach((endpoint, index) => {
    validateEndpoint(endpoint, addressType, path.index(index), errors)
  })
}

export function validateEndpointSlice(
  slice: EndpointSlice,
  old: EndpointSlice | undefined,
): readonly FieldError[] {
  const errors: FieldError[] = []
  checkRequiredChoice(slice.addressType, addressTypes, 'addressType', errors)
  validatePorts(slice.ports ?? [], fieldPath('ports'), errors)
  const ofEndpoints: FieldError[] = []
  validateEndpoints(slice, ofEndpoints)
  const kept =
    old !== undefined && ofEndpoints.length > 0 && semanticallyEqual(slice.endpoints, old.endpoints)
  if (!kept) errors.push(...ofEndpoints)
  if (old !== undefined)
    validateImmutable(slice.addressType, old.addressType, fieldPath('addressType'), errors)
  return errors
}
