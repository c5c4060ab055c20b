import { goQuote } from '../../../../apimachinery/go-text.ts'
import { ipWarnings } from '../../../../apimachinery/ip-warnings.ts'
import { isLabelValue } from '../../../../apimachinery/label-syntax.ts'
import type { ObjectMeta } from '../../../../apimachinery/meta.ts'
import type { core } from '../../../generated/types/index.ts'
import { deprecatedNodeLabel, nodeSelectorTermWarnings } from '../../node/deprecated-labels.ts'
import { claimSpecWarnings } from '../../persistent-volume-claim/claim-spec-warnings.ts'
import { containerWarnings } from './container-warnings.ts'
import { overlapWarnings } from './overlap-warnings.ts'
import { portWarnings } from './port-warnings.ts'
import { fractionalWarnings } from './quantity-warnings.ts'

type PodSpec = core.v1.PodSpec

const oldAnnotations: readonly (readonly [string, string])[] = [
  [
    'scheduler.alpha.kubernetes.io/critical-pod',
    'non-functional in v1.16+; use the "priorityClassName" field instead',
  ],
  ['security.alpha.kubernetes.io/sysctls', 'non-functional in v1.11+; use the "sysctls" field instead'],
  [
    'security.alpha.kubernetes.io/unsafe-sysctls',
    'non-functional in v1.11+; use the "sysctls" field instead',
  ],
]

const oldSources: readonly (readonly [keyof core.v1.Volume, string, string])[] = [
  ['photonPersistentDisk', 'photonPersistentDisk', 'deprecated in v1.11, non-functional in v1.16+'],
  ['gitRepo', 'gitRepo', 'deprecated in v1.11, and disabled by default in v1.33+'],
  ['scaleIO', 'scaleIO', 'deprecated in v1.16, non-functional in v1.22+'],
  ['flocker', 'flocker', 'deprecated in v1.22, non-functional in v1.25+'],
  ['storageos', 'storageOS', 'deprecated in v1.22, non-functional in v1.25+'],
  ['quobyte', 'quobyte', 'deprecated in v1.22, non-functional in v1.25+'],
  ['glusterfs', 'glusterfs', 'deprecated in v1.25, non-functional in v1.26+'],
  ['cephfs', 'cephfs', 'deprecated in v1.28, non-functional in v1.31+'],
  ['rbd', 'rbd', 'deprecated in v1.28, non-functional in v1.31+'],
]

const nullSelector = 'a null labelSelector results in matching no pod'

function nodeWarnings(spec: PodSpec, path: string, warnings: string[]): void {
  for (const key in spec.nodeSelector) {
    const message = deprecatedNodeLabel(key)
    if (message !== undefined) warnings.push(`${path}.nodeSelector[${key}]: ${message}`)
  }
  const affinity = spec.affinity?.nodeAffinity
  if (affinity === undefined) return
  const required = 'requiredDuringSchedulingIgnoredDuringExecution'
  const preferred = 'preferredDuringSchedulingIgnoredDuringExecution'
  const at = `${path}.affinity.nodeAffinity`
  const terms = affinity[required]?.nodeSelectorTerms
  warnings.push(...nodeSelectorTermWarnings(terms, `${at}.${required}.nodeSelectorTerms`))
  affinity[preferred]?.forEach(({ preference }, index) => {
    preference?.matchExpressions?.forEach(({ key, values = [] }, which) => {
      const where = `${at}.${preferred}[${index}].preference.matchExpressions[${which}]`
      const message = deprecatedNodeLabel(key)
      if (message !== undefined) warnings.push(`${where}.key: ${key} is ${message}`)
      values.forEach((value, place) => {
        for (const complaint of isLabelValue(value))
          warnings.push(`${where}.values[${place}]: ${value} is invalid, ${complaint}`)
      })
    })
  })
}

function spreadWarnings(spec: PodSpec, path: string, warnings: string[]): void {
  spec.topologySpreadConstraints?.forEach(({ topologyKey, labelSelector }, index) => {
    const where = `${path}.topologySpreadConstraints[${index}]`
    const message = deprecatedNodeLabel(topologyKey)
    if (message !== undefined) warnings.push(`${where}.topologyKey: ${topologyKey} is ${message}`)
    if (labelSelector === undefined) warnings.push(`${where}.labelSelector: ${nullSelector}`)
  })
}

function affinityWarnings({ affinity }: PodSpec, path: string, warnings: string[]): void {
  for (const kind of ['podAffinity', 'podAntiAffinity'] as const) {
    const terms = affinity?.[kind]
    const at = `${path}.affinity.${kind}`
    const required = 'requiredDuringSchedulingIgnoredDuringExecution'
    const preferred = 'preferredDuringSchedulingIgnoredDuringExecution'
    terms?.[required]?.forEach(({ labelSelector }, index) => {
      if (labelSelector === undefined)
        warnings.push(`${at}.${required}[${index}].labelSelector: ${nullSelector}`)
    })
    terms?.[preferred]?.forEach(({ podAffinityTerm }, index) => {
      if (podAffinityTerm?.labelSelector !== undefined) return
      warnings.push(`${at}.${preferred}[${index}].podAffinityTerm.labelSelector: ${nullSelector}`)
    })
  }
}

function volumeWarnings(spec: PodSpec, path: string, warnings: string[]): void {
  spec.volumes?.forEach((volume, index) => {
    for (const [source, field, message] of oldSources)
      if (volume[source] !== undefined) warnings.push(`${path}.volumes[${index}].${field}: ${message}`)
    const claim = volume.ephemeral?.volumeClaimTemplate?.spec
    const where = `${path}.volumes[${index}].ephemeral.volumeClaimTemplate.spec`
    warnings.push(...claimSpecWarnings(claim, where))
  })
  overlapWarnings(spec.volumes ?? [], warnings)
}

function listWarnings(spec: PodSpec, path: string, warnings: string[]): void {
  const ips = new Set<string>()
  spec.hostAliases?.forEach(({ ip = '' }, index) => {
    if (ips.has(ip)) warnings.push(`${path}.hostAliases[${index}].ip: duplicate ip ${goQuote(ip)}`)
    ips.add(ip)
  })
  const names = new Set<string>()
  spec.imagePullSecrets?.forEach(({ name = '' }, index) => {
    const where = `${path}.imagePullSecrets[${index}].name`
    if (names.has(name)) warnings.push(`${where}: duplicate name ${goQuote(name)}`)
    if (name === '') warnings.push(`${where}: invalid empty name ""`)
    names.add(name)
  })
}

function addressWarnings(spec: PodSpec, path: string, warnings: string[]): void {
  spec.dnsConfig?.nameservers?.forEach((server, index) => {
    warnings.push(...ipWarnings(`${path}.dnsConfig.nameservers[${index}]`, server))
  })
  spec.hostAliases?.forEach(({ ip = '' }, index) => {
    warnings.push(...ipWarnings(`${path}.hostAliases[${index}].ip`, ip))
  })
}

/** What is allowed in a pod, but hardly meant. `prefix` is '' for a pod, else its template's path with a dot. */
export function podSpecWarnings(
  spec: PodSpec,
  metadata: ObjectMeta | undefined,
  prefix: string,
): readonly string[] {
  const warnings: string[] = []
  const path = `${prefix}spec`
  const annotations = metadata?.annotations ?? {}
  nodeWarnings(spec, path, warnings)
  spreadWarnings(spec, path, warnings)
  for (const [key, message] of oldAnnotations)
    if (key in annotations) warnings.push(`${prefix}metadata.annotations[${key}]: ${message}`)
  volumeWarnings(spec, path, warnings)
  listWarnings(spec, path, warnings)
  for (const resource of ['memory', 'ephemeral-storage'])
    fractionalWarnings(spec.overhead, resource, `${path}.overhead`, warnings)
  containerWarnings(spec, annotations, prefix, warnings)
  portWarnings(spec, path, warnings)
  const grace = spec.terminationGracePeriodSeconds
  if (grace !== undefined && grace < 0)
    warnings.push(
      `${path}.terminationGracePeriodSeconds: must be >= 0; negative values are invalid and will be treated as 1`,
    )
  affinityWarnings(spec, path, warnings)
  addressWarnings(spec, path, warnings)
  return warnings
}
