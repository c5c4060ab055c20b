import type { FieldError } from '../../../../apimachinery/field-error.ts'
import {
  duplicate,
  fieldForbidden,
  invalidValue,
  notSupported,
  required,
} from '../../../../apimachinery/field-errors.ts'
import type { FieldPath } from '../../../../apimachinery/field-path.ts'
import { isQualifiedName } from '../../../../apimachinery/label-syntax.ts'
import type { ObjectMeta } from '../../../../apimachinery/meta.ts'
import {
  type Complaints,
  isDns1123Label,
  isDns1123Subdomain,
  rangeComplaint,
} from '../../../../apimachinery/names.ts'
import { validateLabels } from '../../../../apimachinery/object-meta-validation.ts'
import { compareQuantities } from '../../../../apimachinery/quantity.ts'
import { checkRequiredChoice, checkText } from '../../../checks.ts'
import type { core } from '../../../generated/types/index.ts'
import { isHugePages } from '../../resource-names.ts'
import { aggregateContainers } from '../defaults/pod-defaults.ts'
import { mirrorAnnotation } from '../mirror-pod.ts'
import { visitContainers } from './all-containers.ts'
import type { PodRules } from './pod-rules.ts'
import { validateAffinity } from './validate-affinity.ts'
import {
  type ContainerContext,
  validateContainers,
  validateEphemeralContainers,
  validateInitContainers,
} from './validate-containers.ts'
import { validateDnsConfig, validateHostAliases, validateHostnameOverride } from './validate-dns.ts'
import { validateFileReferenceVolumes } from './validate-environment.ts'
import { validateResources } from './validate-resources.ts'
import {
  validateSchedulingGates,
  validateSpreadConstraints,
  validateTolerations,
} from './validate-scheduling.ts'
import { validatePodSecurity } from './validate-security-context.ts'
import { validateVolumes } from './validate-volumes.ts'
import { validateForSystem, validateHostProcess } from './validate-windows.ts'

export interface PodSpecOptions {
  /** Of the pod that the specification is of; absent for templates. */
  readonly metadata?: ObjectMeta | undefined
}

const maxInt32 = 2 ** 31 - 1

function validateResourceClaims(
  spec: core.v1.PodSpec,
  metadata: ObjectMeta | undefined,
  path: FieldPath,
  errors: FieldError[],
): ReadonlySet<string> {
  const claims = spec.resourceClaims ?? []
  const names = new Set<string>()
  claims.forEach((claim, index) => {
    if (metadata?.annotations?.[mirrorAnnotation] !== undefined) {
      errors.push(fieldForbidden('[]', 'static pods do not support resource claims'))
      return
    }
    const where = path.index(index)
    const { name = '', resourceClaimName, resourceClaimTemplateName } = claim
    if (name === '') errors.push(required(where.child('name')))
    else if (names.has(name)) errors.push(duplicate(where.child('name'), name))
    else checkText(name, isDns1123Label, where.child('name'), errors)
    names.add(name)
    if (resourceClaimName !== undefined && resourceClaimTemplateName !== undefined) {
      const detail = 'at most one of `resourceClaimName` or `resourceClaimTemplateName` may be specified'
      errors.push(invalidValue(where, claim, detail))
    }
    if (resourceClaimName === undefined && resourceClaimTemplateName === undefined) {
      const detail = 'must specify one of: `resourceClaimName`, `resourceClaimTemplateName`'
      errors.push(invalidValue(where, claim, detail))
    }
    if (resourceClaimName !== undefined)
      checkText(resourceClaimName, isDns1123Subdomain, where.child('resourceClaimName'), errors)
    if (resourceClaimTemplateName !== undefined) {
      const template = where.child('resourceClaimTemplateName')
      checkText(resourceClaimTemplateName, isDns1123Subdomain, template, errors)
    }
  })
  names.delete('')
  return names
}

function validatePodLevelResources(
  spec: core.v1.PodSpec,
  claims: ReadonlySet<string>,
  path: FieldPath,
  errors: FieldError[],
): void {
  const resources = spec.resources
  if (resources === undefined) return
  if (spec.os?.name === 'windows') {
    errors.push(fieldForbidden(path, 'may not be set for a windows pod'))
    return
  }
  if (resources.claims !== undefined)
    errors.push(fieldForbidden(path.child('claims'), 'claims may not be set for Resources at pod-level'))
  validateResources(resources, { of: 'pod', claims }, path, errors)
  for (const [name, quantity] of aggregateContainers(spec, 'requests')) {
    const request = resources.requests?.[name]
    if (request === undefined || compareQuantities(quantity, request) <= 0) continue
    const detail = `must be greater than or equal to aggregate container requests of ${quantity}`
    errors.push(invalidValue(path.child('requests').key(name), request, detail))
  }
  for (const [name, quantity] of aggregateContainers(spec, 'limits')) {
    const limit = resources.limits?.[name]
    if (!isHugePages(name) || limit === undefined || compareQuantities(quantity, limit) <= 0) continue
    const detail = `must be greater than or equal to aggregate container limits of ${quantity}`
    errors.push(invalidValue(path.child('limits').key(name), limit, detail))
  }
  spec.containers?.forEach((container, index) => {
    for (const [name, quantity] of Object.entries(container.resources?.limits ?? {})) {
      const limit = resources.limits?.[name]
      if (limit === undefined || compareQuantities(quantity, limit) <= 0) continue
      const where = path.child('containers').index(index).key(name).child('limits')
      errors.push(invalidValue(where, quantity, `must be less than or equal to pod limits of ${limit}`))
    }
  })
}

/** In a template a host port may still be left to the pod's defaults. */
function validateHostNetwork(
  spec: core.v1.PodSpec,
  isPod: boolean,
  path: FieldPath,
  errors: FieldError[],
): void {
  if (spec.hostNetwork !== true) return
  spec.containers?.forEach((container, at) => {
    container.ports?.forEach((port, index) => {
      const hostPort = port.hostPort ?? 0
      if ((!isPod && hostPort === 0) || hostPort === port.containerPort) return
      const where = path.child('containers').index(at).child('ports').index(index).child('hostPort')
      const detail = 'must match `containerPort` when `hostNetwork` is true'
      errors.push(invalidValue(where, hostPort, detail))
    })
  })
}

/** A user namespace of its own goes with no other namespace of the host. */
function validateHostUsers(
  spec: core.v1.PodSpec,
  rules: PodRules,
  path: FieldPath,
  errors: FieldError[],
): void {
  if (spec.hostUsers !== false) return
  const detail = 'when `hostUsers` is false'
  if (spec.hostNetwork === true && !rules.ownUsersOnHostNetwork)
    errors.push(fieldForbidden(path.child('hostNetwork'), detail))
  if (spec.hostPID === true) errors.push(fieldForbidden(path.child('HostPID'), detail))
  if (spec.hostIPC === true) errors.push(fieldForbidden(path.child('HostIPC'), detail))
  if (rules.ownUsersWithDevices) return
  visitContainers(spec, path, (container, where) => {
    if ((container.volumeDevices ?? []).length > 0)
      errors.push(fieldForbidden(where.child('volumeDevices'), detail))
  })
}

const preemptionPolicies = ['PreemptLowerPriority', 'Never']
const systems = ['linux', 'windows']

type NameField = 'serviceAccountName' | 'nodeName' | 'hostname' | 'subdomain' | 'priorityClassName'

function checkName(
  spec: core.v1.PodSpec,
  field: NameField,
  complaints: (value: string) => Complaints,
  path: FieldPath,
  errors: FieldError[],
): void {
  const value = spec[field] ?? ''
  if (value !== '') checkText(value, complaints, path.child(field), errors)
}

/** From the account to the subdomain. */
function validatePlace(spec: core.v1.PodSpec, path: FieldPath, errors: FieldError[]): void {
  checkName(spec, 'serviceAccountName', isDns1123Subdomain, path, errors)
  checkName(spec, 'nodeName', isDns1123Subdomain, path, errors)
  const deadline = spec.activeDeadlineSeconds
  if (deadline !== undefined && (deadline < 1 || deadline > maxInt32)) {
    const where = path.child('activeDeadlineSeconds')
    errors.push(invalidValue(where, deadline, rangeComplaint(1, maxInt32)))
  }
  checkName(spec, 'hostname', isDns1123Label, path, errors)
  checkName(spec, 'subdomain', isDns1123Label, path, errors)
}

/** The classes it is of. */
function validateClasses(spec: core.v1.PodSpec, path: FieldPath, errors: FieldError[]): void {
  checkName(spec, 'priorityClassName', isDns1123Subdomain, path, errors)
  const { runtimeClassName, preemptionPolicy, overhead } = spec
  if (runtimeClassName !== undefined)
    checkText(runtimeClassName, isDns1123Subdomain, path.child('runtimeClassName'), errors)
  if (preemptionPolicy !== undefined)
    checkRequiredChoice(preemptionPolicy, preemptionPolicies, path.child('preemptionPolicy'), errors)
  if (overhead === undefined) return
  const rules = { of: 'container', claims: new Set<string>() } as const
  validateResources({ limits: overhead }, rules, path.child('overhead'), errors)
}

function validateSystem(spec: core.v1.PodSpec, path: FieldPath, errors: FieldError[]): void {
  const { os } = spec
  if (os === undefined) return
  if ((os.name ?? '') === '') errors.push(required(path.child('os.name')))
  else if (!systems.includes(os.name)) errors.push(notSupported(path.child('os'), os.name, systems))
  else validateForSystem(spec, path, errors)
}

const restartPolicies = ['Always', 'OnFailure', 'Never']
const dnsPolicies = ['ClusterFirstWithHostNet', 'ClusterFirst', 'Default', 'None']

function validateOthers(spec: core.v1.PodSpec, rules: PodRules, path: FieldPath, errors: FieldError[]): void {
  checkRequiredChoice(spec.restartPolicy, restartPolicies, path.child('restartPolicy'), errors)
  checkRequiredChoice(spec.dnsPolicy, dnsPolicies, path.child('dnsPolicy'), errors)
  validateLabels(spec.nodeSelector, path.child('nodeSelector'), errors)
  validatePodSecurity(spec, rules, path.child('securityContext'), errors)
  if (spec.affinity !== undefined) validateAffinity(spec.affinity, path.child('affinity'), errors)
  validateDnsConfig(spec, path.child('dnsConfig'), errors)
  spec.readinessGates?.forEach((gate, index) => {
    const where = path.child('readinessGates').index(index).child('conditionType')
    checkText(gate.conditionType ?? '', isQualifiedName, where, errors)
  })
  validateSchedulingGates(spec.schedulingGates ?? [], path.child('schedulingGates'), errors)
  const spread = path.child('topologySpreadConstraints')
  validateSpreadConstraints(spec.topologySpreadConstraints ?? [], spread, errors)
  validateHostProcess(spec, path, errors)
  validateHostUsers(spec, rules, path, errors)
  validateHostnameOverride(spec, path, errors)
  validatePlace(spec, path, errors)
  validateTolerations(spec.tolerations ?? [], rules, path.child('tolerations'), errors)
  validateHostAliases(spec.hostAliases ?? [], path.child('hostAliases'), errors)
  validateClasses(spec, path, errors)
  validateSystem(spec, path, errors)
}

/** The pods that this one is scheduled with (KEP-4671). */
function validateSchedulingGroup(
  { podGroupName }: core.v1.PodSchedulingGroup,
  where: FieldPath,
  errors: FieldError[],
): void {
  if (podGroupName === undefined)
    errors.push(invalidValue(where, null, 'must specify one of: `podGroupName`'))
  else checkText(podGroupName, isDns1123Subdomain, where, errors)
}

/** Upstream's ValidatePodSpec: everything that is wrong with a pod's specification, in a pod or in a template. */
export function validatePodSpec(
  spec: core.v1.PodSpec,
  rules: PodRules,
  path: FieldPath,
  errors: FieldError[],
  options: PodSpecOptions = {},
): void {
  const { metadata } = options
  const isPod = metadata !== undefined
  const graceSeconds = spec.terminationGracePeriodSeconds
  if (graceSeconds === undefined) errors.push(required(path.child('terminationGracePeriodSeconds')))
  const { containers = [], initContainers = [], ephemeralContainers = [], volumes = [] } = spec
  const context: ContainerContext = {
    volumes: validateVolumes(volumes, metadata, isPod, path.child('volumes'), errors),
    claims: validateResourceClaims(spec, metadata, path.child('resourceClaims'), errors),
    graceSeconds,
    restartPolicy: spec.restartPolicy ?? '',
    hostUsers: spec.hostUsers !== false,
  }
  validateContainers(containers, context, path.child('containers'), errors)
  validateInitContainers(initContainers, containers, context, path.child('initContainers'), errors)
  const others = [...containers, ...initContainers]
  const ephemeralPath = path.child('ephemeralContainers')
  validateEphemeralContainers(ephemeralContainers, others, context, ephemeralPath, errors)
  validatePodLevelResources(spec, context.claims, path.child('resources'), errors)
  validateHostNetwork(spec, isPod, path, errors)
  validateOthers(spec, rules, path, errors)
  if (spec.schedulingGroup !== undefined)
    validateSchedulingGroup(spec.schedulingGroup, path.child('schedulingGroup').child('podGroupName'), errors)
  for (const list of ['initContainers', 'containers', 'ephemeralContainers'] as const)
    validateFileReferenceVolumes(spec[list] ?? [], volumes, path.child(list), errors)
}
