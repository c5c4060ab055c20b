import { goQuote } from '../../../apimachinery/go-text.ts'
import {
  type CheckPod,
  containersNamed,
  containersOf,
  namesWhere,
  plural,
  quoted,
  setters,
  sorted,
} from './check.ts'

const appArmorPrefix = 'container.apparmor.security.beta.kubernetes.io/'

const isGoodProfile = (type: string): boolean => type === 'RuntimeDefault' || type === 'Localhost'

const isGoodAnnotation = (value: string): boolean =>
  value === '' || value === 'runtime/default' || value.startsWith('localhost/')

interface Profiled {
  readonly appArmorProfile?: { readonly type: string }
  readonly seccompProfile?: { readonly type: string }
}

/** Who sets a profile of a type that is not allowed, and to what. */
function badProfiles(
  spec: Parameters<CheckPod>[0],
  typeOf: (context: Profiled | undefined) => string | undefined,
) {
  const values = new Set<string>()
  const isBad = (context: Profiled | undefined): boolean => {
    const type = typeOf(context)
    if (type === undefined || isGoodProfile(type)) return false
    values.add(type)
    return true
  }
  const pod = isBad(spec.securityContext)
  const containers = namesWhere(spec, ({ securityContext }) => isBad(securityContext))
  return { who: setters(pod, containers), values: sorted(values) }
}

export const appArmor: CheckPod = (spec, { annotations = {} }) => {
  const { who, values } = badProfiles(spec, (context) => context?.appArmorProfile?.type)
  const annotated = Object.entries(annotations)
    .filter(([key, value]) => key.startsWith(appArmorPrefix) && !isGoodAnnotation(value))
    .map(([key, value]) => `${key}=${goQuote(value)}`)
    .sort()
  const bad = [...values, ...annotated]
  if (bad.length === 0) return undefined
  const setBy = [...who, ...(annotated.length > 0 ? [plural(annotated.length, 'annotation')] : [])]
  return {
    reason: plural(bad.length, 'forbidden AppArmor profile'),
    detail: `${setBy.join(' and ')} must not set AppArmor profile type to ${quoted(bad)}`,
  }
}

const podSeccomp = 'seccomp.security.alpha.kubernetes.io/pod'
const containerSeccomp = 'container.seccomp.security.alpha.kubernetes.io/'

const isGoodSeccompAnnotation = (value: string): boolean =>
  value === 'runtime/default' || value === 'docker/default' || value.startsWith('localhost/')

/** Before there were fields. */
export const seccompAnnotations: CheckPod = (spec, { annotations = {} }) => {
  const keys = [podSeccomp, ...containersOf(spec).map(({ name }) => `${containerSeccomp}${name}`)]
  const bad = sorted(
    keys.flatMap((key) => {
      const value = annotations[key]
      return value === undefined || isGoodSeccompAnnotation(value) ? [] : [`${key}=${goQuote(value)}`]
    }),
  )
  if (bad.length === 0) return undefined
  return {
    reason: 'seccompProfile',
    detail: `forbidden ${plural(bad.length, 'annotation')} ${bad.join(', ')}`,
  }
}

/** `mustBeSet`: every container has to have a profile, its own or the pod's. */
export const seccompFields =
  (mustBeSet: boolean): CheckPod =>
  (spec) => {
    const { who, values } = badProfiles(spec, (context) => context?.seccompProfile?.type)
    if (who.length > 0) {
      const what = `securityContext.seccompProfile.type to ${quoted(values)}`
      return { reason: 'seccompProfile', detail: `${who.join(' and ')} must not set ${what}` }
    }
    if (!mustBeSet || spec.securityContext?.seccompProfile !== undefined) return undefined
    const bare = namesWhere(spec, ({ securityContext }) => securityContext?.seccompProfile === undefined)
    if (bare.length === 0) return undefined
    const what = 'securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost"'
    return { reason: 'seccompProfile', detail: `pod or ${containersNamed(bare)} must set ${what}` }
  }

interface SeLinuxOptions {
  readonly type?: string
  readonly user?: string
  readonly role?: string
}

export const seLinux =
  (allowedTypes: readonly string[]): CheckPod =>
  (spec) => {
    const types = new Set<string>()
    let user = false
    let role = false
    const isBad = (options: SeLinuxOptions | undefined): boolean => {
      if (options === undefined) return false
      const type = allowedTypes.includes(options.type ?? '')
      if (!type) types.add(options.type ?? '')
      const hasUser = (options.user ?? '') !== ''
      const hasRole = (options.role ?? '') !== ''
      user ||= hasUser
      role ||= hasRole
      return !type || hasUser || hasRole
    }
    const pod = isBad(spec.securityContext?.seLinuxOptions)
    const containers = namesWhere(spec, ({ securityContext }) => isBad(securityContext?.seLinuxOptions))
    const who = setters(pod, containers)
    if (who.length === 0) return undefined
    const what = [
      ...(types.size > 0 ? [`${plural(types.size, 'type')} ${quoted(sorted(types))}`] : []),
      ...(user ? ['user may not be set'] : []),
      ...(role ? ['role may not be set'] : []),
    ]
    return {
      reason: 'seLinuxOptions',
      detail: `${who.join(' and ')} set forbidden securityContext.seLinuxOptions: ${what.join('; ')}`,
    }
  }
