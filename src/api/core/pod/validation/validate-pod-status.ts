import type { FieldError } from '../../../../apimachinery/field-error.ts'
import { duplicate, fieldForbidden, invalidValue } from '../../../../apimachinery/field-errors.ts'
import { type FieldPath, fieldPath } from '../../../../apimachinery/field-path.ts'
import { validateLegacyIp } from '../../../../apimachinery/ip-validation.ts'
import { isQualifiedName } from '../../../../apimachinery/label-syntax.ts'
import { isDns1123Subdomain } from '../../../../apimachinery/names.ts'
import { validateImmutable } from '../../../../apimachinery/object-meta-validation.ts'
import { checkText } from '../../../checks.ts'
import type { core } from '../../../generated/types/index.ts'
import { mayRestartAll, restartsAfterExit } from '../container-restart.ts'
import { validatePodAnnotationUpdate } from './validate-pod-annotations.ts'

type Pod = core.v1.Pod
type PodStatus = core.v1.PodStatus

const systemConditions = ['PodScheduled', 'Ready', 'Initialized']

function validateConditions(
  conditions: readonly core.v1.PodCondition[],
  path: FieldPath,
  errors: FieldError[],
): void {
  conditions.forEach((condition, index) => {
    const where = path.index(index)
    if ((condition.observedGeneration ?? 0) < 0) {
      const detail = 'must be a non-negative integer'
      errors.push(invalidValue(where.child('observedGeneration'), condition.observedGeneration, detail))
    }
    if (!systemConditions.includes(condition.type))
      checkText(condition.type ?? '', isQualifiedName, where.child('Type'), errors)
  })
}

type Statuses = readonly core.v1.ContainerStatus[]

/** A container that ended for good stays ended. */
function validateTransitions(
  statuses: Statuses,
  old: Statuses,
  mayStart: (name: string, exitCode: number) => boolean,
  path: FieldPath,
  errors: FieldError[],
): void {
  old.forEach((before, index) => {
    const terminated = before.state?.terminated
    if (terminated === undefined) return
    const after = statuses.find((status) => status.name === before.name)
    if (after === undefined || after.state?.terminated !== undefined) return
    if (mayStart(before.name, terminated.exitCode ?? 0)) return
    const detail = 'may not be transitioned to non-terminated state'
    errors.push(fieldForbidden(path.index(index).child('state'), detail))
  })
}

function validateAllTransitions(
  status: PodStatus,
  old: PodStatus,
  spec: core.v1.PodSpec,
  path: FieldPath,
  errors: FieldError[],
): void {
  const lists = [
    ['containerStatuses', spec.containers],
    ['initContainerStatuses', spec.initContainers],
    ['ephemeralContainerStatuses', undefined],
  ] as const
  for (const [field, containers] of lists) {
    if (containers !== undefined && mayRestartAll(spec)) continue
    const mayStart = (name: string, exitCode: number): boolean => {
      const container = containers?.find((candidate) => candidate.name === name)
      return container !== undefined && restartsAfterExit(container, spec, exitCode)
    }
    validateTransitions(status[field] ?? [], old[field] ?? [], mayStart, path.child(field), errors)
  }
}

function validateAddresses(
  list: readonly { readonly ip: string }[],
  old: readonly { readonly ip: string }[],
  path: FieldPath,
  errors: FieldError[],
): void {
  const known = old.map((entry) => entry.ip)
  list.forEach((entry, index) => {
    validateLegacyIp(entry.ip, path.index(index), errors, known)
  })
  if (list.length < 2) return
  const families = new Set(list.map((entry) => entry.ip.includes(':')))
  if (list.length > 2 || families.size !== 2)
    errors.push(invalidValue(path, list, 'may specify no more than one IP for each IP family'))
}

function validateClaimStatuses(pod: Pod, path: FieldPath, errors: FieldError[]): void {
  const claims = pod.spec?.resourceClaims ?? []
  const seen = new Set<string>()
  pod.status?.resourceClaimStatuses?.forEach((status, index) => {
    const where = path.index(index)
    if (!claims.some((claim) => claim.name === status.name)) {
      const detail = 'must match the name of an entry in `spec.resourceClaims`'
      errors.push(invalidValue(where.child('name'), status.name, detail))
    }
    if (seen.has(status.name)) errors.push(duplicate(where.child('name'), status.name))
    seen.add(status.name)
    if (status.resourceClaimName !== undefined)
      checkText(status.resourceClaimName, isDns1123Subdomain, where.child('resourceClaimName'), errors)
  })
}

function validateNomination(pod: Pod, old: Pod, path: FieldPath, errors: FieldError[]): void {
  const name = pod.status?.nominatedNodeName ?? ''
  if (name === '' || name === (old.status?.nominatedNodeName ?? '')) return
  const where = path.child('nominatedNodeName')
  checkText(name, isDns1123Subdomain, where, errors)
  if ((old.spec?.nodeName ?? '') !== '')
    errors.push(fieldForbidden(where, 'may not be set on pods that are already bound to a node'))
}

/** What a write of `/status` may not do. */
export function validatePodStatus(pod: Pod, old: Pod, errors: FieldError[]): void {
  const annotations = fieldPath('metadata').child('annotations')
  validatePodAnnotationUpdate(pod.metadata?.annotations, old.metadata?.annotations, annotations, errors)
  const path = fieldPath('status')
  const status: PodStatus = pod.status ?? {}
  const oldStatus: PodStatus = old.status ?? {}
  validateConditions(status.conditions ?? [], path.child('conditions'), errors)
  validateNomination(pod, old, path, errors)
  if ((status.observedGeneration ?? 0) < 0) {
    const detail = 'must be a non-negative integer'
    errors.push(invalidValue(path.child('observedGeneration'), status.observedGeneration, detail))
  }
  validateImmutable(status.qosClass ?? '', oldStatus.qosClass ?? '', path.child('qosClass'), errors)
  validateAllTransitions(status, oldStatus, old.spec ?? { containers: [] }, path, errors)
  validateClaimStatuses(pod, path.child('resourceClaimStatuses'), errors)
  validateAddresses(status.podIPs ?? [], oldStatus.podIPs ?? [], path.child('podIPs'), errors)
  const hostIps = status.hostIPs ?? []
  const [first] = hostIps
  if (first !== undefined && first.ip !== status.hostIP) {
    const where = path.child('hostIPs').index(0).child('ip')
    errors.push(invalidValue(where, first.ip, 'must be equal to `hostIP`'))
  }
  validateAddresses(hostIps, oldStatus.hostIPs ?? [], path.child('hostIPs'), errors)
}
