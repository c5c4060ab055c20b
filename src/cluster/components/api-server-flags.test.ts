import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'vitest'
import { apiServerFlags } from './api-server-flags.ts'
import { apiServerOptions, etcdPlace } from './api-server-options.ts'
import { parseFlags } from './flags/parse-flags.ts'
import { selfSigned } from './read-pem.ts'
import { auditFlagRows } from './testing/audit-flag-rows.ts'
import { flagFiles } from './testing/flag-files.ts'
import { testFlags } from './testing/flag-rows.ts'

const { folder, file, pair, certificate, key, kubeconfig } = flagFiles()
const elsewhere = join(folder, 'elsewhere')
const other = selfSigned({ folder: elsewhere, name: 'apiserver', names: ['localhost'] })
const authorityText = readFileSync(certificate, 'utf8')
const head = (kind: string) => `apiVersion: apiserver.config.k8s.io/v1\nkind: ${kind}\n`
const anonymous = file(
  'authentication',
  `${head('AuthenticationConfiguration')}anonymous: {enabled: false}\n`,
)
const authorizers = file(
  'authorization',
  `${head('AuthorizationConfiguration')}authorizers: [{type: RBAC, name: rbac}]\n`,
)
const eventLimits =
  '{apiVersion: eventratelimit.admission.k8s.io/v1alpha1, kind: Configuration, limits: [{type: Server, qps: 5, burst: 7}]}'
const admission = file(
  'admission',
  `${head('AdmissionConfiguration')}plugins: [{name: EventRateLimit, configuration: ${eventLimits}}]\n`,
)
const abac = '{"apiVersion":"abac.authorization.kubernetes.io/v1beta1","kind":"Policy","spec":{"user":"u"}}\n'

const rbac = '--authorization-mode=RBAC'
const hook = [`--authentication-token-webhook-config-file=${kubeconfig}`, rbac]
const oidc = ['--oidc-issuer-url=https://issuer', '--oidc-client-id=c', rbac]
const asked = ['--authorization-mode=Webhook', `--authorization-webhook-config-file=${kubeconfig}`]
const front = `--requestheader-client-ca-file=${certificate}`

testFlags({
  program: 'kube-apiserver',
  flags: apiServerFlags,
  always: [
    ...[`--cert-dir=${folder}`, '--service-account-issuer=https://here', '--etcd-servers=http://127.0.0.1:1'],
    `--service-account-signing-key-file=${key}`,
  ],
  comesTo: (args) => {
    const parsed = parseFlags('kube-apiserver', apiServerFlags, args)
    if (parsed.type !== 'run') throw new Error(parsed.type)
    return { ...apiServerOptions(parsed.values, parsed.given), place: etcdPlace(parsed.values) }
  },
  rows: {
    'bind-address': ['10.1.1.1', 'listen.address', '10.1.1.1'],
    'secure-port': ['77', 'listen.port', 77],
    'advertise-address': ['10.9.8.7', 'advertiseAddress', '10.9.8.7'],
    'service-cluster-ip-range': ['10.5.0.0/16', 'serviceCidrs', ['10.5.0.0/16']],
    'endpoint-reconciler-type': ['none', 'keepsEndpoints', false],
    'service-node-port-range': ['40000+9', 'nodePorts', { first: 40_000, last: 40_009 }],
    'cert-dir': [elsewhere, 'serving.keyPem', other.keyPem],
    'tls-cert-file': [
      certificate,
      'certificateFiles.serving',
      { certificate, key },
      `--tls-private-key-file=${key}`,
    ],
    'tls-private-key-file': [key, 'serving.keyPem', pair.keyPem, `--tls-cert-file=${certificate}`],
    'tls-min-version': ['VersionTLS13', 'listen.tls.minVersion', 'TLSv1.3'],
    'tls-cipher-suites': [
      'TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256',
      'listen.tls.ciphers',
      'ECDHE-RSA-AES128-GCM-SHA256',
    ],
    'tls-curve-preferences': ['29', 'listen.tls.ecdhCurve', 'X25519'],
    'tls-sni-cert-key': [
      `${certificate},${key}:n`,
      'certificateFiles.named',
      [{ certificate, key, names: ['n'] }],
    ],
    'disable-http2-serving': ['true', 'listen.http2', false],
    'http2-max-streams-per-connection': ['77', 'listen.limits.maxStreamsPerConnection', 77],
    'permit-port-sharing': ['true', 'listen.sharesPort', true],
    'etcd-servers': ['http://127.0.0.1:2', 'place.servers.urls.1', 'http://127.0.0.1:2'],
    'etcd-cafile': [certificate, 'place.servers.tls.certificateAuthority', authorityText],
    'etcd-certfile': [certificate, 'place.servers.tls.certificate', authorityText, `--etcd-keyfile=${key}`],
    'etcd-keyfile': [key, 'place.servers.tls.key', pair.keyPem, `--etcd-certfile=${certificate}`],
    'etcd-compaction-interval': ['77s', 'compactionIntervalMs', 77_000],
    'encryption-provider-config': ['x', 'encryption', { path: 'x', reloads: false }],
    'encryption-provider-config-automatic-reload': [
      'true',
      'encryption.reloads',
      true,
      '--encryption-provider-config=x',
    ],
    'etcd-healthcheck-timeout': ['77s', 'probeTimeouts.healthMs', 77_000],
    'etcd-readycheck-timeout': ['77s', 'probeTimeouts.readyMs', 77_000],
    'event-ttl': ['77s', 'eventLifeMs', 77_000],
    'anonymous-auth': ['false', 'access.anonymous.enabled', false, rbac],
    'authentication-config': [anonymous, 'access.anonymous.enabled', false, rbac],
    'authentication-token-webhook-config-file': [
      kubeconfig,
      'access.tokenWebhook.url',
      'https://127.0.0.1:9',
      rbac,
    ],
    'authentication-token-webhook-version': ['v1', 'access.tokenWebhook.reviewVersion', 'v1', ...hook],
    'authentication-token-webhook-cache-ttl': ['77s', 'access.tokenWebhook.lifeMs', 77_000, ...hook],
    'enable-bootstrap-token-auth': ['true', 'access.bootstrapTokens', true],
    'api-audiences': ['x', 'identity.serviceAccounts.audiences', ['x']],
    'client-ca-file': [certificate, 'identity.trust.clientAuthority', authorityText],
    'token-auth-file': [file('tokens', 't,u,1\n'), 'access.tokens.length', 1],
    'proxy-client-cert-file': [
      certificate,
      'identity.frontProxyClient.certificatePem',
      authorityText,
      `--proxy-client-key-file=${key}`,
    ],
    'proxy-client-key-file': [
      key,
      'identity.frontProxyClient.keyPem',
      pair.keyPem,
      `--proxy-client-cert-file=${certificate}`,
    ],
    'requestheader-client-ca-file': [certificate, 'identity.trust.frontProxy.authority', authorityText],
    'requestheader-allowed-names': ['x', 'identity.trust.frontProxy.allowedNames', ['x'], front],
    'requestheader-username-headers': ['x', 'identity.trust.frontProxy.usernameHeaders', ['x'], front],
    'requestheader-uid-headers': [
      'x-remote-uid',
      'identity.trust.frontProxy.uidHeaders',
      ['x-remote-uid'],
      front,
    ],
    'requestheader-group-headers': ['x', 'identity.trust.frontProxy.groupHeaders', ['x'], front],
    'requestheader-extra-headers-prefix': [
      'x',
      'identity.trust.frontProxy.extraHeaderPrefixes',
      ['x'],
      front,
    ],
    'service-account-issuer': [
      'https://x',
      'identity.serviceAccounts.issuers',
      ['https://here', 'https://x'],
    ],
    'service-account-key-file': [
      join(elsewhere, 'apiserver.crt'),
      'identity.serviceAccounts.keys.publicKeys.length',
      3,
    ],
    'service-account-jwks-uri': ['https://x', 'identity.serviceAccounts.keysUrl', 'https://x'],
    'service-account-max-token-expiration': ['2h', 'identity.serviceAccounts.maxLifeSeconds', 7_200],
    'service-account-extend-token-expiration': ['false', 'identity.serviceAccounts.extendsInjected', false],
    'oidc-issuer-url': [
      'https://x',
      'access.jwt.issuers.0.issuerUrl',
      'https://x',
      '--oidc-client-id=c',
      rbac,
    ],
    'oidc-client-id': [
      'x',
      'access.jwt.issuers.0.audiences',
      ['x'],
      '--oidc-issuer-url=https://issuer',
      rbac,
    ],
    'oidc-ca-file': [certificate, 'access.jwt.issuers.0.certificateAuthority', authorityText, ...oidc],
    'oidc-username-claim': ['x', 'access.jwt.issuers.0.username.claim', 'x', ...oidc],
    'oidc-username-prefix': ['x', 'access.jwt.issuers.0.username.prefix', 'x', ...oidc],
    'oidc-groups-claim': ['x', 'access.jwt.issuers.0.groups.claim', 'x', ...oidc],
    'oidc-groups-prefix': ['x', 'access.jwt.issuers.0.groups.prefix', 'x', '--oidc-groups-claim=g', ...oidc],
    'oidc-signing-algs': ['ES256', 'access.jwt.issuers.0.algorithms', ['ES256'], ...oidc],
    'oidc-required-claim': ['a=b', 'access.jwt.issuers.0.requiredClaims.a', 'b', ...oidc],
    'authorization-mode': ['RBAC', 'access.authorization.authorizers.0.type', 'RBAC'],
    'authorization-config': [authorizers, 'access.authorization.authorizers.0.type', 'RBAC'],
    'authorization-policy-file': [
      file('abac', abac),
      'access.authorization.abac',
      expect.any(Object),
      '--authorization-mode=ABAC',
    ],
    'authorization-webhook-config-file': [
      kubeconfig,
      'access.authorization.authorizers.0.settings.url',
      'https://127.0.0.1:9',
      '--authorization-mode=Webhook',
    ],
    'authorization-webhook-version': [
      'v1',
      'access.authorization.authorizers.0.settings.reviewVersion',
      'v1',
      ...asked,
    ],
    'authorization-webhook-cache-authorized-ttl': [
      '77s',
      'access.authorization.authorizers.0.settings.allowedLifeMs',
      77_000,
      ...asked,
    ],
    'authorization-webhook-cache-unauthorized-ttl': [
      '77s',
      'access.authorization.authorizers.0.settings.deniedLifeMs',
      77_000,
      ...asked,
    ],
    'enable-admission-plugins': ['AlwaysPullImages', 'admission.enable', ['AlwaysPullImages']],
    'disable-admission-plugins': ['LimitRanger', 'admission.disable', ['LimitRanger']],
    'admission-control-config-file': [admission, 'admissionConfiguration.eventLimits.0.burst', 7],
    'default-not-ready-toleration-seconds': ['7', 'admissionConfiguration.tolerationSeconds.notReady', 7],
    'default-unreachable-toleration-seconds': [
      '7',
      'admissionConfiguration.tolerationSeconds.unreachable',
      7,
    ],
    ...auditFlagRows({ file, kubeconfig }),
    'kubelet-certificate-authority': [certificate, 'identity.kubelet.authorityPem', authorityText],
    'kubelet-client-certificate': [
      certificate,
      'identity.kubelet.client.certificatePem',
      authorityText,
      `--kubelet-client-key=${key}`,
    ],
    'kubelet-client-key': [
      key,
      'identity.kubelet.client.keyPem',
      pair.keyPem,
      `--kubelet-client-certificate=${certificate}`,
    ],
    'kubelet-preferred-address-types': ['ExternalIP', 'kubeletAddressTypes', ['ExternalIP']],
    'coordinated-leadership-lease-duration': ['77s', 'coordinatedLeadership.leaseDurationMs', 77_000],
    'coordinated-leadership-renew-deadline': ['12s', 'coordinatedLeadership.renewDeadlineMs', 12_000],
    'coordinated-leadership-retry-period': ['7s', 'coordinatedLeadership.retryPeriodMs', 7_000],
    'cors-allowed-origins': ['^https://a$', 'crossOrigins', ['^https://a$']],
    'external-hostname': ['h', 'externalAddress', 'h:6443'],
    'goaway-chance': ['0.01', 'listen.goAwayChance', 0.01],
    'livez-grace-period': ['77s', 'livezGraceMs', 77_000],
    'shutdown-delay-duration': ['77s', 'farewell.delayMs', 77_000],
    'shutdown-send-retry-after': ['true', 'farewell.refusesForMs', 60_000],
    'strict-transport-security-directives': [
      'preload',
      'listen.headers.strict-transport-security',
      'preload',
    ],
    'max-requests-inflight': ['77', 'inFlight.readOnly', 77],
    'max-mutating-requests-inflight': ['77', 'inFlight.mutating', 77],
    'enable-priority-and-fairness': ['false', 'flowControlSeats', 0],
    'min-request-timeout': ['77', 'minWatchMs', 77_000],
    'request-timeout': ['77s', 'requestTimeoutMs', 77_000],
    'allow-privileged': ['true', 'allowsPrivileged', true],
    'feature-gates': ['CBORServingAndStorage=true', 'featureGates.CBORServingAndStorage', true],
    'runtime-config': ['api/all=true', 'runtimeConfig.api/all', 'true'],
  },
  others: [
    // One value only.
    ...(['logging-format', 'profiling', 'etcd-prefix', 'storage-backend', 'service-account-lookup'] as const),
    ...(['watch-cache', 'enable-aggregator-routing', 'enable-garbage-collector'] as const),
    ...(['audit-log-version', 'audit-webhook-version'] as const),
    // As upstream's, they only have to be well-formed.
    ...(['kubelet-timeout', 'default-watch-cache-size', 'watch-cache-sizes'] as const),
    // What runs the component reads it; the signer is shown with a signer.
    ...(['v', 'service-account-signing-key-file', 'service-account-signing-endpoint'] as const),
  ],
  refused: [
    ['--bind-address=x', 'invalid argument "x" for "--bind-address" flag: failed to parse IP: "x"'],
    [
      '--secure-port=65536',
      '--secure-port 65536 must be between 1 and 65535, inclusive. It cannot be turned off with 0',
    ],
    ['--request-timeout=-1s', '--request-timeout can not be negative value'],
    ['--livez-grace-period=-1s', '--livez-grace-period can not be a negative value'],
    ['--shutdown-delay-duration=-1s', '--shutdown-delay-duration can not be negative value'],
    ['--min-request-timeout=-1', '--min-request-timeout can not be negative value'],
    ['--max-requests-inflight=-1', '--max-requests-inflight can not be negative value'],
    ['--max-mutating-requests-inflight=-1', '--max-mutating-requests-inflight can not be negative value'],
    ['--goaway-chance=0.5', '--goaway-chance can not be less than 0 or greater than 0.02'],
    ['--event-ttl=5', 'invalid argument "5" for "--event-ttl" flag: time: missing unit in duration "5"'],
    [
      '--service-account-max-token-expiration=1m',
      'the service-account-max-token-expiration must be between 1 hour and 2^32 seconds',
    ],
    [
      '--service-node-port-range=9-8',
      'invalid argument "9-8" for "--service-node-port-range" flag: end port cannot be less than start port: 9-8',
    ],
    [
      '--service-node-port-range=1-65536',
      'invalid argument "1-65536" for "--service-node-port-range" flag: the port range cannot be greater than 65535: 1-65536',
    ],
    [
      '--service-node-port-range=a',
      'invalid argument "a" for "--service-node-port-range" flag: strconv.Atoi: parsing "a": invalid syntax',
    ],
    [
      '--storage-backend=etcd2',
      "--storage-backend invalid, allowed values: etcd3. If not specified, it will default to 'etcd3'",
    ],
    ['--tls-min-version=x', 'unknown tls version "x"'],
    ['--tls-cipher-suites=x', "Cipher suite x not supported or doesn't exist"],
    ['--authorization-mode=x', 'authorization-mode "x" is not a valid mode'],
    ['--authorization-mode=ABAC', "authorization-mode ABAC's authorization policy file not passed"],
    [
      '--authorization-policy-file=x --authorization-mode=RBAC',
      'cannot specify --authorization-policy-file without mode ABAC',
    ],
    [
      '--oidc-username-claim=x --authorization-mode=RBAC',
      'oidc-issuer-url and oidc-client-id must be specified together when any oidc-* flags are set',
    ],
    ['--service-cluster-ip-range=x', 'service-cluster-ip-range[0] is not a valid cidr'],
    [
      '--coordinated-leadership-renew-deadline=77s',
      '--coordinated-leadership-lease-duration must be greater than --coordinated-leadership-renew-deadline',
    ],
    ['--feature-gates=x', 'invalid argument "x" for "--feature-gates" flag: missing bool value for x'],
  ],
})
