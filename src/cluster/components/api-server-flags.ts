import { parseFeatureGates } from '../../apimachinery/feature-gates.ts'
import { parseRuntimeConfig } from '../../apimachinery/runtime-config.ts'
import { auditFlags } from '../audit/audit-flags.ts'
import {
  chance,
  crossOrigins,
  httpsUrl,
  ports,
  tokenLife,
  transportDirectives,
  watchCacheSizes,
} from './flags/api-server-flag-types.ts'
import { commonFlags, onlyTrue, secureServingFlags } from './flags/common-flags.ts'
import {
  bindAddress,
  boolean,
  duration,
  int,
  ip,
  list,
  oneOf,
  pairs,
  path,
  repeated,
  text,
} from './flags/flag-types.ts'
import { frontProxyFlags } from './front-proxy-flags.ts'

const anyPort = {
  ...{ min: 0, max: 65_535 },
  refusal: (port: number) =>
    `--secure-port ${port} must be between 1 and 65535, inclusive. It cannot be turned off with 0`,
}

/** What upstream says of most that may not be below zero. */
const notNegative = (flag: string): string => `--${flag} can not be negative value`
const atLeastZero = (flag: string) => ({ min: 0, refusal: () => notNegative(flag) })

const etcdFlags = {
  'etcd-servers': list(
    'List of the members of the etcd to keep objects in (scheme://ip:port), comma separated.',
  ),
  'etcd-cafile': path('SSL Certificate Authority file used to secure etcd communication.'),
  'etcd-certfile': path('SSL certification file used to secure etcd communication.'),
  'etcd-keyfile': path('SSL key file used to secure etcd communication.'),
  'etcd-prefix': oneOf('The prefix to prepend to all resource paths in etcd.', ['/registry'], '/registry'),
  'etcd-compaction-interval': duration('The interval of compaction requests. 0: none.', 5 * 60_000),
  'encryption-provider-config': path('File of kind EncryptionConfiguration: how secrets are kept in etcd.'),
  'encryption-provider-config-automatic-reload': boolean('That file is read again when it changes.', false),
  'etcd-healthcheck-timeout': duration('How long etcd may take to answer, for /livez.', 2_000),
  'etcd-readycheck-timeout': duration('How long etcd may take to answer, for /readyz.', 2_000),
  'event-ttl': duration('How long Events are kept.', 3_600_000),
  'storage-backend': oneOf(
    'The storage backend for persistence.',
    ['etcd3'],
    'etcd3',
    () => "--storage-backend invalid, allowed values: etcd3. If not specified, it will default to 'etcd3'",
  ),
}

const authenticationFlags = {
  'anonymous-auth': boolean('Requests that no credential comes with are system:anonymous.', true),
  'authentication-config': path(
    'AuthenticationConfiguration with issuers of tokens and who is anonymous; its issuers stand for --oidc-*. Followed while it changes.',
  ),
  'authentication-token-webhook-config-file': path(
    'Kubeconfig of the server that is asked whose a token is.',
  ),
  'authentication-token-webhook-version': oneOf(
    'Version of the reviews that it is sent.',
    ['v1beta1', 'v1'],
    'v1beta1',
  ),
  'authentication-token-webhook-cache-ttl': duration('How long its answers count.', 2 * 60_000),
  'enable-bootstrap-token-auth': boolean(
    'Secrets of type bootstrap.kubernetes.io/token in kube-system are tokens of nodes that join.',
    false,
  ),
  'api-audiences': list('Identifiers of the API; the issuer where none is given.'),
  'client-ca-file': path('Authority of client certificates: their common name is the user.'),
  'token-auth-file': path('File of static tokens: token,user,uid,"group1,group2".'),
  'proxy-client-cert-file': path('Certificate shown to extension API servers that callers are passed on to.'),
  'proxy-client-key-file': path('Its key.'),
  ...frontProxyFlags({ byDefault: false }),
  'service-account-issuer': repeated('Issuer of service account tokens; the first issues, all are accepted.'),
  'service-account-key-file': repeated('PEM keys or certificates that verify service account tokens.'),
  'service-account-signing-key-file': path('PEM private key that signs service account tokens.'),
  'service-account-signing-endpoint': path(
    'Socket of an external signer of service account tokens (v1.ExternalJWTSigner), in place of keys; @name: an abstract one.',
  ),
  'service-account-jwks-uri': httpsUrl(
    'Where clients are told to get the keys that verify tokens; here otherwise.',
  ),
  'service-account-max-token-expiration': tokenLife('The longest life of a token; 0: 2^32 seconds.'),
  'service-account-extend-token-expiration': boolean(
    'Tokens that are put into pods live a year, and warn after the time that was asked for.',
    true,
  ),
  'service-account-lookup': onlyTrue('Tokens end with their service accounts.'),
}

const oidcFlags = {
  'oidc-issuer-url': text('Issuer of OpenID Connect tokens; HTTPS.'),
  'oidc-client-id': text('The audience that its tokens are for.'),
  'oidc-ca-file': path('Authority of the issuer’s certificate; the system’s without it.'),
  'oidc-username-claim': text('The claim that names the user.', 'sub'),
  'oidc-username-prefix': text(
    'In front of users’ names; without it the issuer and # for claims other than email. -: none.',
  ),
  'oidc-groups-claim': text('The claim that names groups.'),
  'oidc-groups-prefix': text('In front of groups’ names.'),
  'oidc-signing-algs': list('Algorithms of signatures: RS256 to RS512, ES256 to ES512, PS256 to PS512.'),
  'oidc-required-claim': repeated('key=value that tokens must claim; repeated.'),
}

const authorizationFlags = {
  'authorization-mode': list(
    'Authorizers, asked in this order: AlwaysAllow, AlwaysDeny, ABAC, Webhook, RBAC, Node (default AlwaysAllow).',
  ),
  'authorization-config': path(
    'AuthorizationConfiguration with the authorizers; not beside --authorization-mode and --authorization-webhook-*. Followed while it changes.',
  ),
  'authorization-policy-file': path('Policies of --authorization-mode=ABAC, one JSON object in each line.'),
  'authorization-webhook-config-file': path(
    'Kubeconfig of the server that --authorization-mode=Webhook asks.',
  ),
  'authorization-webhook-version': oneOf(
    'Version of the reviews that it is sent.',
    ['v1beta1', 'v1'],
    'v1beta1',
  ),
  'authorization-webhook-cache-authorized-ttl': duration('How long what it allows counts.', 5 * 60_000),
  'authorization-webhook-cache-unauthorized-ttl': duration('How long what it does not allow counts.', 30_000),
  'enable-admission-plugins': list('Plugins to enable in addition to the default ones.'),
  'admission-control-config-file': path('File of kind AdmissionConfiguration: what plugins are told.'),
  'default-not-ready-toleration-seconds': int(
    'How long pods stay on a node that is not ready, where they do not say.',
    300,
  ),
  'default-unreachable-toleration-seconds': int(
    'How long pods stay on a node that is not reached, where they do not say.',
    300,
  ),
  'disable-admission-plugins': list('Plugins to disable although they are on by default.'),
}

const kubeletFlags = {
  'kubelet-certificate-authority': path('Authority of kubelets’ certificates; not verified without it.'),
  'kubelet-client-certificate': path('Certificate shown to kubelets.'),
  'kubelet-client-key': path('Its key.'),
  'kubelet-timeout': duration('Has no effect, as in upstream.', 5_000),
  'kubelet-preferred-address-types': list('Types of nodes’ addresses, those to be used first in front.'),
}

/** How the server starts, goes, and is reached by others than its cluster. */
const lifeFlags = {
  'cors-allowed-origins': crossOrigins(
    'RE2 patterns of origins whose pages may read answers, pinned at both ends.',
  ),
  'external-hostname': text(
    'The name by which the server is known outside, in URLs that it tells of itself.',
  ),
  'goaway-chance': chance('The part of requests whose HTTP/2 connection is asked to end; at most 0.02.'),
  'livez-grace-period': duration(
    'How long /livez takes what has not come up yet for granted.',
    0,
    '--livez-grace-period can not be a negative value',
  ),
  'shutdown-delay-duration': duration(
    'How long the server serves on when it is to stop, and is not ready.',
    0,
    notNegative('shutdown-delay-duration'),
  ),
  'shutdown-send-retry-after': boolean(
    'Then who comes is sent elsewhere (429) until what is under way is done.',
    false,
  ),
  'strict-transport-security-directives': transportDirectives(
    'max-age=expireTime, includeSubDomains, preload: the header Strict-Transport-Security of every answer.',
  ),
}

const coordinationFlags = {
  'coordinated-leadership-lease-duration': duration(
    'How long other servers leave the lease of the elections’ coordinator alone that is not renewed.',
    15_000,
  ),
  'coordinated-leadership-renew-deadline': duration(
    'After how long without a renewal the coordinator gives up.',
    10_000,
  ),
  'coordinated-leadership-retry-period': duration('Between two attempts.', 2_000),
}

const limitFlags = {
  'max-requests-inflight': int(
    'Non-mutating requests in flight at a time; 0: no limit.',
    400,
    atLeastZero('max-requests-inflight'),
  ),
  'max-mutating-requests-inflight': int(
    'Mutating requests in flight at a time; 0: no limit.',
    200,
    atLeastZero('max-mutating-requests-inflight'),
  ),
  'enable-priority-and-fairness': boolean(
    'Requests are classified, queued and limited by FlowSchemas and PriorityLevelConfigurations.',
    true,
  ),
  'min-request-timeout': int(
    'Seconds that a watch lasts at least that does not say how long; at most twice that. 0: for ever.',
    1800,
    atLeastZero('min-request-timeout'),
  ),
  'request-timeout': duration(
    'How long a request may take, unless it is long-running.',
    60_000,
    notNegative('request-timeout'),
  ),
  'default-watch-cache-size': int('Has no effect: caches are sized as they are needed.', 100, { min: 1 }),
  'watch-cache': onlyTrue('Reads and watches come from a cache.'),
  'watch-cache-sizes': watchCacheSizes('resource[.group]#size; sizes have no effect, and 0 is refused.'),
}

const networkFlags = {
  'bind-address': bindAddress('The address to listen on; 0.0.0.0 or :: for all.'),
  'secure-port': int('The port to serve HTTPS on; 0: any that is free.', 6443, anyPort),
  'advertise-address': ip('The address under which the server is reached by pods and nodes.'),
  'service-cluster-ip-range': text('Addresses of Services.', '10.0.0.0/24'),
  'endpoint-reconciler-type': oneOf(
    'Who says where the service kubernetes leads: the servers that renew their leases, or nobody here.',
    ['lease', 'none'],
    'lease',
  ),
  'service-node-port-range': ports('Ports of NodePort Services.', { first: 30_000, last: 32_767 }),
}

/** `kube-apiserver`'s flags, of those that are there. */
export const apiServerFlags = {
  ...commonFlags,
  ...secureServingFlags('/var/run/kubernetes'),
  ...networkFlags,
  ...etcdFlags,
  ...authenticationFlags,
  ...oidcFlags,
  ...authorizationFlags,
  ...auditFlags,
  ...kubeletFlags,
  ...coordinationFlags,
  ...lifeFlags,
  ...limitFlags,
  'enable-aggregator-routing': onlyTrue('Extension API servers are reached at their endpoints.'),
  'allow-privileged': boolean('Privileged containers are allowed.', false),
  'enable-garbage-collector': onlyTrue('What owners leave behind is noted for the garbage collector.'),
  'feature-gates': pairs('Feature gates: Name=true|false.', parseFeatureGates),
  'runtime-config': pairs(
    'API versions and resources: group/version[/resource]=true|false.',
    parseRuntimeConfig,
  ),
}
