import { defined } from '../../../base/defined.ts'
import type { ShutdownPeriod } from '../../../kubelet/shutdown/shutdown-periods.ts'
import {
  booleanMapOf,
  booleanOf,
  choiceOf,
  durationOf,
  type Fields,
  listOf,
  nonEmpty,
  nonNull,
  numberOf,
  only,
  textMapOf,
  textOf,
  textsOf,
} from '../config-fields.ts'
import { withoutZeroFields } from '../zero-fields.ts'
import type { KubeletFlags } from './kubelet-flags.ts'
import { makeTaint } from './node-texts.ts'
import { type PodConfig, verificationPolicies } from './pod-settings.ts'
import { type MemoryConfig, memoryConfig, resourceConfigFlags, resourceFields } from './resource-config.ts'
import { shutdownFields, shutdownPeriods } from './shutdown-config.ts'
import { unservedFields } from './unserved-fields.ts'

/** What a KubeletConfiguration can say here; `flags` also has what is otherwise with a file than without. */
export interface KubeletConfig {
  readonly flags: Partial<KubeletFlags>
  /** How often a node's status is written that has not changed. */
  readonly reportEveryMs?: number
  readonly leaseSeconds?: number
  readonly logLookMs?: number
  /** The logs of the machine's services may be asked for. */
  readonly logQueries?: boolean
  readonly shutdownPeriods?: readonly ShutdownPeriod[]
  readonly pods: PodConfig
  readonly memory?: MemoryConfig
}

const minLogLookMs = 3_000

const nodeFields = [
  ...['registerNode', 'registerWithTaints', 'maxPods', 'podCIDR', 'nodeStatusUpdateFrequency'],
  ...['nodeStatusReportFrequency', 'nodeStatusMaxImages', 'nodeLeaseDurationSeconds'],
  'failSwapOn',
]
const podFields = [
  ...['containerRuntimeEndpoint', 'clusterDNS', 'clusterDomain', 'resolvConf', 'cgroupDriver', 'cgroupRoot'],
  ...['serializeImagePulls', 'kubeAPIQPS', 'kubeAPIBurst', 'containerLogMaxSize', 'containerLogMaxFiles'],
  ...['containerLogMonitorInterval', 'allowedUnsafeSysctls', 'seccompDefault'],
  ...['enableSystemLogHandler', 'enableSystemLogQuery'],
  ...['staticPodPath', 'staticPodURL', 'staticPodURLHeader', 'fileCheckFrequency', 'httpCheckFrequency'],
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

/** A list of values by each name. */
function headers(fields: Fields): KubeletFlags['manifest-url-header'] | undefined {
  const given = fields['staticPodURLHeader']
  if (given === undefined || given === null) return undefined
  if (typeof given !== 'object') throw new Error('staticPodURLHeader must be an object')
  const names: Fields = { ...given }
  return Object.keys(names).flatMap((name) =>
    (textsOf(names, name) ?? []).map((value) => [name, value] as const),
  )
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

function podFlags(fields: Fields): Partial<KubeletFlags> {
  return defined({
    'container-runtime-endpoint': nonEmpty(textOf(fields, 'containerRuntimeEndpoint')),
    'cluster-dns': textsOf(fields, 'clusterDNS'),
    'cluster-domain': textOf(fields, 'clusterDomain'),
    'resolv-conf': textOf(fields, 'resolvConf'),
    'cgroup-driver': choiceOf(fields, 'cgroupDriver', ['cgroupfs', 'systemd']),
    'cgroup-root': textOf(fields, 'cgroupRoot'),
    'pod-manifest-path': nonEmpty(textOf(fields, 'staticPodPath')),
    'file-check-frequency': nonNull(durationOf(fields, 'fileCheckFrequency')),
    'manifest-url': nonEmpty(textOf(fields, 'staticPodURL')),
    'manifest-url-header': headers(fields),
    'http-check-frequency': nonNull(durationOf(fields, 'httpCheckFrequency')),
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
function accessFlags(fields: Fields): Partial<KubeletFlags> {
  const authentication = only(fields['authentication'], 'authentication', ['x509', 'anonymous', 'webhook'])
  const x509 = only(authentication['x509'], 'authentication.x509', ['clientCAFile'])
  const anonymous = only(authentication['anonymous'], 'authentication.anonymous', ['enabled'])
  const tokens = only(authentication['webhook'], 'authentication.webhook', ['enabled', 'cacheTTL'])
  const authorization = only(fields['authorization'], 'authorization', ['mode', 'webhook'])
  const reviews = only(authorization['webhook'], 'authorization.webhook', [
    ...['cacheAuthorizedTTL', 'cacheUnauthorizedTTL'],
  ])
  return defined({
    'client-ca-file': nonEmpty(textOf(x509, 'clientCAFile')),
    'anonymous-auth': booleanOf(anonymous, 'enabled') ?? false,
    'authentication-token-webhook': booleanOf(tokens, 'enabled') ?? true,
    'authentication-token-webhook-cache-ttl': nonNull(durationOf(tokens, 'cacheTTL')),
    'authorization-mode': choiceOf(authorization, 'mode', ['AlwaysAllow', 'Webhook']) ?? 'Webhook',
    'authorization-webhook-cache-authorized-ttl': nonNull(durationOf(reviews, 'cacheAuthorizedTTL')),
    'authorization-webhook-cache-unauthorized-ttl': nonNull(durationOf(reviews, 'cacheUnauthorizedTTL')),
  })
}

function serverFlags(fields: Fields): Partial<KubeletFlags> {
  return defined({
    address: nonEmpty(textOf(fields, 'address')),
    port: nonNull(numberOf(fields, 'port')),
    'read-only-port': numberOf(fields, 'readOnlyPort') ?? 0,
    'healthz-port': numberOf(fields, 'healthzPort'),
    'healthz-bind-address': nonEmpty(textOf(fields, 'healthzBindAddress')),
    'tls-cert-file': nonEmpty(textOf(fields, 'tlsCertFile')),
    'tls-private-key-file': nonEmpty(textOf(fields, 'tlsPrivateKeyFile')),
    'tls-min-version': choiceOf(fields, 'tlsMinVersion', ['VersionTLS12', 'VersionTLS13']),
    'tls-cipher-suites': textsOf(fields, 'tlsCipherSuites'),
    'rotate-certificates': booleanOf(fields, 'rotateCertificates'),
    'rotate-server-certificates': booleanOf(fields, 'serverTLSBootstrap'),
    'enable-system-log-handler': booleanOf(fields, 'enableSystemLogHandler'),
    ...accessFlags(fields),
  })
}

/**
 * Reads the fields of a KubeletConfiguration (https://kubernetes.io/docs/reference/config-api/kubelet-config.v1beta1/),
 * whose paths are absolute. Throws an Error for what is wrong, or not there.
 */
export function kubeletConfig(given: Fields): KubeletConfig {
  const names = [
    ...[...nodeFields, ...podFields, ...evictionFields, ...imageFields, ...serverFields],
    ...[...resourceFields, ...shutdownFields],
  ]
  const fields = only(withoutZeroFields(given, unservedFields), '', ['apiVersion', 'kind', ...names])
  const reportEveryMs =
    nonNull(durationOf(fields, 'nodeStatusReportFrequency')) ??
    nonNull(durationOf(fields, 'nodeStatusUpdateFrequency'))
  const leaseSeconds = nonNull(numberOf(fields, 'nodeLeaseDurationSeconds'))
  const logLookMs = durationOf(fields, 'containerLogMonitorInterval')
  if (logLookMs !== undefined && logLookMs < minLogLookMs)
    throw new Error(
      'invalid configuration: containerLogMonitorInterval must be a positive time duration greater than or equal to 3s',
    )
  const logQueries = booleanOf(fields, 'enableSystemLogQuery')
  const flags = {
    ...nodeFlags(fields),
    ...podFlags(fields),
    ...evictionFlags(fields),
    ...imageFlags(fields),
    ...resourceConfigFlags(fields),
    ...serverFlags(fields),
  }
  const extra = { reportEveryMs, leaseSeconds, logLookMs, logQueries }
  return {
    flags,
    pods: podConfig(fields),
    memory: memoryConfig(fields),
    shutdownPeriods: shutdownPeriods(fields),
    ...defined(extra),
  }
}
