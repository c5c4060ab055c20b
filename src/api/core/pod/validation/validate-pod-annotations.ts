import type { FieldError } from '../../../../apimachinery/field-error.ts'
import { fieldForbidden, invalidValue } from '../../../../apimachinery/field-errors.ts'
import type { FieldPath } from '../../../../apimachinery/field-path.ts'
import { goQuote } from '../../../../apimachinery/go-text.ts'
import type { StringMap } from '../../../../apimachinery/meta.ts'
import type { core } from '../../../generated/types/index.ts'
import { mirrorAnnotation } from '../mirror-pod.ts'
import { visitContainers } from './all-containers.ts'
import { validateDescendingPath } from './validate-paths.ts'

const deletionCostAnnotation = 'controller.kubernetes.io/pod-deletion-cost'
export const seccompPodAnnotation = 'seccomp.security.alpha.kubernetes.io/pod'
export const seccompContainerPrefix = 'container.seccomp.security.alpha.kubernetes.io/'
export const appArmorPrefix = 'container.apparmor.security.beta.kubernetes.io/'
const localhostPrefix = 'localhost/'

const maxInt32 = 2 ** 31

function isInt32(text: string): boolean {
  if (!/^(?:0|-?[1-9]\d*|-0+\d*)$/.test(text)) return false
  const value = Number(text)
  return value >= -maxInt32 && value < maxInt32
}

function validateSeccompName(profile: string, where: FieldPath, errors: FieldError[]): void {
  if (['runtime/default', 'docker/default', 'unconfined'].includes(profile)) return
  if (profile.startsWith(localhostPrefix))
    validateDescendingPath(profile.slice(localhostPrefix.length), where, errors)
  else errors.push(invalidValue(where, profile, 'must be a valid seccomp profile'))
}

function validateAppArmorAnnotation(
  key: string,
  profile: string,
  spec: core.v1.PodSpec,
  where: FieldPath,
  errors: FieldError[],
): void {
  const name = key.slice(appArmorPrefix.length)
  const lists = [spec.initContainers ?? [], spec.containers ?? [], spec.ephemeralContainers ?? []]
  if (!lists.some((list) => list.some((container) => container.name === name)))
    errors.push(invalidValue(where, name, 'container not found'))
  const known = ['', 'runtime/default', 'unconfined'].includes(profile) || profile.startsWith(localhostPrefix)
  if (!known) errors.push(invalidValue(where, profile, `invalid AppArmor profile name: ${goQuote(profile)}`))
}

/** Annotations that mean something to Kubernetes, on pods and pod templates. */
export function validatePodAnnotations(
  annotations: StringMap | undefined,
  spec: core.v1.PodSpec,
  path: FieldPath,
  errors: FieldError[],
): void {
  for (const key in annotations) {
    const value = annotations[key] ?? ''
    if (key === mirrorAnnotation && (spec.nodeName ?? '') === '') {
      const detail = 'must set spec.nodeName if mirror pod annotation is set'
      errors.push(invalidValue(path.key(key), value, detail))
    } else if (key === deletionCostAnnotation && !isInt32(value))
      errors.push(invalidValue(path.key(key), value, 'must be a 32bit integer'))
    else if (key === seccompPodAnnotation || key.startsWith(seccompContainerPrefix))
      validateSeccompName(value, path.child(key), errors)
    else if (key.startsWith(appArmorPrefix))
      validateAppArmorAnnotation(key, value, spec, path.key(key), errors)
  }
}

/** AppArmor profiles and the mark of a static pod stay as they were. */
export function validatePodAnnotationUpdate(
  annotations: StringMap = {},
  old: StringMap = {},
  path: FieldPath,
  errors: FieldError[],
): void {
  for (const key in old) {
    if (annotations[key] === old[key]) continue
    if (key.startsWith(appArmorPrefix))
      errors.push(fieldForbidden(path.key(key), 'may not remove or update AppArmor annotations'))
    if (key === mirrorAnnotation)
      errors.push(fieldForbidden(path.key(key), 'may not remove or update mirror pod annotation'))
  }
  for (const key in annotations) {
    if (key in old) continue
    if (key.startsWith(appArmorPrefix))
      errors.push(fieldForbidden(path.key(key), 'may not add AppArmor annotations'))
    if (key === mirrorAnnotation)
      errors.push(fieldForbidden(path.key(key), 'may not add mirror pod annotation'))
  }
}

interface Profile {
  readonly type: string
  readonly localhostProfile?: string
}

/** The annotation that says the same as a profile in the field. */
function agrees(annotation: string, profile: Profile, docker: boolean): 'yes' | 'type' | 'profile' {
  if (profile.type === 'Unconfined') return annotation === 'unconfined' ? 'yes' : 'type'
  if (profile.type === 'RuntimeDefault') {
    const same = annotation === 'runtime/default' || (docker && annotation === 'docker/default')
    return same ? 'yes' : 'type'
  }
  if (profile.type !== 'Localhost') return 'yes'
  if (!annotation.startsWith(localhostPrefix)) return 'type'
  return annotation.slice(localhostPrefix.length) === profile.localhostProfile ? 'yes' : 'profile'
}

function compare(
  module: 'seccomp' | 'apparmor',
  annotation: string | undefined,
  profile: Profile | undefined,
  path: FieldPath,
  errors: FieldError[],
): void {
  if (annotation === undefined || profile === undefined) return
  const verdict = agrees(annotation, profile, module === 'seccomp')
  if (verdict === 'type')
    errors.push(fieldForbidden(path.child('type'), `${module} type in annotation and field must match`))
  else if (verdict === 'profile') {
    const detail = `${module} profile in annotation and field must match`
    errors.push(fieldForbidden(path.child('localhostProfile'), detail))
  }
}

/** Where the old annotations and the fields that replaced them are both there, they say the same. */
export function validateProfilesAgree(
  annotations: StringMap | undefined,
  spec: core.v1.PodSpec,
  specPath: FieldPath,
  errors: FieldError[],
): void {
  if (annotations === undefined) return
  const ofPod = spec.securityContext
  const podPath = specPath.child('securityContext.seccompProfile')
  compare('seccomp', annotations[seccompPodAnnotation], ofPod?.seccompProfile, podPath, errors)
  visitContainers(spec, specPath, (container, where) => {
    const own = container.securityContext
    const seccomp = annotations[seccompContainerPrefix + container.name]
    compare('seccomp', seccomp, own?.seccompProfile, where.child('securityContext.seccompProfile'), errors)
    if (spec.os?.name === 'windows') return
    const appArmor = annotations[appArmorPrefix + container.name]
    const profile = own?.appArmorProfile ?? ofPod?.appArmorProfile
    compare('apparmor', appArmor, profile, where.child('securityContext.appArmorProfile'), errors)
  })
}
