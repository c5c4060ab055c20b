import type { FieldError } from '../../../../apimachinery/field-error.ts'
import {
  duplicate,
  invalidValue,
  notSupported,
  required,
  tooLong,
} from '../../../../apimachinery/field-errors.ts'
import type { FieldPath } from '../../../../apimachinery/field-path.ts'
import { isUnixId } from '../../../../apimachinery/label-syntax.ts'
import { utf8Length } from '../../../../apimachinery/utf8-length.ts'
import { checkChoice } from '../../../checks.ts'
import type { core } from '../../../generated/types/index.ts'
import type { PodRules } from './pod-rules.ts'
import { validateDescendingPath } from './validate-paths.ts'
import { validateWindowsOptions } from './validate-windows.ts'

function validateId(id: number | undefined, where: FieldPath, errors: FieldError[]): void {
  if (id === undefined) return
  for (const complaint of isUnixId(id)) errors.push(invalidValue(where, id, complaint))
}

const profileTypes = ['Localhost', 'RuntimeDefault', 'Unconfined']

function validateSeccomp(
  profile: core.v1.SeccompProfile | undefined,
  path: FieldPath,
  errors: FieldError[],
): void {
  if (profile === undefined) return
  const type = profile.type ?? ''
  if (type === '') errors.push(required(path.child('type'), 'type is required when seccompProfile is set'))
  else if (!profileTypes.includes(type)) errors.push(notSupported(path.child('type'), type, profileTypes))
  const where = path.child('localhostProfile')
  if (type === 'Localhost') {
    if (profile.localhostProfile === undefined)
      errors.push(required(where, 'must be set when seccomp type is Localhost'))
    else validateDescendingPath(profile.localhostProfile, where, errors)
  } else if (profile.localhostProfile !== undefined)
    errors.push(invalidValue(where, profile, 'can only be set when seccomp type is Localhost'))
}

/** PATH_MAX without its end. */
const maxProfileBytes = 4095

function validateLocalAppArmor(profile: string | undefined, where: FieldPath, errors: FieldError[]): void {
  const missing = 'must be set when AppArmor type is Localhost'
  if (profile === undefined) {
    errors.push(required(where, missing))
    return
  }
  if (profile.trim() !== profile)
    errors.push(invalidValue(where, profile, 'must not be padded with whitespace'))
  else if (profile === '') errors.push(required(where, missing))
  if (utf8Length(profile) > maxProfileBytes) errors.push(tooLong(where, maxProfileBytes))
}

function validateAppArmor(
  profile: core.v1.AppArmorProfile | undefined,
  path: FieldPath,
  errors: FieldError[],
): void {
  if (profile === undefined) return
  const type = profile.type ?? ''
  const where = path.child('localhostProfile')
  if (type === '') errors.push(required(path.child('type'), 'type is required when appArmorProfile is set'))
  else if (type === 'Localhost') validateLocalAppArmor(profile.localhostProfile, where, errors)
  else if (!profileTypes.includes(type)) errors.push(notSupported(path.child('type'), type, profileTypes))
  else if (profile.localhostProfile !== undefined) {
    const detail = 'can only be set when AppArmor type is Localhost'
    errors.push(invalidValue(where, profile.localhostProfile, detail))
  }
}

/** Of a container. `hostUsers` is false where the pod has a user namespace of its own. */
export function validateContainerSecurity(
  context: core.v1.SecurityContext | undefined,
  hostUsers: boolean,
  path: FieldPath,
  errors: FieldError[],
): void {
  if (context === undefined) return
  validateId(context.runAsUser, path.child('runAsUser'), errors)
  validateId(context.runAsGroup, path.child('runAsGroup'), errors)
  if (context.procMount !== undefined) {
    const where = path.child('procMount')
    checkChoice(context.procMount, ['Default', 'Unmasked'], where, errors)
    if (hostUsers && context.procMount === 'Unmasked')
      errors.push(invalidValue(where, context.procMount, '`hostUsers` must be false to use `Unmasked`'))
  }
  validateSeccomp(context.seccompProfile, path.child('seccompProfile'), errors)
  if (context.allowPrivilegeEscalation === false) {
    const start = 'cannot set `allowPrivilegeEscalation` to false and'
    if (context.privileged === true)
      errors.push(invalidValue(path, context, `${start} \`privileged\` to true`))
    for (const capability of context.capabilities?.add ?? [])
      if (capability === 'CAP_SYS_ADMIN')
        errors.push(invalidValue(path, context, `${start} \`capabilities.Add\` CAP_SYS_ADMIN`))
  }
  validateWindowsOptions(context.windowsOptions, path.child('windowsOptions'), errors)
  validateAppArmor(context.appArmorProfile, path.child('appArmorProfile'), errors)
}

const sysctlFormat = '^([a-z0-9]([-_a-z0-9]*[a-z0-9])?[\\./])*[a-z0-9]([-_a-z0-9]*[a-z0-9])?$'
const sysctlPattern = new RegExp(sysctlFormat)
const maxSysctlBytes = 253

/** The kernel namespace that a sysctl lives in, where it lives in one. */
function namespaceOfSysctl(name: string): 'ipc' | 'net' | undefined {
  const dotted = /^[^./]*\//.test(name) ? name.replaceAll('/', '.') : name
  if (dotted === 'kernel.sem' || /^(?:kernel\.shm|kernel\.msg|fs\.mqueue\.)/.test(dotted)) return 'ipc'
  return dotted.startsWith('net.') ? 'net' : undefined
}

function validateSysctls(spec: core.v1.PodSpec, path: FieldPath, errors: FieldError[]): void {
  const names = new Set<string>()
  spec.securityContext?.sysctls?.forEach(({ name = '' }, index) => {
    const where = path.index(index).child('name')
    if (name === '') errors.push(required(where))
    else if (utf8Length(name) > maxSysctlBytes || !sysctlPattern.test(name)) {
      const detail = `must have at most ${maxSysctlBytes} characters and match regex ${sysctlFormat}`
      errors.push(invalidValue(where, name, detail))
    } else if (names.has(name)) errors.push(duplicate(where, name))
    const namespace = namespaceOfSysctl(name)
    if (namespace === 'net' && spec.hostNetwork === true)
      errors.push(invalidValue(where, name, "may not be specified when 'hostNetwork' is true"))
    if (namespace === 'ipc' && spec.hostIPC === true)
      errors.push(invalidValue(where, name, "may not be specified when 'hostIPC' is true"))
    names.add(name)
  })
}

/** Of a pod; `path` is the security context's. */
export function validatePodSecurity(
  spec: core.v1.PodSpec,
  rules: PodRules,
  path: FieldPath,
  errors: FieldError[],
): void {
  const context = spec.securityContext
  if (context === undefined) return
  validateId(context.fsGroup, path.child('fsGroup'), errors)
  validateId(context.runAsUser, path.child('runAsUser'), errors)
  validateId(context.runAsGroup, path.child('runAsGroup'), errors)
  context.supplementalGroups?.forEach((group, index) => {
    validateId(group, path.child('supplementalGroups').index(index), errors)
  })
  if (spec.shareProcessNamespace === true && spec.hostPID === true) {
    const detail = 'ShareProcessNamespace and HostPID cannot both be enabled'
    errors.push(invalidValue(path.child('shareProcessNamespace'), true, detail))
  }
  validateSysctls(spec, path.child('sysctls'), errors)
  if (context.fsGroupChangePolicy !== undefined) {
    const where = path.child('fsGroupChangePolicy')
    checkChoice(context.fsGroupChangePolicy, ['Always', 'OnRootMismatch'], where, errors)
  }
  validateSeccomp(context.seccompProfile, path.child('seccompProfile'), errors)
  validateWindowsOptions(context.windowsOptions, path.child('windowsOptions'), errors)
  validateAppArmor(context.appArmorProfile, path.child('appArmorProfile'), errors)
  if (context.supplementalGroupsPolicy !== undefined) {
    const where = path.child('supplementalGroupsPolicy')
    checkChoice(context.supplementalGroupsPolicy, ['Merge', 'Strict'], where, errors)
  }
  if (context.seLinuxChangePolicy !== undefined) {
    const where = path.child('seLinuxChangePolicy')
    const policies = rules.mountsSeLinux ? ['MountOption', 'Recursive'] : ['Recursive']
    checkChoice(context.seLinuxChangePolicy, policies, where, errors)
  }
}
