import type { FieldError } from '../../../apimachinery/field-error.ts'
import { required } from '../../../apimachinery/field-errors.ts'
import { type FieldPath, fieldPath } from '../../../apimachinery/field-path.ts'
import { validateLegacyIp } from '../../../apimachinery/ip-validation.ts'
import { isQualifiedName } from '../../../apimachinery/label-syntax.ts'
import { isDns1123Subdomain } from '../../../apimachinery/names.ts'
import { semanticallyEqual } from '../../../apimachinery/semantically-equal.ts'
import { checkLabelName, checkRequiredChoice, checkText } from '../../checks.ts'
import type { core } from '../../generated/types/index.ts'
import { protocols, validatePortNumber } from '../pod/validation/validate-ports.ts'
import { validateEndpointIp } from './validate-endpoint-ip.ts'

function validateAddress(address: core.v1.EndpointAddress, path: FieldPath, errors: FieldError[]): void {
  const { ip = '', hostname = '', nodeName } = address
  validateLegacyIp(ip, path.child('ip'), errors)
  if (hostname !== '') checkLabelName(hostname, path.child('hostname'), errors)
  if (nodeName !== undefined) checkText(nodeName, isDns1123Subdomain, path.child('nodeName'), errors)
  validateEndpointIp(ip, path.child('ip'), errors)
}

function validatePort(
  port: core.v1.EndpointPort,
  requireName: boolean,
  path: FieldPath,
  errors: FieldError[],
): void {
  const { name = '', appProtocol } = port
  if (name !== '') checkLabelName(name, path.child('name'), errors)
  else if (requireName) errors.push(required(path.child('name')))
  validatePortNumber(port.port ?? 0, path.child('port'), errors)
  checkRequiredChoice(port.protocol, protocols, path.child('protocol'), errors)
  if (appProtocol !== undefined) checkText(appProtocol, isQualifiedName, path.child('appProtocol'), errors)
}

function validateSubset(subset: core.v1.EndpointSubset, path: FieldPath, errors: FieldError[]): void {
  const { addresses = [], notReadyAddresses = [], ports = [] } = subset
  if (addresses.length === 0 && notReadyAddresses.length === 0)
    errors.push(required(path, 'must specify `addresses` or `notReadyAddresses`'))
  addresses.forEach((address, index) => {
    validateAddress(address, path.child('addresses').index(index), errors)
  })
  notReadyAddresses.forEach((address, index) => {
    validateAddress(address, path.child('notReadyAddresses').index(index), errors)
  })
  ports.forEach((port, index) => {
    validatePort(port, ports.length > 1, path.child('ports').index(index), errors)
  })
}

/** Subsets that older versions took may stay as they are. */
export function validateEndpoints(
  endpoints: core.v1.Endpoints,
  old: core.v1.Endpoints | undefined,
): readonly FieldError[] {
  const errors: FieldError[] = []
  const path = fieldPath('subsets')
  endpoints.subsets?.forEach((subset, index) => {
    validateSubset(subset, path.index(index), errors)
  })
  if (errors.length > 0 && old !== undefined && semanticallyEqual(old.subsets, endpoints.subsets)) return []
  return errors
}
