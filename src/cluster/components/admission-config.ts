import { readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { parse } from 'yaml'
import type { core } from '../../api/generated/types/index.ts'
import type { Features } from '../../apimachinery/feature-gates.ts'
import { type Complaints, isDns1123Label, isDns1123Subdomain } from '../../apimachinery/names.ts'
import {
  defaultEventCacheSize,
  type EventLimit,
  type EventLimitType,
} from '../../apiserver/admission/event-rate-limit/event-rate-limit.ts'
import {
  defaultPluginConfiguration,
  type PluginConfiguration,
} from '../../apiserver/admission/plugin-configuration.ts'
import { pluginProblem } from '../../apiserver/admission/plugin-problem.ts'
import type { PodSecurityConfiguration } from '../../apiserver/admission/pod-security/pod-security.ts'
import {
  type LevelVersion,
  levelComplaint,
  levels,
  versionComplaint,
} from '../../apiserver/admission/pod-security/policy.ts'
import type { TolerationRestriction } from '../../apiserver/admission/pod-toleration-restriction/pod-toleration-restriction.ts'
import type { ManifestPlugin } from '../../apiserver/dynamic-admission/manifests/manifest-folder.ts'
import { defined } from '../../base/defined.ts'
import { isRecord } from '../../base/is-record.ts'
import { messageOf } from '../../base/message-of.ts'
import { admissionManifests, manifestsField } from './admission-manifests.ts'
import {
  configObject,
  type Fields,
  listOf,
  numberOf,
  only,
  textMapOf,
  textOf,
  textsOf,
} from './config-fields.ts'
import { FlagError } from './flags/parse-flags.ts'
import { imagePolicyConfig } from './image-policy-config.ts'
import { quotaConfig } from './quota-config.ts'
import { usersField, webhookUsers } from './webhook-users.ts'

const podSecurityKinds = ['v1', 'v1beta1', 'v1alpha1'].map(
  (version) => [`pod-security.admission.config.k8s.io/${version}`, 'PodSecurityConfiguration'] as const,
)

const refuse = (path: string, value: string, why: string): FlagError =>
  new FlagError(`${path}: Invalid value: ${JSON.stringify(value)}: ${why}`)

function levelVersion(defaults: Fields, mode: string): LevelVersion {
  const text = textOf(defaults, mode) || 'privileged'
  const version = textOf(defaults, `${mode}-version`) || 'latest'
  const level = levels.find((each) => each === text)
  if (level === undefined) throw refuse(`defaults.${mode}`, text, levelComplaint(text) ?? '')
  const complaint = versionComplaint(version)
  if (complaint !== undefined) throw refuse(`defaults.${mode}-version`, version, complaint)
  return { level, version }
}

/** The names of an exemption, each once and each well-formed. */
function exempted(exemptions: Fields, field: string, check: (name: string) => Complaints): readonly string[] {
  const names = textsOf(exemptions, field) ?? []
  names.forEach((name, at) => {
    const path = `exemptions.${field}[${at}]`
    const [complaint] = check(name)
    if (complaint !== undefined) throw refuse(path, name, complaint)
    if (names.indexOf(name) !== at) throw new FlagError(`${path}: Duplicate value: ${JSON.stringify(name)}`)
  })
  return names
}

function podSecurity(value: unknown, file: string): PodSecurityConfiguration {
  const given = podSecurityKinds.find(
    ([version]) =>
      typeof value === 'object' && value !== null && Reflect.get(value, 'apiVersion') === version,
  )
  const top = configObject(value, file, given ?? podSecurityKinds[0] ?? ['', ''], ['defaults', 'exemptions'])
  const modes = ['enforce', 'audit', 'warn'].flatMap((mode) => [mode, `${mode}-version`])
  const defaults = only(top['defaults'], 'defaults', modes)
  const exemptions = only(top['exemptions'], 'exemptions', ['usernames', 'namespaces', 'runtimeClasses'])
  const named = (name: string): Complaints => (name === '' ? ['username must not be empty'] : [])
  return {
    defaults: {
      enforce: levelVersion(defaults, 'enforce'),
      audit: levelVersion(defaults, 'audit'),
      warn: levelVersion(defaults, 'warn'),
    },
    exemptions: {
      usernames: exempted(exemptions, 'usernames', named),
      namespaces: exempted(exemptions, 'namespaces', isDns1123Label),
      runtimeClasses: exempted(exemptions, 'runtimeClasses', isDns1123Subdomain),
    },
  }
}

const limitTypes: readonly EventLimitType[] = ['Server', 'Namespace', 'User', 'SourceAndObject']

function eventLimits(value: unknown, file: string): readonly EventLimit[] {
  const kind = ['eventratelimit.admission.k8s.io/v1alpha1', 'Configuration'] as const
  const limits = listOf(configObject(value, file, kind, ['limits']), 'limits') ?? []
  if (limits.length === 0) throw new FlagError('limits: Invalid value: []: must not be empty')
  return limits.map((limit, at) => {
    const path = `limits[${at}]`
    const fields = only(limit, path, ['type', 'qps', 'burst', 'cacheSize'])
    const text = textOf(fields, 'type') ?? ''
    const type = limitTypes.find((each) => each === text)
    if (type === undefined) throw new FlagError(`${path}.type: Unsupported value: ${JSON.stringify(text)}`)
    const positive = (field: string): number => {
      const number = numberOf(fields, field) ?? 0
      if (number <= 0) throw new FlagError(`${path}.${field}: Invalid value: ${number}: must be positive`)
      return number
    }
    const cacheSize = numberOf(fields, 'cacheSize') ?? 0
    if (cacheSize < 0)
      throw new FlagError(`${path}.cacheSize: Invalid value: ${cacheSize}: must not be negative`)
    return {
      type,
      qps: positive('qps'),
      burst: positive('burst'),
      cacheSize: cacheSize || defaultEventCacheSize,
    }
  })
}

const tolerationFields = ['key', 'operator', 'value', 'effect', 'tolerationSeconds']

function tolerations(fields: Fields, name: string): readonly core.v1.Toleration[] {
  return (listOf(fields, name) ?? []).map((item, at) => {
    const toleration = only(item, `${name}[${at}]`, tolerationFields)
    for (const field of tolerationFields.slice(0, -1)) textOf(toleration, field)
    numberOf(toleration, 'tolerationSeconds')
    return toleration
  })
}

function tolerationRestriction(value: unknown, file: string): TolerationRestriction {
  const kind = ['podtolerationrestriction.admission.k8s.io/v1alpha1', 'Configuration'] as const
  const top = configObject(value, file, kind, ['default', 'whitelist'])
  return { default: tolerations(top, 'default'), whitelist: tolerations(top, 'whitelist') }
}

const imagePolicyFields = ['kubeConfigFile', 'allowTTL', 'denyTTL', 'retryBackoff', 'defaultAllow']

const webhookKinds = [
  [
    ['apiserver.config.k8s.io/v1', 'WebhookAdmissionConfiguration'],
    [usersField, manifestsField],
  ],
  [['apiserver.config.k8s.io/v1alpha1', 'WebhookAdmission'], [usersField]],
] as const

type Reader = (value: unknown, file: string, features: Features) => Partial<PluginConfiguration>

/** The folder that a plugin is told of. */
const manifests = (plugin: ManifestPlugin, fields: Fields, features: Features) => ({
  manifests: defined({ [plugin]: admissionManifests(fields, features) }),
})

/** Of a plugin of webhooks: `users` is what it is told as whom to ask. */
const webhooks =
  (plugin: ManifestPlugin, users: 'mutatingWebhookUsers' | 'validatingWebhookUsers'): Reader =>
  (value, file, features) => {
    const version = isRecord(value) ? value['apiVersion'] : undefined
    const [kind, names] = webhookKinds.find(([[each]]) => each === version) ?? webhookKinds[0]
    const fields = configObject(value, file, kind, names)
    return { [users]: webhookUsers(fields), ...manifests(plugin, fields, features) }
  }

/** Of a plugin of policies. */
const policies =
  (plugin: ManifestPlugin): Reader =>
  (value, file, features) => {
    const kind = ['apiserver.config.k8s.io/v1', `${plugin}Configuration`] as const
    return manifests(plugin, configObject(value, file, kind, [manifestsField]), features)
  }

/** The plugins that are told something, and what. */
const readers: Readonly<Record<string, Reader>> = {
  PodSecurity: (value, file) => ({ podSecurity: podSecurity(value, file) }),
  EventRateLimit: (value, file) => ({ eventLimits: eventLimits(value, file) }),
  PodTolerationRestriction: (value, file) => ({ tolerations: tolerationRestriction(value, file) }),
  MutatingAdmissionPolicy: policies('MutatingAdmissionPolicy'),
  MutatingAdmissionWebhook: webhooks('MutatingAdmissionWebhook', 'mutatingWebhookUsers'),
  ValidatingAdmissionPolicy: policies('ValidatingAdmissionPolicy'),
  ValidatingAdmissionWebhook: webhooks('ValidatingAdmissionWebhook', 'validatingWebhookUsers'),
  ResourceQuota: (value, file) => ({ limitedResources: quotaConfig(value, file) }),
  ImagePolicyWebhook: (value) => {
    const { imagePolicy } = only(value, '', ['imagePolicy'])
    return { imagePolicy: imagePolicyConfig(only(imagePolicy, 'imagePolicy', imagePolicyFields)) }
  },
  PodNodeSelector: (value) => {
    const fields = only(value, '', ['podNodeSelectorPluginConfig'])
    return { nodeSelectors: Object.fromEntries(textMapOf(fields, 'podNodeSelectorPluginConfig') ?? []) }
  },
}

function readFor(plugin: string, read: () => Partial<PluginConfiguration>): Partial<PluginConfiguration> {
  try {
    return read()
  } catch (error) {
    throw new FlagError(pluginProblem(plugin, messageOf(error)), { cause: error })
  }
}

/**
 * Reads a file of kind AdmissionConfiguration
 * (https://kubernetes.io/docs/reference/config-api/apiserver-config.v1/); the files that it names are beside it.
 * Throws FlagError for what is wrong, and for plugins that take no configuration here.
 */
export function admissionConfig(text: string, file: string, features: Features): PluginConfiguration {
  const kind = ['apiserver.config.k8s.io/v1', 'AdmissionConfiguration'] as const
  const top = configObject(parse(text), file, kind, ['plugins'])
  let all = defaultPluginConfiguration
  for (const [at, item] of (listOf(top, 'plugins') ?? []).entries()) {
    const plugin = only(item, `plugins[${at}]`, ['name', 'path', 'configuration'])
    const name = textOf(plugin, 'name') ?? ''
    const read = readers[name]
    if (read === undefined) throw new FlagError(`plugins[${at}]: ${name} takes no configuration here`)
    const path = textOf(plugin, 'path') ?? ''
    const beside = path === '' ? file : resolve(dirname(file), path)
    const value = path === '' ? plugin['configuration'] : parse(readFileSync(beside, 'utf8'))
    const told = readFor(name, () => read(value, beside, features))
    all = { ...all, ...told, manifests: { ...all.manifests, ...told.manifests } }
  }
  return all
}
