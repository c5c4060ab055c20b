import { featureGates } from '../../api/feature-gates.ts'
import {
  defaultPluginConfiguration,
  type PluginConfiguration,
} from '../../apiserver/admission/plugin-configuration.ts'
import { pluginProblem } from '../../apiserver/admission/plugin-problem.ts'
import { type AccountKeys, accountKeys } from '../../apiserver/authentication/account-keys.ts'
import { defined } from '../../base/defined.ts'
import type { ElectionTimes } from '../../reconcile/leader-election.ts'
import type { AccessOptions } from '../access/access-options.ts'
import { authenticationOptions } from '../access/authentication-options.ts'
import { authorizationOptions } from '../access/authorization-options.ts'
import { auditOptions } from '../audit/audit-options.ts'
import type { ApiServerIdentity } from '../control-plane/api-server-identity.ts'
import type { ExternalSigner } from '../control-plane/external-signer/external-signer.ts'
import type { StoragePlace } from '../control-plane/open-storage.ts'
import { separateComponents } from '../control-plane/probe-component.ts'
import type { Farewell, ServeApiOptions } from '../control-plane/serve-api.ts'
import type { EncryptionFile } from '../encryption/start-encryption.ts'
import { firstAddress } from '../first-address.ts'
import type { KeyPair } from '../pki/certificate.ts'
import { tokenKeys } from '../pki/token-keys.ts'
import { ownAddress } from '../place.ts'
import { admissionConfig } from './admission-config.ts'
import type { apiServerFlags } from './api-server-flags.ts'
import { certificateFiles } from './certificate-files.ts'
import { FlagError, type FlagValues } from './flags/parse-flags.ts'
import { frontProxyTrust } from './front-proxy-flags.ts'
import { pemBlocks, readFlagFile, readPair, selfSigned } from './read-pem.ts'
import { serviceRanges } from './service-ranges.ts'
import { transportOptions } from './tls-options.ts'

export type ApiServerFlags = FlagValues<typeof apiServerFlags>

const isUnspecified = (address: string): boolean => address === '0.0.0.0' || address === '::'

/** As upstream: what it listens on, if that is an address that others could use, else the machine's own. */
function advertiseAddress(flags: ApiServerFlags): string {
  const given = flags['advertise-address']
  if (given !== undefined) return given
  const bind = flags['bind-address']
  return isUnspecified(bind) ? (ownAddress() ?? '127.0.0.1') : bind
}

function serving(flags: ApiServerFlags, serviceRange: string): KeyPair {
  const given = readPair(
    ['tls-cert-file', 'tls-private-key-file'],
    [flags['tls-cert-file'], flags['tls-private-key-file']],
  )
  if (given !== undefined) return given
  const address = advertiseAddress(flags)
  const names = [
    ...['kubernetes', 'kubernetes.default', 'kubernetes.default.svc', 'kubernetes.default.svc.cluster.local'],
    ...['localhost', '127.0.0.1', firstAddress(serviceRange), address],
  ]
  return selfSigned({ folder: flags['cert-dir'] ?? '.', name: 'apiserver', names: [...new Set(names)] })
}

/** Throws FlagError in upstream's words. */
function ownKeys(flags: ApiServerFlags): AccountKeys {
  const signing = readFlagFile('service-account-signing-key-file', flags['service-account-signing-key-file'])
  if (flags['service-account-issuer'].length === 0 || signing === undefined) {
    throw new FlagError('--service-account-signing-key-file and --service-account-issuer are required flags')
  }
  const verifying = flags['service-account-key-file'].flatMap((file) =>
    pemBlocks(readFlagFile('service-account-key-file', file) ?? ''),
  )
  return accountKeys(tokenKeys(signing, verifying))
}

function serviceAccounts(
  flags: ApiServerFlags,
  external: ExternalSigner | undefined,
): ApiServerIdentity['serviceAccounts'] {
  const issuers = flags['service-account-issuer']
  const audiences = flags['api-audiences']
  const maxLifeMs = flags['service-account-max-token-expiration']
  return {
    ...defined({
      keysUrl: flags['service-account-jwks-uri'],
      maxLifeSeconds: maxLifeMs === 0 ? external?.maxLifeSeconds : Math.floor(maxLifeMs / 1000),
      maxExtendedSeconds: external?.maxLifeSeconds,
    }),
    extendsInjected: flags['service-account-extend-token-expiration'],
    issuers,
    audiences: audiences.length > 0 ? audiences : issuers,
    keys: external?.keys ?? ownKeys(flags),
  }
}

const frontProxyClient = (flags: ApiServerFlags): KeyPair | undefined =>
  readPair(
    ['proxy-client-cert-file', 'proxy-client-key-file'],
    [flags['proxy-client-cert-file'], flags['proxy-client-key-file']],
  )

const kubeletPair = (flags: ApiServerFlags): KeyPair | undefined =>
  readPair(
    ['kubelet-client-certificate', 'kubelet-client-key'],
    [flags['kubelet-client-certificate'], flags['kubelet-client-key']],
  )

function access(flags: ApiServerFlags, given: ReadonlySet<string>): AccessOptions {
  const authorization = authorizationOptions(flags, given)
  // As upstream: where the flags allow everything, nobody is let in without a name.
  const allowsAll = authorization.authorizers.some(({ type }) => type === 'AlwaysAllow')
  const isOpen = flags['authorization-config'] === undefined && allowsAll
  return { authorization, ...authenticationOptions(flags, given, isOpen) }
}

/** etcd's members with our credentials. */
export function etcdPlace(flags: ApiServerFlags): StoragePlace {
  const urls = flags['etcd-servers']
  if (urls.length === 0) throw new FlagError('--etcd-servers must be specified')
  const pair = readPair(['etcd-certfile', 'etcd-keyfile'], [flags['etcd-certfile'], flags['etcd-keyfile']])
  const certificateAuthority = readFlagFile('etcd-cafile', flags['etcd-cafile'])
  const tls = defined({ certificateAuthority, certificate: pair?.certificatePem, key: pair?.keyPem })
  return { type: 'etcd', servers: { urls, tls } }
}

function coordinatedLeadership(flags: ApiServerFlags): Required<ElectionTimes> {
  const times = {
    leaseDurationMs: flags['coordinated-leadership-lease-duration'],
    renewDeadlineMs: flags['coordinated-leadership-renew-deadline'],
    retryPeriodMs: flags['coordinated-leadership-retry-period'],
  }
  const flag = '--coordinated-leadership'
  if (times.leaseDurationMs <= times.renewDeadlineMs)
    throw new FlagError(`${flag}-lease-duration must be greater than ${flag}-renew-deadline`)
  if (times.renewDeadlineMs <= times.retryPeriodMs)
    throw new FlagError(`${flag}-renew-deadline must be greater than ${flag}-retry-period`)
  return times
}

function addressTypes(flags: ApiServerFlags): readonly string[] | undefined {
  const types = flags['kubelet-preferred-address-types']
  return types.length === 0 ? undefined : types
}

const unlimited = (limit: number): number => (limit === 0 ? Number.POSITIVE_INFINITY : limit)

function admissionConfiguration(flags: ApiServerFlags): PluginConfiguration {
  const file = flags['admission-control-config-file']
  const text = readFlagFile('admission-control-config-file', file)
  const configuration =
    text === undefined ? undefined : admissionConfig(text, file ?? '', featureGates(flags['feature-gates']))
  const limitsEvents = flags['enable-admission-plugins'].includes('EventRateLimit')
  if (limitsEvents && (configuration?.eventLimits ?? []).length === 0)
    throw new FlagError(pluginProblem('EventRateLimit', 'limits: Invalid value: []: must not be empty'))
  const tolerationSeconds = {
    notReady: flags['default-not-ready-toleration-seconds'],
    unreachable: flags['default-unreachable-toleration-seconds'],
  }
  return { ...(configuration ?? defaultPluginConfiguration), tolerationSeconds }
}

function encryption(flags: ApiServerFlags): EncryptionFile | undefined {
  const file = flags['encryption-provider-config']
  const reloads = flags['encryption-provider-config-automatic-reload']
  if (file !== undefined) return { path: file, reloads }
  if (reloads)
    throw new FlagError(
      '--encryption-provider-config-automatic-reload must be set with --encryption-provider-config',
    )
  return undefined
}

/** 0 where priority and fairness is off. */
function flowControlSeats(flags: ApiServerFlags): number {
  if (!flags['enable-priority-and-fairness']) return 0
  const readOnly = flags['max-requests-inflight']
  const mutating = flags['max-mutating-requests-inflight']
  if (readOnly + mutating === 0)
    throw new FlagError(
      'invalid configuration: MaxRequestsInFlight=0 and MaxMutatingRequestsInFlight=0; they must add up to something positive',
    )
  return readOnly + mutating
}

function listening(flags: ApiServerFlags): ServeApiOptions['listen'] {
  const directives = flags['strict-transport-security-directives']
  return {
    ...{ address: flags['bind-address'], port: flags['secure-port'] },
    ...transportOptions(flags),
    goAwayChance: flags['goaway-chance'],
    ...(directives.length === 0 ? {} : { headers: { 'strict-transport-security': directives.join('; ') } }),
  }
}

const farewell = (flags: ApiServerFlags): Farewell => ({
  delayMs: flags['shutdown-delay-duration'],
  refusesForMs: flags['shutdown-send-retry-after'] ? flags['request-timeout'] : undefined,
})

function externalAddress(flags: ApiServerFlags): Pick<ServeApiOptions, 'externalAddress'> {
  const host = flags['external-hostname']
  if (host === '') return {}
  return { externalAddress: host.includes(':') ? host : `${host}:${flags['secure-port']}` }
}

/** What may come from files of configuration. Throws FlagError. */
export function fileOptions(flags: ApiServerFlags, given: ReadonlySet<string>) {
  return {
    access: access(flags, given),
    admissionConfiguration: admissionConfiguration(flags),
    encryption: encryption(flags),
    audit: auditOptions(flags),
  }
}

export type ServerPart = Omit<ServeApiOptions, 'host' | 'logger' | 'metrics' | 'place' | 'checked'>

/** What the flags say, but for where objects are kept; `given` are those that were set, `external` signs in place of a key of our own. Throws FlagError. */
export function apiServerOptions(
  flags: ApiServerFlags,
  given: ReadonlySet<string>,
  external?: ExternalSigner,
): ServerPart {
  const ranges = serviceRanges(flags['service-cluster-ip-range'], advertiseAddress(flags))
  const admission = { enable: flags['enable-admission-plugins'], disable: flags['disable-admission-plugins'] }
  return {
    listen: listening(flags),
    farewell: farewell(flags),
    crossOrigins: flags['cors-allowed-origins'],
    allowsPrivileged: flags['allow-privileged'],
    keepsEndpoints: flags['endpoint-reconciler-type'] !== 'none',
    livezGraceMs: flags['livez-grace-period'],
    minWatchMs: flags['min-request-timeout'] * 1000,
    probeTimeouts: {
      healthMs: flags['etcd-healthcheck-timeout'],
      readyMs: flags['etcd-readycheck-timeout'],
    },
    ...externalAddress(flags),
    serving: serving(flags, ranges[0]),
    certificateFiles: certificateFiles(flags),
    advertiseAddress: advertiseAddress(flags),
    components: separateComponents,
    identity: {
      ...defined({ frontProxyClient: frontProxyClient(flags) }),
      trust: defined({
        clientAuthority: readFlagFile('client-ca-file', flags['client-ca-file']),
        frontProxy: frontProxyTrust(flags),
      }),
      serviceAccounts: serviceAccounts(flags, external),
      kubelet: defined({
        client: kubeletPair(flags),
        authorityPem: readFlagFile('kubelet-certificate-authority', flags['kubelet-certificate-authority']),
      }),
    },
    ...fileOptions(flags, given),
    admission,
    serviceAddress: firstAddress(ranges[0]),
    serviceCidrs: ranges,
    nodePorts: flags['service-node-port-range'],
    eventLifeMs: flags['event-ttl'],
    kubeletAddressTypes: addressTypes(flags),
    compactionIntervalMs: flags['etcd-compaction-interval'],
    requestTimeoutMs: flags['request-timeout'],
    inFlight: {
      readOnly: unlimited(flags['max-requests-inflight']),
      mutating: unlimited(flags['max-mutating-requests-inflight']),
    },
    flowControlSeats: flowControlSeats(flags),
    coordinatedLeadership: coordinatedLeadership(flags),
    featureGates: flags['feature-gates'],
    runtimeConfig: flags['runtime-config'],
  }
}
