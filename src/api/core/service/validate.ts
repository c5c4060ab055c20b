import type { WriteContext } from '../../../apimachinery/define-kind.ts'
import type { FieldError } from '../../../apimachinery/field-error.ts'
import {
  duplicate,
  fieldForbidden,
  invalidValue,
  notSupported,
  required,
} from '../../../apimachinery/field-errors.ts'
import { type FieldPath, fieldPath } from '../../../apimachinery/field-path.ts'
import { parseIp } from '../../../apimachinery/ip-address.ts'
import { validateLegacyCidr, validateLegacyIp } from '../../../apimachinery/ip-validation.ts'
import { isPortNumber, isQualifiedName } from '../../../apimachinery/label-syntax.ts'
import { isDns1123Label, isDns1123Subdomain } from '../../../apimachinery/names.ts'
import { validateLabels } from '../../../apimachinery/object-meta-validation.ts'
import { checkChoice, checkRequiredChoice, checkText } from '../../checks.ts'
import type { core } from '../../generated/types/index.ts'
import { validateEndpointIp } from '../endpoints/validate-endpoint-ip.ts'
import { protocols, validatePortNumber, validatePortNumberOrName } from '../pod/validation/validate-ports.ts'
import {
  isExternallyAccessible,
  isExternalName,
  isHeadless,
  isLoadBalancer,
  needsHealthCheckPort,
} from './service-type.ts'
import { validateClusterIpChange, validateClusterIps } from './validate-cluster-ips.ts'

type Service = core.v1.Service
type Spec = core.v1.ServiceSpec

const onlyLoadBalancer = "may only be used when `type` is 'LoadBalancer'"
const sourceRangesAnnotation = 'service.beta.kubernetes.io/load-balancer-source-ranges'
const maxAffinitySeconds = 86_400

function validatePort(
  port: core.v1.ServicePort,
  needsName: boolean,
  names: Set<string>,
  path: FieldPath,
  errors: FieldError[],
): void {
  const name = port.name ?? ''
  if (name === '') {
    if (needsName) errors.push(required(path.child('name')))
  } else {
    checkText(name, isDns1123Label, path.child('name'), errors)
    if (names.has(name)) errors.push(duplicate(path.child('name'), name))
    names.add(name)
  }
  validatePortNumber(port.port ?? 0, path.child('port'), errors)
  checkRequiredChoice(port.protocol, protocols, path.child('protocol'), errors)
  validatePortNumberOrName(port.targetPort, path.child('targetPort'), errors)
  if (port.appProtocol !== undefined)
    checkText(port.appProtocol, isQualifiedName, path.child('appProtocol'), errors)
}

function validatePortConflicts(
  ports: readonly core.v1.ServicePort[],
  path: FieldPath,
  errors: FieldError[],
): void {
  const nodePorts = new Set<string>()
  const numbers = new Set<string>()
  ports.forEach((port, index) => {
    const nodePort = port.nodePort ?? 0
    const key = `${port.protocol}/${nodePort}`
    if (nodePort !== 0 && nodePorts.has(key))
      errors.push(duplicate(path.index(index).child('nodePort'), nodePort))
    nodePorts.add(key)
  })
  ports.forEach((port, index) => {
    const key = `${port.protocol}/${port.port}`
    if (numbers.has(key)) {
      const shown = { Name: '', Protocol: port.protocol, AppProtocol: null, Port: port.port }
      errors.push(duplicate(path.index(index), { ...shown, TargetPort: 0, NodePort: 0 }))
    }
    numbers.add(key)
  })
}

function validateExternalName(spec: Spec, path: FieldPath, errors: FieldError[]): void {
  const detail = 'may not be set for ExternalName services'
  for (const field of ['clusterIPs', 'ipFamilies'] as const)
    if ((spec[field] ?? []).length > 0) errors.push(fieldForbidden(path.child(field), detail))
  if (spec.ipFamilyPolicy !== undefined) errors.push(fieldForbidden(path.child('ipFamilyPolicy'), detail))
  const name = (spec.externalName ?? '').replace(/\.$/, '')
  const where = path.child('externalName')
  if (name === '') errors.push(required(where))
  else checkText(name, isDns1123Subdomain, where, errors)
}

function validatePorts(service: Service, path: FieldPath, errors: FieldError[]): void {
  const spec = service.spec ?? {}
  const ports = spec.ports ?? []
  const where = path.child('ports')
  if (ports.length === 0 && !isHeadless(service) && !isExternalName(service)) errors.push(required(where))
  if (isExternalName(service)) validateExternalName(spec, path, errors)
  else if (spec.type !== 'ClusterIP' && isHeadless(service)) {
    const detail = `may not be set to 'None' for ${spec.type ?? ''} services`
    errors.push(invalidValue(path.child('clusterIPs').index(0), 'None', detail))
  }
  const names = new Set<string>()
  ports.forEach((port, index) => {
    validatePort(port, ports.length > 1, names, where.index(index), errors)
  })
}

function validateAffinity(spec: Spec, path: FieldPath, errors: FieldError[]): void {
  const where = path.child('sessionAffinityConfig')
  const affinity = path.child('sessionAffinity')
  checkRequiredChoice(spec.sessionAffinity, ['ClientIP', 'None'], affinity, errors)
  const config = spec.sessionAffinityConfig
  if (spec.sessionAffinity === 'None') {
    if (config !== undefined)
      errors.push(fieldForbidden(where, 'must not be set when session affinity is None'))
    return
  }
  if (spec.sessionAffinity !== 'ClientIP') return
  const missing = 'when session affinity type is ClientIP'
  const seconds = config?.clientIP?.timeoutSeconds
  if (config === undefined) errors.push(required(where, missing))
  else if (config.clientIP === undefined) errors.push(required(where.child('clientIP'), missing))
  else if (seconds === undefined) errors.push(required(where.child('clientIP.timeoutSeconds'), missing))
  else if (seconds <= 0 || seconds > maxAffinitySeconds) {
    const detail = `must be greater than 0 and less than ${maxAffinitySeconds}`
    errors.push(invalidValue(where.child('clientIP.timeoutSeconds'), seconds, detail))
  }
}

function validateExternalIps(spec: Spec, old: Spec | undefined, path: FieldPath, errors: FieldError[]): void {
  spec.externalIPs?.forEach((ip, index) => {
    const where = path.child('externalIPs').index(index)
    const before = errors.length
    validateLegacyIp(ip, where, errors, old?.externalIPs)
    if (errors.length === before) validateEndpointIp(ip, where, errors)
  })
}

function validateSourceRanges(
  service: Service,
  old: Service | undefined,
  path: FieldPath,
  errors: FieldError[],
): void {
  const ranges = service.spec?.loadBalancerSourceRanges ?? []
  const annotation = service.metadata?.annotations?.[sourceRangesAnnotation]
  if (ranges.length > 0) {
    const where = path.child('LoadBalancerSourceRanges')
    if (!isLoadBalancer(service)) errors.push(fieldForbidden(where, onlyLoadBalancer))
    const known = (old?.spec?.loadBalancerSourceRanges ?? []).map((range) => range.trim())
    ranges.forEach((range, index) => {
      validateLegacyCidr(range.trim(), where.index(index), errors, known)
    })
  } else if (annotation !== undefined) {
    const where = fieldPath('metadata').child('annotations').key(sourceRangesAnnotation)
    if (!isLoadBalancer(service)) errors.push(fieldForbidden(where, onlyLoadBalancer))
    if (old?.metadata?.annotations?.[sourceRangesAnnotation] === annotation) return
    for (const range of annotation.trim() === '' ? [] : annotation.split(','))
      validateLegacyCidr(range.trim(), where, errors)
  }
}

function validateLoadBalancer(service: Service, path: FieldPath, errors: FieldError[]): void {
  const allocates = service.spec?.allocateLoadBalancerNodePorts
  if (allocates !== undefined && !isLoadBalancer(service))
    errors.push(fieldForbidden(path.child('allocateLoadBalancerNodePorts'), onlyLoadBalancer))
  if (allocates === undefined && isLoadBalancer(service))
    errors.push(required('allocateLoadBalancerNodePorts'))
  validateLoadBalancerClass(service, path, errors)
}

function validateLoadBalancerClass(service: Service, path: FieldPath, errors: FieldError[]): void {
  const loadBalancerClass = service.spec?.loadBalancerClass
  if (loadBalancerClass === undefined) return
  const where = path.child('loadBalancerClass')
  if (isLoadBalancer(service)) checkText(loadBalancerClass, isQualifiedName, where, errors)
  else errors.push(fieldForbidden(where, onlyLoadBalancer))
}

const distributions = ['PreferClose', 'PreferSameZone', 'PreferSameNode']

function validateTraffic(service: Service, path: FieldPath, errors: FieldError[]): void {
  const spec = service.spec ?? {}
  const external = spec.externalTrafficPolicy ?? ''
  const where = path.child('externalTrafficPolicy')
  if (isExternallyAccessible(service)) checkRequiredChoice(external, ['Cluster', 'Local'], where, errors)
  else if (external !== '')
    errors.push(invalidValue(where, external, 'may only be set for externally-accessible services'))
  const healthPort = spec.healthCheckNodePort ?? 0
  const healthPath = path.child('healthCheckNodePort')
  if (needsHealthCheckPort(service)) {
    if (healthPort === 0) errors.push(required(healthPath))
    else
      for (const complaint of isPortNumber(healthPort))
        errors.push(invalidValue(healthPath, healthPort, complaint))
  } else if (healthPort !== 0) {
    const detail = "may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'"
    errors.push(invalidValue(healthPath, healthPort, detail))
  }
  const internal = spec.internalTrafficPolicy
  const internalPath = path.child('internalTrafficPolicy')
  if (internal === undefined) {
    if (!isExternalName(service)) errors.push(required(internalPath))
  } else checkChoice(internal, ['Cluster', 'Local'], internalPath, errors)
  const { trafficDistribution } = spec
  if (trafficDistribution !== undefined)
    checkChoice(trafficDistribution, distributions, path.child('trafficDistribution'), errors)
}

const serviceTypes = ['ClusterIP', 'ExternalName', 'LoadBalancer', 'NodePort']

function validateWhole(service: Service, old: Service | undefined, errors: FieldError[]): void {
  const path = fieldPath('spec')
  const spec = service.spec ?? {}
  const ports = spec.ports ?? []
  validatePorts(service, path, errors)
  validateLabels(spec.selector, path.child('selector'), errors)
  validateAffinity(spec, path, errors)
  validateClusterIps(service, old, errors)
  validateExternalIps(spec, old?.spec, path, errors)
  checkRequiredChoice(spec.type, serviceTypes, path.child('type'), errors)
  if (spec.type === 'ClusterIP')
    ports.forEach((port, index) => {
      if ((port.nodePort ?? 0) === 0) return
      const where = path.child('ports').index(index).child('nodePort')
      errors.push(fieldForbidden(where, "may not be used when `type` is 'ClusterIP'"))
    })
  validatePortConflicts(ports, path.child('ports'), errors)
  validateSourceRanges(service, old, path, errors)
  validateLoadBalancer(service, path, errors)
  validateTraffic(service, path, errors)
}

function validateChange(service: Service, old: Service, errors: FieldError[]): void {
  validateClusterIpChange(service, old, errors)
  const path = fieldPath('spec')
  if (isLoadBalancer(service) && isLoadBalancer(old)) {
    const next = service.spec?.loadBalancerClass
    if (next !== old.spec?.loadBalancerClass)
      errors.push(invalidValue(path.child('loadBalancerClass'), next ?? null, 'may not change once set'))
  }
  // Upstream tells of it in an update once more.
  validateLoadBalancerClass(service, path, errors)
  if (needsHealthCheckPort(service) && needsHealthCheckPort(old)) {
    if (service.spec?.healthCheckNodePort !== old.spec?.healthCheckNodePort)
      errors.push(fieldForbidden(path.child('healthCheckNodePort'), 'field is immutable'))
  }
}

function validateIngressPoint(
  point: core.v1.LoadBalancerIngress,
  known: readonly string[],
  where: FieldPath,
  errors: FieldError[],
): void {
  const { ip = '', hostname = '', ipMode } = point
  if (ip !== '') validateLegacyIp(ip, where.child('ip'), errors, known)
  const modePath = where.child('ipMode')
  if (ipMode === undefined) {
    if (ip !== '') errors.push(required(modePath, 'must be specified when `ip` is set'))
  } else if (ip === '') errors.push(fieldForbidden(modePath, 'may not be specified when `ip` is not set'))
  else if (ipMode !== 'VIP' && ipMode !== 'Proxy')
    errors.push(notSupported(modePath, ipMode, ['Proxy', 'VIP']))
  if (hostname === '') return
  checkText(hostname, isDns1123Subdomain, where.child('hostname'), errors)
  if (parseIp(hostname) !== undefined)
    errors.push(invalidValue(where.child('hostname'), hostname, 'must be a DNS name, not an IP address'))
}

function validateStatus(service: Service, old: Service, errors: FieldError[]): void {
  const ingress = service.status?.loadBalancer?.ingress ?? []
  const path = fieldPath('status').child('loadBalancer.ingress')
  if (!isLoadBalancer(service) && ingress.length > 0) {
    errors.push(fieldForbidden(path, "may only be used when `spec.type` is 'LoadBalancer'"))
    return
  }
  const known = (old.status?.loadBalancer?.ingress ?? []).flatMap((point) => point.ip ?? [])
  ingress.forEach((point, index) => {
    validateIngressPoint(point, known, path.index(index), errors)
  })
}

/** Upstream's validation of Services, after addresses and ports have been allocated. */
export function validateService(
  service: Service,
  old: Service | undefined,
  context: WriteContext,
): readonly FieldError[] {
  const errors: FieldError[] = []
  if (old !== undefined && context.subresource === 'status') {
    validateStatus(service, old, errors)
    return errors
  }
  if (old !== undefined) validateChange(service, old, errors)
  validateWhole(service, old, errors)
  return errors
}
