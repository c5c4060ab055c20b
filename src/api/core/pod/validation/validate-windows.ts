import type { FieldError } from '../../../../apimachinery/field-error.ts'
import { fieldForbidden, invalidValue } from '../../../../apimachinery/field-errors.ts'
import type { FieldPath } from '../../../../apimachinery/field-path.ts'
import { isDns1123Subdomain } from '../../../../apimachinery/names.ts'
import { checkText } from '../../../checks.ts'
import type { core } from '../../../generated/types/index.ts'
import { visitContainers } from './all-containers.ts'

const maxSpecKib = 64
const maxDomain = 256
const maxUser = 104
const netBiosDomain = /^[^\\/:*?"<>|.][^\\/:*?"<>|]{0,14}$/
const dnsDomain =
  /^[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?(?:\.[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?)*$/

/** `DOMAIN\user` or `user`; what is wrong with it. */
function userNameComplaints(name: string): string[] {
  if (name === '') return ['runAsUserName cannot be an empty string']
  if (/\p{Cc}/u.test(name)) return ['runAsUserName cannot contain control characters']
  const parts = name.split('\\')
  if (parts.length > 2) return ['runAsUserName cannot contain more than one backslash']
  const user = parts[parts.length - 1] ?? ''
  const domain = parts.length === 2 ? (parts[0] ?? '') : undefined
  const complaints: string[] = []
  if (domain !== undefined && domain.length >= maxDomain)
    complaints.push(`runAsUserName's Domain length must be under ${maxDomain} characters`)
  if (domain !== undefined && !netBiosDomain.test(domain) && !dnsDomain.test(domain))
    complaints.push("runAsUserName's Domain doesn't match the NetBios nor the DNS format")
  if (user === '') complaints.push("runAsUserName's User cannot be empty")
  else if (user.length > maxUser)
    complaints.push(`runAsUserName's User length must not be longer than ${maxUser} characters`)
  if (/^[. ]+$/.test(user)) complaints.push("runAsUserName's User cannot contain only periods or spaces")
  if (/["/\\:;|=,+*?<>@[\]]/.test(user))
    complaints.push('runAsUserName\'s User cannot contain the following characters: "/\\:;|=,+*?<>@[]')
  return complaints
}

export function validateWindowsOptions(
  options: core.v1.WindowsSecurityContextOptions | undefined,
  path: FieldPath,
  errors: FieldError[],
): void {
  if (options === undefined) return
  const { gmsaCredentialSpecName, gmsaCredentialSpec, runAsUserName } = options
  if (gmsaCredentialSpecName !== undefined)
    checkText(gmsaCredentialSpecName, isDns1123Subdomain, path.child('gmsaCredentialSpecName'), errors)
  if (gmsaCredentialSpec !== undefined) {
    const where = path.child('gmsaCredentialSpec')
    if (gmsaCredentialSpec === '')
      errors.push(invalidValue(where, '', 'gmsaCredentialSpec cannot be an empty string'))
    else if (gmsaCredentialSpec.length > maxSpecKib * 1024) {
      const detail = `gmsaCredentialSpec size must be under ${maxSpecKib} KiB`
      errors.push(invalidValue(where, gmsaCredentialSpec, detail))
    }
  }
  if (runAsUserName !== undefined)
    for (const complaint of userNameComplaints(runAsUserName))
      errors.push(invalidValue(path.child('runAsUserName'), runAsUserName, complaint))
}

/** HostProcess containers come all or none, and on the host's network. */
export function validateHostProcess(spec: core.v1.PodSpec, path: FieldPath, errors: FieldError[]): void {
  const ofPod = spec.securityContext?.windowsOptions?.hostProcess
  let containers = 0
  let hostProcesses = 0
  visitContainers(spec, path, (container, where) => {
    containers++
    const own = container.securityContext?.windowsOptions?.hostProcess
    if (ofPod !== undefined && own !== undefined && own !== ofPod) {
      const detail = `pod hostProcess value must be identical if both are specified, was ${ofPod}`
      errors.push(invalidValue(where.child('securityContext.windowsOptions.hostProcess'), own, detail))
    }
    if (own ?? ofPod ?? false) hostProcesses++
  })
  if (hostProcesses === 0) return
  if (hostProcesses !== containers) {
    const detail =
      'If pod contains any hostProcess containers then all containers must be HostProcess containers'
    errors.push(invalidValue(path, '', detail))
  }
  if (spec.hostNetwork !== true) {
    const detail = 'hostNetwork must be true if pod contains any hostProcess containers'
    errors.push(invalidValue(path.child('hostNetwork'), false, detail))
  }
}

const windowsPodFields = [
  'securityContext.appArmorProfile',
  'securityContext.seLinuxOptions',
  'hostUsers',
  'hostPID',
  'hostIPC',
  'securityContext.seccompProfile',
  'securityContext.fsGroup',
  'securityContext.fsGroupChangePolicy',
  'securityContext.sysctls',
  'shareProcessNamespace',
  'securityContext.runAsUser',
  'securityContext.runAsGroup',
  'securityContext.supplementalGroups',
  'securityContext.supplementalGroupsPolicy',
  'securityContext.seLinuxChangePolicy',
]

const windowsContainerFields = [
  'appArmorProfile',
  'seLinuxOptions',
  'seccompProfile',
  'capabilities',
  'readOnlyRootFilesystem',
  'privileged',
  'allowPrivilegeEscalation',
  'procMount',
  'runAsUser',
  'runAsGroup',
]

const isSet = (value: unknown): boolean => value !== undefined && value !== null && value !== false

function refuseSet(
  object: object,
  field: string,
  path: FieldPath,
  detail: string,
  errors: FieldError[],
): void {
  const value = field
    .split('.')
    .reduce<unknown>(
      (current, key) =>
        typeof current === 'object' && current !== null ? Reflect.get(current, key) : undefined,
      object,
    )
  if (isSet(value)) errors.push(fieldForbidden(path.child(field), detail))
}

/** What a pod that names its operating system may not set. */
export function validateForSystem(spec: core.v1.PodSpec, path: FieldPath, errors: FieldError[]): void {
  if (spec.os?.name === 'windows') {
    const detail = 'cannot be set for a windows pod'
    for (const field of windowsPodFields) refuseSet(spec, field, path, detail, errors)
    visitContainers(spec, path, ({ securityContext }, where) => {
      if (securityContext === undefined) return
      for (const field of windowsContainerFields)
        refuseSet(securityContext, field, where.child('securityContext'), detail, errors)
    })
  } else if (spec.os?.name === 'linux') {
    const detail = 'windows options cannot be set for a linux pod'
    refuseSet(spec, 'securityContext.windowsOptions', path, detail, errors)
    visitContainers(spec, path, (container, where) => {
      refuseSet(container, 'securityContext.windowsOptions', where, detail, errors)
    })
  }
}
