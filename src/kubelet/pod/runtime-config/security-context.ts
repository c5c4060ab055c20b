import type { core } from '../../../api/generated/types/index.ts'
import type {
  ContainerSecurityContext,
  NamespaceOption,
  SecurityProfile,
  SelinuxOption,
} from '../../runtime/messages.ts'

type Container = core.v1.Container
type Pod = core.v1.Pod
type SecurityContext = core.v1.SecurityContext

/** Who an image runs as: a number, a name, or root where it says nothing. */
export interface ImageUser {
  readonly uid?: number
  readonly username: string
}

const maxUserId = 2 ** 31 - 1

const maskedPaths: readonly string[] = [
  '/proc/asound',
  '/proc/acpi',
  '/proc/interrupts',
  '/proc/kcore',
  '/proc/keys',
  '/proc/latency_stats',
  '/proc/timer_list',
  '/proc/timer_stats',
  '/proc/sched_debug',
  '/proc/scsi',
  '/sys/firmware',
  '/sys/devices/virtual/powercap',
]
const readonlyPaths: readonly string[] = [
  '/proc/bus',
  '/proc/fs',
  '/proc/irq',
  '/proc/sys',
  '/proc/sysrq-trigger',
]

/** The container's fields over the pod's. */
function effectiveSecurityContext(pod: Pod, container: Container): SecurityContext {
  const { runAsUser, runAsGroup, runAsNonRoot, seLinuxOptions } = pod.spec?.securityContext ?? {}
  return {
    ...(runAsUser === undefined ? {} : { runAsUser }),
    ...(runAsGroup === undefined ? {} : { runAsGroup }),
    ...(runAsNonRoot === undefined ? {} : { runAsNonRoot }),
    ...(seLinuxOptions === undefined ? {} : { seLinuxOptions }),
    ...container.securityContext,
  }
}

/** How upstream names a pod in messages. */
export const describePod = (pod: Pod): string =>
  `${pod.metadata?.name}_${pod.metadata?.namespace}(${pod.metadata?.uid})`

/** Throws where `runAsNonRoot` is broken, with upstream's text. */
export function verifyNonRoot(pod: Pod, container: Container, image: ImageUser): void {
  const context = effectiveSecurityContext(pod, container)
  if (context.runAsNonRoot !== true) return
  const where = `(pod: "${describePod(pod)}", container: ${container.name})`
  if (context.runAsUser !== undefined) {
    if (context.runAsUser === 0) throw new Error(`container's runAsUser breaks non-root policy ${where}`)
    return
  }
  const { uid, username } = image
  if (uid === undefined) {
    if (username === '') return
    throw new Error(
      `container has runAsNonRoot and image has non-numeric user (${username}), cannot verify user is non-root ${where}`,
    )
  }
  if (uid === 0) throw new Error(`container has runAsNonRoot and image will run as root ${where}`)
  if (uid < 0 || uid > maxUserId) {
    throw new Error(
      `container has runAsNonRoot and image has an invalid user id (${uid}). (Must be 1-(${maxUserId})): must be between 0 and ${maxUserId}, inclusive ${where}`,
    )
  }
}

export function namespacesOf(pod: Pod): NamespaceOption {
  const { hostIPC, hostNetwork, hostPID, shareProcessNamespace } = pod.spec ?? {}
  return {
    ipc: hostIPC === true ? 'NODE' : 'POD',
    network: hostNetwork === true ? 'NODE' : 'POD',
    pid: hostPID === true ? 'NODE' : shareProcessNamespace === true ? 'POD' : 'CONTAINER',
  }
}

function seccompProfile(
  profile: core.v1.SeccompProfile | undefined,
  { seccompRoot, seccompDefault }: SecuritySettings,
): SecurityProfile {
  if (profile === undefined && seccompDefault) return { profileType: 'RuntimeDefault' }
  switch (profile?.type) {
    case 'RuntimeDefault':
      return { profileType: 'RuntimeDefault' }
    case 'Localhost':
      if (!profile.localhostProfile) {
        throw new Error('localhostProfile must be set if seccompProfile type is Localhost.')
      }
      return { profileType: 'Localhost', localhostRef: `${seccompRoot}/${profile.localhostProfile}` }
    default:
      return { profileType: 'Unconfined' }
  }
}

function apparmorProfile(pod: Pod, container: Container): SecurityProfile | undefined {
  const profile = container.securityContext?.appArmorProfile ?? pod.spec?.securityContext?.appArmorProfile
  switch (profile?.type) {
    case 'RuntimeDefault':
      return { profileType: 'RuntimeDefault' }
    case 'Unconfined':
      return { profileType: 'Unconfined' }
    case 'Localhost':
      if (profile.localhostProfile === undefined) throw new Error('missing localhost apparmor profile name')
      return { profileType: 'Localhost', localhostRef: profile.localhostProfile }
    default:
      return undefined
  }
}

export const selinuxOption = (options: core.v1.SELinuxOptions): SelinuxOption => ({
  user: options.user ?? '',
  role: options.role ?? '',
  type: options.type ?? '',
  level: options.level ?? '',
})

/** fsGroup first, then supplementalGroups, as the sandbox has them. */
export function supplementalGroups(pod: Pod): readonly number[] {
  const { fsGroup, supplementalGroups: groups = [] } = pod.spec?.securityContext ?? {}
  return fsGroup === undefined ? groups : [fsGroup, ...groups]
}

export const groupsPolicy = (pod: Pod): { readonly supplementalGroupsPolicy?: 'Merge' | 'Strict' } => {
  const policy = pod.spec?.securityContext?.supplementalGroupsPolicy
  return policy === 'Merge' || policy === 'Strict' ? { supplementalGroupsPolicy: policy } : {}
}

export interface SecuritySettings {
  /** Where seccomp profiles of type Localhost live. */
  readonly seccompRoot: string
  /** Who says nothing has the runtime's profile. */
  readonly seccompDefault: boolean
}

/** What the runtime is told. `targetId` is the container whose processes an ephemeral one shares. */
export function containerSecurityContext(
  pod: Pod,
  container: Container,
  image: ImageUser,
  settings: SecuritySettings,
  targetId?: string,
): ContainerSecurityContext {
  const context = effectiveSecurityContext(pod, container)
  const seccomp = container.securityContext?.seccompProfile ?? pod.spec?.securityContext?.seccompProfile
  const apparmor = apparmorProfile(pod, container)
  const unmasked = context.procMount === 'Unmasked'
  const { capabilities, seLinuxOptions, runAsUser, runAsGroup } = context
  const uid = runAsUser ?? image.uid
  const namespaces = namespacesOf(pod)
  return {
    privileged: context.privileged ?? false,
    readonlyRootfs: context.readOnlyRootFilesystem ?? false,
    noNewPrivs: context.allowPrivilegeEscalation === false,
    supplementalGroups: supplementalGroups(pod),
    ...groupsPolicy(pod),
    maskedPaths: unmasked ? [] : maskedPaths,
    readonlyPaths: unmasked ? [] : readonlyPaths,
    seccomp: seccompProfile(seccomp, settings),
    namespaceOptions:
      targetId !== undefined && namespaces.pid === 'CONTAINER'
        ? { ...namespaces, pid: 'TARGET', targetId }
        : namespaces,
    ...(capabilities === undefined
      ? {}
      : {
          capabilities: {
            addCapabilities: capabilities.add ?? [],
            dropCapabilities: capabilities.drop ?? [],
          },
        }),
    ...(seLinuxOptions === undefined ? {} : { selinuxOptions: selinuxOption(seLinuxOptions) }),
    ...(apparmor === undefined ? {} : { apparmor }),
    ...(uid === undefined ? {} : { runAsUser: { value: uid } }),
    ...(uid === undefined && image.username !== '' ? { runAsUsername: image.username } : {}),
    ...(runAsGroup === undefined ? {} : { runAsGroup: { value: runAsGroup } }),
  }
}
