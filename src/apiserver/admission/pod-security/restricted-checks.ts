import { checkProcMount } from './baseline-checks.ts'
import {
  type Check,
  type CheckPod,
  containersNamed,
  namesWhere,
  plural,
  quoted,
  setters,
  sorted,
  unlessOwnUsers,
  unlessWindows,
} from './check.ts'
import { seccompFields } from './profile-checks.ts'

const checkEscalation: CheckPod = (spec) => {
  const bad = namesWhere(spec, ({ securityContext }) => securityContext?.allowPrivilegeEscalation !== false)
  if (bad.length === 0) return undefined
  return {
    reason: 'allowPrivilegeEscalation != false',
    detail: `${containersNamed(bad)} must set securityContext.allowPrivilegeEscalation=false`,
  }
}

const checkCapabilities: CheckPod = (spec) => {
  const keeping = namesWhere(
    spec,
    ({ securityContext }) => !(securityContext?.capabilities?.drop ?? []).includes('ALL'),
  )
  const added = new Set<string>()
  const adding = namesWhere(spec, ({ securityContext }) => {
    const others = (securityContext?.capabilities?.add ?? []).filter((name) => name !== 'NET_BIND_SERVICE')
    for (const name of others) added.add(name)
    return others.length > 0
  })
  const details = [
    ...(keeping.length > 0
      ? [`${containersNamed(keeping)} must set securityContext.capabilities.drop=["ALL"]`]
      : []),
    ...(adding.length > 0
      ? [
          `${containersNamed(adding)} must not include ${quoted(sorted(added))} in securityContext.capabilities.add`,
        ]
      : []),
  ]
  return details.length === 0
    ? undefined
    : { reason: 'unrestricted capabilities', detail: details.join('; ') }
}

const volumeTypes = new Set([
  ...['configMap', 'csi', 'downwardAPI', 'emptyDir', 'ephemeral', 'image', 'persistentVolumeClaim'],
  ...['projected', 'secret'],
])

/** Those that have a name in the report. */
const restrictedTypes = new Set([
  ...['hostPath', 'gcePersistentDisk', 'awsElasticBlockStore', 'gitRepo', 'nfs', 'iscsi', 'glusterfs', 'rbd'],
  ...[
    'flexVolume',
    'cinder',
    'cephfs',
    'flocker',
    'fc',
    'azureFile',
    'vsphereVolume',
    'quobyte',
    'azureDisk',
  ],
  ...['photonPersistentDisk', 'portworxVolume', 'scaleIO', 'storageos'],
])

const checkVolumes: CheckPod = ({ volumes = [] }) => {
  const bad = volumes.flatMap(({ name, ...source }) => {
    const types = Object.keys(source)
    if (types.some((type) => volumeTypes.has(type))) return []
    return [{ name, type: types.find((type) => restrictedTypes.has(type)) ?? 'unknown' }]
  })
  if (bad.length === 0) return undefined
  const types = sorted(bad.map(({ type }) => type))
  const names = quoted(bad.map(({ name }) => name))
  const uses = `${plural(bad.length, 'uses', 'use')} ${plural(types.length, 'restricted volume type')}`
  return {
    reason: 'restricted volume types',
    detail: `${plural(bad.length, 'volume')} ${names} ${uses} ${quoted(types)}`,
  }
}

const checkNonRoot: CheckPod = (spec) => {
  const pod = spec.securityContext?.runAsNonRoot
  const bad = namesWhere(spec, ({ securityContext }) => securityContext?.runAsNonRoot === false)
  const who = setters(pod === false, bad)
  const reason = 'runAsNonRoot != true'
  if (who.length > 0)
    return { reason, detail: `${who.join(' and ')} must not set securityContext.runAsNonRoot=false` }
  if (pod === true) return undefined
  const silent = namesWhere(spec, ({ securityContext }) => securityContext?.runAsNonRoot === undefined)
  if (silent.length === 0) return undefined
  return { reason, detail: `pod or ${containersNamed(silent)} must set securityContext.runAsNonRoot=true` }
}

const checkUser: CheckPod = (spec) => {
  const bad = namesWhere(spec, ({ securityContext }) => securityContext?.runAsUser === 0)
  const who = setters(spec.securityContext?.runAsUser === 0, bad)
  if (who.length === 0) return undefined
  return { reason: 'runAsUser=0', detail: `${who.join(' and ')} must not set runAsUser=0` }
}

const level = 'restricted'

/** What well-hardened pods do. By id, as they are reported, behind those of the baseline. */
export const restrictedChecks: readonly Check[] = [
  {
    id: 'allowPrivilegeEscalation',
    level,
    versions: [
      { from: 8, check: checkEscalation },
      { from: 25, check: unlessWindows(checkEscalation) },
    ],
  },
  {
    id: 'capabilities_restricted',
    level,
    versions: [
      { from: 22, check: checkCapabilities, overrides: ['capabilities_baseline'] },
      { from: 25, check: unlessWindows(checkCapabilities), overrides: ['capabilities_baseline'] },
    ],
  },
  {
    id: 'procMount_restricted',
    level,
    versions: [{ from: 35, check: checkProcMount, overrides: ['procMount'] }],
  },
  {
    id: 'restrictedVolumes',
    level,
    versions: [{ from: 0, check: checkVolumes, overrides: ['hostPathVolumes'] }],
  },
  {
    id: 'runAsNonRoot',
    level,
    versions: [
      { from: 0, check: checkNonRoot },
      { from: 35, check: unlessOwnUsers(checkNonRoot) },
    ],
  },
  {
    id: 'runAsUser',
    level,
    versions: [
      { from: 23, check: checkUser },
      { from: 35, check: unlessOwnUsers(checkUser) },
    ],
  },
  {
    id: 'seccompProfile_restricted',
    level,
    versions: [
      { from: 19, check: seccompFields(true), overrides: ['seccompProfile_baseline'] },
      { from: 25, check: unlessWindows(seccompFields(true)), overrides: ['seccompProfile_baseline'] },
    ],
  },
]
