import { expect } from 'vitest'
import { featureGates } from '../../api/feature-gates.ts'
import { controllers } from '../../controllers/controllers.ts'
import { clusterSigners } from '../../controllers/csrsigning/plan-certificate.ts'
import { fixedKinds } from '../../reconcile/kind-source.ts'
import { certificateFiles } from './certificate-files.ts'
import { kubeconfigOf, leaderSettings } from './component-base.ts'
import { controllerOptions, withWorkers } from './controller-flags.ts'
import { controllerManager } from './controller-manager.ts'
import { parseFlags } from './flags/parse-flags.ts'
import { frontProxyTrust } from './front-proxy-flags.ts'
import { nodeIpamOptions } from './node-ipam-flags.ts'
import { signingOptions } from './signing-flags.ts'
import { flagFiles } from './testing/flag-files.ts'
import { type FlagRow, testFlags } from './testing/flag-rows.ts'
import { transportOptions } from './tls-options.ts'

const { pair, certificate, key, kubeconfig } = flagFiles()

const { program, flags } = controllerManager
const all = controllers({
  kinds: fixedKinds([]),
  rootCertificate: '',
  signToken: () => '',
  features: featureGates(new Map([['DRADeviceTaints', true]])),
})

const cidrs = ['--allocate-node-cidrs', '--cluster-cidr=10.1.0.0/16']
const front = `--requestheader-client-ca-file=${certificate}`
const signer = (flag: string, name: string): Readonly<Record<string, FlagRow>> => ({
  [`cluster-signing-${flag}-cert-file`]: [
    certificate,
    'signs',
    [`kubernetes.io/${name}`],
    `--cluster-signing-${flag}-key-file=${key}`,
  ],
  [`cluster-signing-${flag}-key-file`]: [
    key,
    'signs',
    [`kubernetes.io/${name}`],
    `--cluster-signing-${flag}-cert-file=${certificate}`,
  ],
})
const workers = (flag: string, controller: string): Readonly<Record<string, FlagRow>> => ({
  [flag]: ['7', `workers.${controller}`, 7],
})

testFlags({
  program,
  flags,
  comesTo: (args) => {
    const parsed = parseFlags(program, flags, args)
    if (parsed.type !== 'run') throw new Error(parsed.type)
    const { values } = parsed
    const signing = signingOptions(values)
    return {
      ...controllerOptions(values),
      workers: new Map(all.map((each) => [each.name, withWorkers(each, values).workers])),
      leading: leaderSettings(values),
      ipam: nodeIpamOptions(values),
      signing,
      signs: [...clusterSigners.keys()].filter((name) => signing?.signers.get(name) !== undefined),
      transport: transportOptions(values),
      files: certificateFiles(values),
      front: frontProxyTrust(values),
      ...(values.kubeconfig === undefined && values.master === undefined
        ? {}
        : { server: kubeconfigOf(values).server }),
    }
  },
  rows: {
    kubeconfig: [kubeconfig, 'server', 'https://127.0.0.1:9'],
    master: ['https://127.0.0.1:8', 'server', 'https://127.0.0.1:8'],
    'leader-elect': ['false', 'leading.elect', false],
    'leader-elect-lease-duration': ['77s', 'leading.leaseDurationMs', 77_000],
    'leader-elect-renew-deadline': ['12s', 'leading.renewDeadlineMs', 12_000],
    'leader-elect-retry-period': ['7s', 'leading.retryPeriodMs', 7_000],
    'leader-elect-resource-name': ['x', 'leading.name', 'x'],
    'leader-elect-resource-namespace': ['x', 'leading.namespace', 'x'],
    'tls-cert-file': [certificate, 'files.serving', { certificate, key }, `--tls-private-key-file=${key}`],
    'tls-private-key-file': [key, 'files.serving.key', key, `--tls-cert-file=${certificate}`],
    'tls-min-version': ['VersionTLS13', 'transport.tls.minVersion', 'TLSv1.3'],
    'tls-cipher-suites': [
      'TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256',
      'transport.tls.ciphers',
      'ECDHE-RSA-AES128-GCM-SHA256',
    ],
    'tls-curve-preferences': ['29', 'transport.tls.ecdhCurve', 'X25519'],
    'tls-sni-cert-key': [`${certificate},${key}:n`, 'files.named', [{ certificate, key, names: ['n'] }]],
    'disable-http2-serving': ['true', 'transport.http2', false],
    'http2-max-streams-per-connection': ['77', 'transport.limits.maxStreamsPerConnection', 77],
    'permit-port-sharing': ['true', 'transport.sharesPort', true],
    'client-ca-file': [certificate, 'files.client', certificate],
    'requestheader-client-ca-file': [certificate, 'front.authority', pair.certificatePem],
    'requestheader-allowed-names': ['x', 'front.allowedNames', ['x'], front],
    'requestheader-username-headers': ['x', 'front.usernameHeaders', ['x'], front],
    'requestheader-uid-headers': ['x-remote-uid', 'front.uidHeaders', ['x-remote-uid'], front],
    'requestheader-group-headers': ['x', 'front.groupHeaders', ['x'], front],
    'requestheader-extra-headers-prefix': ['x', 'front.extraHeaderPrefixes', ['x'], front],
    'allocate-node-cidrs': ['true', 'ipam', expect.any(Object), '--cluster-cidr=10.1.0.0/16'],
    'cluster-cidr': ['10.2.0.0/16', 'ipam.ranges.0.cidr', '10.2.0.0/16', '--allocate-node-cidrs'],
    'node-cidr-mask-size': ['20', 'ipam.ranges.0.nodeBits', 20, ...cidrs],
    'node-cidr-mask-size-ipv4': ['20', 'ipam.ranges.0.nodeBits', 20, ...cidrs],
    'node-cidr-mask-size-ipv6': [
      '80',
      'ipam.ranges.0.nodeBits',
      80,
      ...['--allocate-node-cidrs', '--cluster-cidr=fd00::/64'],
    ],
    'service-cluster-ip-range': ['10.1.1.0/24', 'ipam.serviceCidrs', ['10.1.1.0/24'], ...cidrs],
    'cluster-signing-cert-file': [
      certificate,
      'signing',
      expect.any(Object),
      `--cluster-signing-key-file=${key}`,
    ],
    'cluster-signing-key-file': [
      key,
      'signing',
      expect.any(Object),
      `--cluster-signing-cert-file=${certificate}`,
    ],
    'cluster-signing-duration': [
      '77h',
      'signing.durationMs',
      77 * 3_600_000,
      ...[`--cluster-signing-cert-file=${certificate}`, `--cluster-signing-key-file=${key}`],
    ],
    ...signer('kube-apiserver-client', 'kube-apiserver-client'),
    ...signer('kubelet-client', 'kube-apiserver-client-kubelet'),
    ...signer('kubelet-serving', 'kubelet-serving'),
    ...signer('legacy-unknown', 'legacy-unknown'),
    ...workers('concurrent-cron-job-syncs', 'cronjob'),
    ...workers('concurrent-daemonset-syncs', 'daemonset'),
    ...workers('concurrent-deployment-syncs', 'deployment'),
    ...workers('concurrent-device-taint-eviction-syncs', 'device-taint-eviction'),
    ...workers('concurrent-endpoint-syncs', 'endpoint'),
    ...workers('concurrent-ephemeralvolume-syncs', 'ephemeral-volume'),
    ...workers('concurrent-gc-syncs', 'garbage-collector'),
    ...workers('concurrent-job-syncs', 'job'),
    ...workers('concurrent-namespace-syncs', 'namespace'),
    ...workers('concurrent-rc-syncs', 'replicationcontroller'),
    ...workers('concurrent-replicaset-syncs', 'replicaset'),
    ...workers('concurrent-resource-quota-syncs', 'resourcequota'),
    ...workers('concurrent-resourceclaim-syncs', 'resourceclaim'),
    ...workers('concurrent-service-endpoint-syncs', 'endpointslice'),
    ...workers('concurrent-serviceaccount-token-syncs', 'serviceaccount-token'),
    ...workers('concurrent-statefulset-syncs', 'statefulset'),
    ...workers('concurrent-ttl-after-finished-syncs', 'ttl-after-finished'),
    ...workers('concurrent-validating-admission-policy-status-syncs', 'validatingadmissionpolicy-status'),
    ...workers('mirroring-concurrent-service-endpoint-syncs', 'endpointslicemirroring'),
    'max-endpoints-per-slice': ['77', 'endpointSlice.maxEndpointsPerSlice', 77],
    'endpointslice-updates-batch-period': ['7s', 'endpointSlice.updatesBatchPeriodMs', 7_000],
    'endpoint-updates-batch-period': ['7s', 'endpoints.updatesBatchPeriodMs', 7_000],
    'mirroring-max-endpoints-per-subset': ['77', 'endpointSliceMirroring.maxEndpointsPerSubset', 77],
    'mirroring-endpointslice-updates-batch-period': [
      '7s',
      'endpointSliceMirroring.updatesBatchPeriodMs',
      7_000,
    ],
    'node-monitor-period': ['7s', 'nodeLifecycle.monitorPeriodMs', 7_000],
    'node-monitor-grace-period': ['7s', 'nodeLifecycle.monitorGraceMs', 7_000],
    'node-startup-grace-period': ['7s', 'nodeLifecycle.startupGraceMs', 7_000],
    'node-eviction-rate': ['0.7', 'nodeLifecycle.evictionRates.evictionsPerSecond', 0.7],
    'secondary-node-eviction-rate': ['0.7', 'nodeLifecycle.evictionRates.secondaryEvictionsPerSecond', 0.7],
    'unhealthy-zone-threshold': ['0.7', 'nodeLifecycle.evictionRates.unhealthyZoneShare', 0.7],
    'large-cluster-size-threshold': ['7', 'nodeLifecycle.evictionRates.largeClusterSize', 7],
    'legacy-service-account-token-clean-up-period': ['7h', 'legacyTokenCleaner.periodMs', 7 * 3_600_000],
    'resource-quota-sync-period': ['7s', 'resourceQuota.resyncMs', 7_000],
    'terminated-pod-gc-threshold': ['7', 'podGc.terminatedThreshold', 7],
  },
  others: [
    // One value only, or of clouds, whose controllers are a program of their own.
    ...([
      'logging-format',
      'profiling',
      'leader-elect-resource-lock',
      'enable-hostpath-provisioner',
    ] as const),
    ...(['cloud-provider', 'cluster-name', 'configure-cloud-routes'] as const),
    // Read where the component starts.
    ...(['v', 'cert-dir', 'bind-address', 'secure-port', 'kube-api-qps', 'kube-api-burst'] as const),
    ...(['authentication-kubeconfig', 'authentication-skip-lookup'] as const),
    ...(['authentication-tolerate-lookup-failure', 'authentication-token-webhook-cache-ttl'] as const),
    ...(['authorization-kubeconfig', 'authorization-always-allow-paths'] as const),
    'authorization-webhook-cache-authorized-ttl',
    'authorization-webhook-cache-unauthorized-ttl',
    ...(['controllers', 'use-service-account-credentials', 'enable-garbage-collector'] as const),
    ...(['root-ca-file', 'service-account-private-key-file', 'feature-gates'] as const),
  ],
  refused: [
    ['--bind-address=x', 'invalid argument "x" for "--bind-address" flag: failed to parse IP: "x"'],
    [
      '--secure-port=-1',
      '--secure-port -1 must be between 0 and 65535, inclusive. 0 for turning off secure port',
    ],
    [
      '--node-monitor-period=7',
      'invalid argument "7" for "--node-monitor-period" flag: time: missing unit in duration "7"',
    ],
    [
      '--node-eviction-rate=x',
      'invalid argument "x" for "--node-eviction-rate" flag: strconv.ParseFloat: parsing "x": invalid syntax',
    ],
    [
      `--cluster-signing-cert-file=${certificate} --cluster-signing-key-file=${key} --cluster-signing-kubelet-client-cert-file=${certificate} --cluster-signing-kubelet-client-key-file=${key}`,
      'cannot specify default and per controller certs at the same time',
    ],
    [
      '--allocate-node-cidrs --cluster-cidr=10.1.0.0/16 --node-cidr-mask-size=20 --node-cidr-mask-size-ipv4=20',
      'usage of --node-cidr-mask-size-ipv4 and --node-cidr-mask-size-ipv6 is not allowed if --node-cidr-mask-size is set. For dual-stack clusters please unset it and use IPFamily specific flags',
    ],
  ],
})
