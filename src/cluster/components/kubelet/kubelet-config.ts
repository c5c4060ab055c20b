import { dirname, resolve } from 'node:path'
import { parse } from 'yaml'
import { defined } from '../../../base/defined.ts'
import { nonZero } from '../../../base/non-zero.ts'
import {
  booleanMapOf,
  booleanOf,
  choiceOf,
  configObject,
  durationOf,
  type Fields,
  listOf,
  numberOf,
  only,
  textMapOf,
  textOf,
  textsOf,
} from '../config-fields.ts'
import { withoutDefaults } from './default-fields.ts'
import type { KubeletFlags } from './kubelet-flags.ts'
import { makeTaint } from './node-texts.ts'
import { type PodConfig, verificationPolicies } from './pod-settings.ts'
import { type MemoryConfig, memoryConfig, resourceConfigFlags, resourceFields } from './resource-config.ts'

/** What a KubeletConfiguration can say here; `flags` also has what is otherwise with a file than without. */
export interface KubeletConfig {
  readonly flags: Partial<KubeletFlags>
  /** How often a node's status is written that has not changed. */
  readonly reportEveryMs?: number
  readonly leaseSeconds?: number
  readonly logLookMs?: number
  readonly pods: PodConfig
  readonly memory?: MemoryConfig
}

const minLogLookMs = 3_000

const nonEmpty = (text: string | undefined): string | undefined => (text === '' ? undefined : text)
const nonNull = (value: number | undefined): number | undefined =>
  value === undefined ? undefined : nonZero(value)

const nodeFields = [
  ...['registerNode', 'registerWithTaints', 'maxPods', 'podCIDR', 'nodeStatusUpdateFrequency'],
  ...['nodeStatusReportFrequency', 'nodeStatusMaxImages', 'nodeLeaseDurationSeconds'],
  'failSwapOn',
]
const podFields = [
  ...['containerRuntimeEndpoint', 'clusterDNS', 'clusterDomain', 'resolvConf', 'cgroupDriver', 'cgroupRoot'],
  ...['serializeImagePulls', 'kubeAPIQPS', 'kubeAPIBurst', 'containerLogMaxSize', 'containerLogMaxFiles'],
  ...['containerLogMonitorInterval', 'allowedUnsafeSysctls', 'seccompDefault'],
]
const evictionFields = [
  ...['evictionHard', 'evictionSoft', 'evictionSoftGracePeriod', 'evictionMinimumReclaim'],
  ...['evictionPressureTransitionPeriod', 'evictionMaxPodGracePeriod'],
]
const imageFields = [
  ...['featureGates', 'imageGCHighThresholdPercent', 'imageGCLowThresholdPercent', 'imageMinimumGCAge'],
  ...['imageMaximumGCAge', 'maxParallelImagePulls', 'crashLoopBackOff'],
  ...['imagePullCredentialsVerificationPolicy', 'preloadedImagesVerificationAllowlist'],
]
const serverFields = [
  ...['address', 'port', 'readOnlyPort', 'healthzPort', 'healthzBindAddress', 'authentication'],
  ...['authorization', 'tlsCertFile', 'tlsPrivateKeyFile', 'tlsMinVersion', 'tlsCipherSuites'],
  ...['rotateCertificates', 'serverTLSBootstrap'],
]

function taints(fields: Fields): KubeletFlags['register-with-taints'] | undefined {
  return listOf(fields, 'registerWithTaints')?.map((item, index) => {
    const taint = only(item, `registerWithTaints[${index}]`, ['key', 'value', 'effect'])
    const [key = '', value = '', effect = ''] = ['key', 'value', 'effect'].map((name) => textOf(taint, name))
    return makeTaint(key, key, value, effect)
  })
}

const nodeFlags = (fields: Fields): Partial<KubeletFlags> =>
  defined({
    'fail-swap-on': booleanOf(fields, 'failSwapOn'),
    'register-node': booleanOf(fields, 'registerNode'),
    'register-with-taints': taints(fields),
    'node-status-max-images': numberOf(fields, 'nodeStatusMaxImages'),
    'max-pods': nonNull(numberOf(fields, 'maxPods')),
    'pod-cidr': textOf(fields, 'podCIDR'),
    'node-status-update-frequency': nonNull(durationOf(fields, 'nodeStatusUpdateFrequency')),
  })

function podFlags(fields: Fields, beside: (file: string) => string): Partial<KubeletFlags> {
  const resolvConf = textOf(fields, 'resolvConf')
  return defined({
    'container-runtime-endpoint': nonEmpty(textOf(fields, 'containerRuntimeEndpoint')),
    'cluster-dns': textsOf(fields, 'clusterDNS'),
    'cluster-domain': textOf(fields, 'clusterDomain'),
    'resolv-conf': resolvConf === undefined || resolvConf === '' ? resolvConf : beside(resolvConf),
    'cgroup-driver': choiceOf(fields, 'cgroupDriver', ['cgroupfs', 'systemd']),
    'cgroup-root': textOf(fields, 'cgroupRoot'),
    'serialize-image-pulls': booleanOf(fields, 'serializeImagePulls'),
    'container-log-max-size': nonEmpty(textOf(fields, 'containerLogMaxSize')),
    'container-log-max-files': numberOf(fields, 'containerLogMaxFiles'),
    'allowed-unsafe-sysctls': textsOf(fields, 'allowedUnsafeSysctls'),
    'seccomp-default': booleanOf(fields, 'seccompDefault'),
    'kube-api-qps': numberOf(fields, 'kubeAPIQPS'),
    'kube-api-burst': nonNull(numberOf(fields, 'kubeAPIBurst')),
  })
}

const evictionFlags = (fields: Fields): Partial<KubeletFlags> =>
  defined({
    'eviction-hard': textMapOf(fields, 'evictionHard'),
    'eviction-soft': textMapOf(fields, 'evictionSoft'),
    'eviction-soft-grace-period': textMapOf(fields, 'evictionSoftGracePeriod'),
    'eviction-minimum-reclaim': textMapOf(fields, 'evictionMinimumReclaim'),
    'eviction-pressure-transition-period': nonNull(durationOf(fields, 'evictionPressureTransitionPeriod')),
    'eviction-max-pod-grace-period': numberOf(fields, 'evictionMaxPodGracePeriod'),
  })

const imageFlags = (fields: Fields): Partial<KubeletFlags> =>
  defined({
    'feature-gates': booleanMapOf(fields, 'featureGates'),
    'image-gc-high-threshold': numberOf(fields, 'imageGCHighThresholdPercent'),
    'image-gc-low-threshold': numberOf(fields, 'imageGCLowThresholdPercent'),
    'minimum-image-ttl-duration': nonNull(durationOf(fields, 'imageMinimumGCAge')),
  })

function podConfig(fields: Fields): PodConfig {
  const crashLoop = only(fields['crashLoopBackOff'], 'crashLoopBackOff', ['maxContainerRestartPeriod'])
  return defined({
    maxParallelPulls: numberOf(fields, 'maxParallelImagePulls'),
    maxImageAgeMs: durationOf(fields, 'imageMaximumGCAge'),
    verification: choiceOf(fields, 'imagePullCredentialsVerificationPolicy', verificationPolicies),
    allowlist: textsOf(fields, 'preloadedImagesVerificationAllowlist'),
    maxCrashLoopMs: durationOf(crashLoop, 'maxContainerRestartPeriod'),
  })
}

/** Who gives a file is asked for a credential, unless it says otherwise. */
function accessFlags(fields: Fields, beside: (file: string) => string): Partial<KubeletFlags> {
  const authentication = only(fields['authentication'], 'authentication', ['x509', 'anonymous', 'webhook'])
  const x509 = only(authentication['x509'], 'authentication.x509', ['clientCAFile'])
  const anonymous = only(authentication['anonymous'], 'authentication.anonymous', ['enabled'])
  const tokens = only(authentication['webhook'], 'authentication.webhook', ['enabled', 'cacheTTL'])
  const authorization = only(fields['authorization'], 'authorization', ['mode', 'webhook'])
  const reviews = only(authorization['webhook'], 'authorization.webhook', [
    ...['cacheAuthorizedTTL', 'cacheUnauthorizedTTL'],
  ])
  const authority = nonEmpty(textOf(x509, 'clientCAFile'))
  return defined({
    'client-ca-file': authority === undefined ? undefined : beside(authority),
    'anonymous-auth': booleanOf(anonymous, 'enabled') ?? false,
    'authentication-token-webhook': booleanOf(tokens, 'enabled') ?? true,
    'authentication-token-webhook-cache-ttl': nonNull(durationOf(tokens, 'cacheTTL')),
    'authorization-mode': choiceOf(authorization, 'mode', ['AlwaysAllow', 'Webhook']) ?? 'Webhook',
    'authorization-webhook-cache-authorized-ttl': nonNull(durationOf(reviews, 'cacheAuthorizedTTL')),
    'authorization-webhook-cache-unauthorized-ttl': nonNull(durationOf(reviews, 'cacheUnauthorizedTTL')),
  })
}

function serverFlags(fields: Fields, beside: (file: string) => string): Partial<KubeletFlags> {
  const file = (name: string): string | undefined => {
    const given = nonEmpty(textOf(fields, name))
    return given === undefined ? undefined : beside(given)
  }
  return defined({
    address: nonEmpty(textOf(fields, 'address')),
    port: nonNull(numberOf(fields, 'port')),
    'read-only-port': numberOf(fields, 'readOnlyPort') ?? 0,
    'healthz-port': numberOf(fields, 'healthzPort'),
    'healthz-bind-address': nonEmpty(textOf(fields, 'healthzBindAddress')),
    'tls-cert-file': file('tlsCertFile'),
    'tls-private-key-file': file('tlsPrivateKeyFile'),
    'tls-min-version': choiceOf(fields, 'tlsMinVersion', ['VersionTLS12', 'VersionTLS13']),
    'tls-cipher-suites': textsOf(fields, 'tlsCipherSuites'),
    'rotate-certificates': booleanOf(fields, 'rotateCertificates'),
    'rotate-server-certificates': booleanOf(fields, 'serverTLSBootstrap'),
    ...accessFlags(fields, beside),
  })
}

/**
 * Reads a file of kind KubeletConfiguration (https://kubernetes.io/docs/reference/config-api/kubelet-config.v1beta1/);
 * relative files in it are beside it. Throws an Error for what is wrong, or not there.
 */
export function kubeletConfig(text: string, file: string): KubeletConfig {
  const beside = (other: string): string => resolve(dirname(file), other)
  const kind = ['kubelet.config.k8s.io/v1beta1', 'KubeletConfiguration'] as const
  const names = [
    ...[...nodeFields, ...podFields, ...evictionFields, ...imageFields, ...serverFields],
    ...resourceFields,
  ]
  const fields = configObject(withoutDefaults(parse(text)), file, kind, names)
  const reportEveryMs =
    nonNull(durationOf(fields, 'nodeStatusReportFrequency')) ??
    nonNull(durationOf(fields, 'nodeStatusUpdateFrequency'))
  const leaseSeconds = nonNull(numberOf(fields, 'nodeLeaseDurationSeconds'))
  const logLookMs = durationOf(fields, 'containerLogMonitorInterval')
  if (logLookMs !== undefined && logLookMs < minLogLookMs)
    throw new Error(
      'invalid configuration: containerLogMonitorInterval must be a positive time duration greater than or equal to 3s',
    )
  const flags = {
    ...nodeFlags(fields),
    ...podFlags(fields, beside),
    ...evictionFlags(fields),
    ...imageFlags(fields),
    ...resourceConfigFlags(fields),
    ...serverFlags(fields, beside),
  }
  const memory = memoryConfig(fields)
  return { flags, pods: podConfig(fields), memory, ...defined({ reportEveryMs, leaseSeconds, logLookMs }) }
}
