import type { FieldError } from '../../../../apimachinery/field-error.ts'
import {
  duplicate,
  fieldForbidden,
  fieldNotFound,
  invalidValue,
  notSupported,
  required,
  tooMany,
} from '../../../../apimachinery/field-errors.ts'
import type { FieldPath } from '../../../../apimachinery/field-path.ts'
import { isDns1123Label } from '../../../../apimachinery/names.ts'
import { checkPresent, checkRequiredChoice, checkRequiredText } from '../../../checks.ts'
import type { core } from '../../../generated/types/index.ts'
import { validateEnvironment, validateEnvironmentFrom } from './validate-environment.ts'
import { validateDevices, validateMounts } from './validate-mounts.ts'
import { validateContainerPorts, validateHostPortConflicts } from './validate-ports.ts'
import { validateLifecycle, validateProbe } from './validate-probes.ts'
import { validateResources } from './validate-resources.ts'
import { validateContainerSecurity } from './validate-security-context.ts'
import { pullPolicies } from './validate-volumes.ts'

type Container = core.v1.Container

/** What containers are checked against. */
export interface ContainerContext {
  readonly volumes: ReadonlyMap<string, core.v1.Volume>
  readonly claims: ReadonlySet<string>
  readonly graceSeconds: number | undefined
  readonly restartPolicy: string
  readonly hostUsers: boolean
}

const messagePolicies = ['File', 'FallbackToLogsOnError']
const resizeResources = ['cpu', 'memory']
const resizePolicies = ['NotRequired', 'RestartContainer']

function validateResizePolicies(
  policies: readonly core.v1.ContainerResizePolicy[],
  restartPolicy: string,
  path: FieldPath,
  errors: FieldError[],
): void {
  const seen = new Set<string>()
  policies.forEach((policy, index) => {
    if (seen.has(policy.resourceName)) errors.push(duplicate(path.index(index), policy.resourceName))
    seen.add(policy.resourceName)
    checkRequiredChoice(policy.resourceName, resizeResources, path, errors)
    checkRequiredChoice(policy.restartPolicy, resizePolicies, path, errors)
    if (restartPolicy === 'Never' && policy.restartPolicy !== 'NotRequired') {
      const detail = "must be 'NotRequired' when pod `restartPolicy` is 'Never'"
      errors.push(invalidValue(path, policy.restartPolicy ?? '', detail))
    }
  })
}

/** What holds for every container, whatever its list. */
function validateCommon(
  container: Container,
  context: ContainerContext,
  path: FieldPath,
  errors: FieldError[],
): void {
  checkRequiredText(container.name, isDns1123Label, path.child('name'), errors)
  checkPresent(container.image, path, 'image', errors)
  const where = path.child('terminationMessagePolicy')
  checkRequiredChoice(container.terminationMessagePolicy, messagePolicies, where, errors)
  const { ports, env, envFrom, resources, resizePolicy } = container
  if (ports !== undefined) validateContainerPorts(ports, path.child('ports'), errors)
  if (env !== undefined) validateEnvironment(env, path.child('env'), errors)
  if (envFrom !== undefined) validateEnvironmentFrom(envFrom, path.child('envFrom'), errors)
  validateMounts(container, context.volumes, path.child('volumeMounts'), errors)
  validateDevices(container, context.volumes, path.child('volumeDevices'), errors)
  checkRequiredChoice(container.imagePullPolicy, pullPolicies, path.child('imagePullPolicy'), errors)
  if (resources !== undefined) {
    const rules = { of: 'container', claims: context.claims } as const
    validateResources(resources, rules, path.child('resources'), errors)
  }
  if (resizePolicy !== undefined)
    validateResizePolicies(resizePolicy, context.restartPolicy, path.child('resizePolicy'), errors)
  const security = path.child('securityContext')
  validateContainerSecurity(container.securityContext, context.hostUsers, security, errors)
}

const restartPolicies = ['Always', 'Never', 'OnFailure']
const ruleActions = ['Restart', 'RestartAllContainers']
const ruleOperators = ['In', 'NotIn']
const maxRules = 20
const maxExitCodes = 255

function validateRestartRule(
  rule: core.v1.ContainerRestartRule,
  path: FieldPath,
  errors: FieldError[],
): void {
  if (!ruleActions.includes(rule.action))
    errors.push(notSupported(path.child('action'), rule.action ?? '', ruleActions))
  const codes = rule.exitCodes
  const where = path.child('exitCodes')
  if (codes === undefined) {
    errors.push(required(where, 'must be specified'))
    return
  }
  if (!ruleOperators.includes(codes.operator))
    errors.push(notSupported(where.child('operator'), codes.operator ?? '', ruleOperators))
  const values = codes.values ?? []
  if (values.length > maxExitCodes) errors.push(tooMany(where.child('values'), values.length, maxExitCodes))
}

/** A container's own restart policy and its rules by exit code (KEP-5307). */
function validateRestartPolicy(
  container: Container,
  path: FieldPath,
  errors: FieldError[],
  isInit = false,
): void {
  const { restartPolicy, restartPolicyRules: rules = [] } = container
  const where = path.child('restartPolicy')
  if (restartPolicy === undefined) {
    if (rules.length === 0) return
    errors.push(required(where, 'must specify restartPolicy when restart rules are used'))
    if (isInit) return
  } else if (!restartPolicies.includes(restartPolicy))
    errors.push(notSupported(where, restartPolicy, restartPolicies))
  const rulesPath = path.child('restartPolicyRules')
  if (rules.length > maxRules) errors.push(tooMany(rulesPath, rules.length, maxRules))
  rules.forEach((rule, index) => {
    validateRestartRule(rule, rulesPath.index(index), errors)
  })
}

const probes = ['livenessProbe', 'readinessProbe', 'startupProbe'] as const

/** Of containers that keep running: ordinary ones and sidecars. */
function validateLongRunning(
  container: Container,
  graceSeconds: number | undefined,
  path: FieldPath,
  errors: FieldError[],
): void {
  if (container.lifecycle !== undefined)
    validateLifecycle(container.lifecycle, graceSeconds, path.child('lifecycle'), errors)
  for (const kind of probes) {
    const probe = container[kind]
    if (probe !== undefined) validateProbe(kind, probe, graceSeconds, path.child(kind), errors)
  }
}

export function validateContainers(
  containers: readonly Container[],
  context: ContainerContext,
  path: FieldPath,
  errors: FieldError[],
): void {
  if (containers.length === 0) {
    errors.push(required(path))
    return
  }
  const names = new Set<string>()
  containers.forEach((container, index) => {
    const where = path.index(index)
    validateCommon(container, context, where, errors)
    if (names.has(container.name)) errors.push(duplicate(where.child('name'), container.name))
    names.add(container.name)
    validateLongRunning(container, context.graceSeconds, where, errors)
    validateRestartPolicy(container, where, errors)
  })
  validateHostPortConflicts(containers, path, errors)
}

/** An init container that must end before the next one starts. */
function validateEnding(container: Container, path: FieldPath, errors: FieldError[]): void {
  for (const field of ['lifecycle', ...probes] as const) {
    if (container[field] === undefined) continue
    const detail = 'may not be set for init containers without restartPolicy=Always'
    errors.push(fieldForbidden(path.child(field), detail))
  }
  container.resizePolicy?.forEach((policy, index) => {
    if (policy.restartPolicy !== 'RestartContainer') return
    const where = path.child('resizePolicy').index(index).child('restartPolicy')
    const detail = "must not be set to 'RestartContainer' for non-sidecar initContainers"
    errors.push(invalidValue(where, policy.restartPolicy, detail))
  })
}

export function validateInitContainers(
  containers: readonly Container[],
  ordinary: readonly Container[],
  context: ContainerContext,
  path: FieldPath,
  errors: FieldError[],
): void {
  if (containers.length === 0) return
  const names = new Set(ordinary.map((container) => container.name))
  containers.forEach((container, index) => {
    const where = path.index(index)
    validateCommon(container, context, where, errors)
    validateRestartPolicy(container, where, errors, true)
    if (names.has(container.name)) errors.push(duplicate(where.child('name'), container.name))
    else if ((container.name ?? '') !== '') names.add(container.name)
    validateHostPortConflicts([container], path, errors)
    if (container.restartPolicy === 'Always')
      validateLongRunning(container, context.graceSeconds, where, errors)
    else validateEnding(container, where, errors)
  })
}

/** What ephemeral containers do not have, in the order of Go's fields, which is that of the errors. */
const nonEphemeralFields = [
  'ports',
  'resources',
  'resizePolicy',
  'restartPolicy',
  'restartPolicyRules',
  'livenessProbe',
  'readinessProbe',
  'startupProbe',
  'lifecycle',
] as const satisfies readonly (keyof Container)[]

const isEmpty = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && Object.keys(value).length === 0

function validateEphemeralFields(container: Container, path: FieldPath, errors: FieldError[]): void {
  const detail = 'cannot be set for an Ephemeral Container'
  for (const field of nonEphemeralFields)
    if (container[field] !== undefined && !(field === 'resources' && isEmpty(container[field])))
      errors.push(fieldForbidden(path.child(field), detail))
  container.volumeMounts?.forEach((mount, index) => {
    const where = path.child('volumeMounts').index(index)
    if ((mount.subPath ?? '') !== '') errors.push(fieldForbidden(where.child('subPath'), detail))
    if ((mount.subPathExpr ?? '') !== '') errors.push(fieldForbidden(where.child('subPathExpr'), detail))
  })
}

export function validateEphemeralContainers(
  containers: readonly core.v1.EphemeralContainer[],
  others: readonly Container[],
  context: ContainerContext,
  path: FieldPath,
  errors: FieldError[],
): void {
  if (containers.length === 0) return
  const targets = new Set(others.map((container) => container.name))
  const names = new Set(targets)
  containers.forEach((container, index) => {
    const where = path.index(index)
    validateCommon(container, context, where, errors)
    validateImageSpaces(container, where, errors)
    if (names.has(container.name)) errors.push(duplicate(where.child('name'), container.name))
    names.add(container.name)
    const target = container.targetContainerName ?? ''
    if (target !== '' && !targets.has(target))
      errors.push(fieldNotFound(where.child('targetContainerName'), target))
    validateEphemeralFields(container, where, errors)
  })
}

/** Templates may hold placeholders; pods may not. */
export function validateImageSpaces(
  container: { readonly image?: string },
  path: FieldPath,
  errors: FieldError[],
): void {
  const image = container.image ?? ''
  if (image.trim() !== image)
    errors.push(invalidValue(path.child('image'), image, 'must not have leading or trailing whitespace'))
}
