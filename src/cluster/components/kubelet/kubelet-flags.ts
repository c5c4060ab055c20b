import type { core } from '../../../api/generated/types/index.ts'
import { parseFeatureGates } from '../../../apimachinery/feature-gates.ts'
import { clientFlags } from '../flags/client-flags.ts'
import { commonFlags, servingFlags } from '../flags/common-flags.ts'
import {
  bindAddress,
  boolean,
  duration,
  type Flag,
  int,
  list,
  oneOf,
  pairs,
  path,
  text,
} from '../flags/flag-types.ts'
import type { FlagValues } from '../flags/parse-flags.ts'
import { parseHeaders, parseNodeLabels, parsePairs, parseTaints } from './node-texts.ts'
import { resourceFlags } from './resource-flags.ts'

type Headers = readonly (readonly [name: string, value: string])[]

const port = { min: 1, max: 65_535 }
const percent = { min: 0, max: 100 }
const portOrNone = { min: 0, max: 65_535 }

const nodeFlags = {
  'hostname-override': text('The node’s name; the machine’s where it is not given.'),
  'node-ip': text('The node’s address, or one of each family, comma-separated.'),
  'node-labels': pairs('Labels that the node is registered with.', parseNodeLabels),
  'register-node': boolean('Make the node where it is not there; else it is waited for.', true),
  'register-with-taints': {
    type: '[]api.Taint',
    usage: 'Taints that the node is registered with: <key>=<value>:<effect>, comma-separated.',
    fallback: [],
    parse: (value) => parseTaints(value.split(',')),
    text: (value) => value.map(({ key, value: of = '', effect }) => `${key}=${of}:${effect}`).join(','),
  } satisfies Flag<readonly core.v1.Taint[]> as Flag<readonly core.v1.Taint[]>,
  'node-status-update-frequency': duration('How often the node’s status is looked at.', 10_000),
  'node-status-max-images': int('How many images the node’s status lists; -1: all.', 50, { min: -1 }),
  'fail-swap-on': boolean('Refuse to start on a machine that swaps.', true),
  'max-pods': int('How many pods the node takes.', 110, { min: 0 }),
}

const podFlags = {
  'container-runtime-endpoint': text(
    'Socket of the container runtime (CRI v1): unix:///path/to/runtime.sock.',
  ),
  'root-dir': text('Folder for pods’ volumes and logs.', '/var/lib/kubelet'),
  'cluster-dns': list('Name servers of pods.'),
  'cluster-domain': text('The cluster’s domain, searched by pods.'),
  // The empty one says that pods inherit nothing.
  'resolv-conf': { ...path('The resolv.conf that pods inherit from.'), parse: (value: string) => value },
  'pod-cidr': text('Addresses of pods, until the node says which.'),
  'cgroup-driver': oneOf('Who makes control groups.', ['cgroupfs', 'systemd'], 'cgroupfs'),
  'cgroup-root': text('The group above those of pods.'),
  'container-log-max-size': text('When a container’s log is put aside.', '10Mi'),
  'container-log-max-files': int('How many files a container’s log may have.', 5, { min: 2 }),
  'pod-manifest-path': path('Folder of static pods, or the file of one.'),
  'file-check-frequency': duration('How often it is read though nothing tells of a change.', 20_000),
  'manifest-url': text('Where static pods are asked for.'),
  'manifest-url-header': {
    type: 'colonSeparatedMultimapStringString',
    usage: 'Headers to ask with: <name>:<value>, comma-separated.',
    fallback: [],
    parse: (value) => parseHeaders(value),
    text: (value) => value.map((pair) => pair.join(':')).join(','),
  } satisfies Flag<Headers> as Flag<Headers>,
  'http-check-frequency': duration('How often they are asked for.', 20_000),
  'serialize-image-pulls': boolean('One image at a time.', true),
  'feature-gates': pairs('Feature gates: Name=true|false.', parseFeatureGates),
  'image-gc-high-threshold': int(
    'How full, in percent, the disk of images may be; 100: as full as it will.',
    85,
    percent,
  ),
  'image-gc-low-threshold': int('How full it is to be when unused images have been removed.', 80, percent),
  'minimum-image-ttl-duration': duration('How long an unused image stays at least.', 2 * 60_000),
  'image-credential-provider-config': path(
    'A CredentialProviderConfig, or a folder of them: programs that know what to log in to registries with.',
  ),
  'image-credential-provider-bin-dir': path('Where those programs are.'),
  'allowed-unsafe-sysctls': list(
    'Kernel parameters that pods may set beyond the safe ones; a name may end in *.',
  ),
  'seccomp-default': boolean('Containers that name no seccomp profile have the runtime’s.', false),
}

/** `memory.available<1Gi,nodefs.available<10%` */
const thresholds = (usage: string): Flag<ReadonlyMap<string, string>> =>
  pairs(usage, (value) => parsePairs(value, '<'), '<')

/** Upstream's on Linux. */
const defaultHard = new Map([
  ['memory.available', '100Mi'],
  ['nodefs.available', '10%'],
  ['nodefs.inodesFree', '5%'],
  ['imagefs.available', '15%'],
  ['imagefs.inodesFree', '5%'],
])

const evictionFlags = {
  'eviction-hard': {
    ...thresholds('When pods are evicted at once: memory.available<1Gi.'),
    fallback: defaultHard,
  },
  'eviction-soft': thresholds('When pods are evicted after a grace.'),
  'eviction-soft-grace-period': pairs('For each of those: memory.available=30s.', (value) =>
    parsePairs(value, '='),
  ),
  'eviction-max-pod-grace-period': int('Seconds that pods get to end after a grace.', 0),
  'eviction-minimum-reclaim': pairs('What is to be won back beyond: memory.available=500Mi.', (value) =>
    parsePairs(value, '='),
  ),
  'eviction-pressure-transition-period': duration('How long a pressure outlasts its cause.', 5 * 60_000),
}

/** The defaults of who gives no file; a file has others (`kubelet-config.ts`). */
const serverFlags = {
  address: bindAddress('The address to serve on; 0.0.0.0 or :: for all.'),
  port: int('The port to serve HTTPS on.', 10_250, port),
  'read-only-port': int(
    'The port to serve pods and metrics on to everyone, by HTTP; 0: none.',
    10_255,
    portOrNone,
  ),
  'healthz-port': int('The port of /healthz by HTTP; 0: none.', 10_248, portOrNone),
  'healthz-bind-address': bindAddress('Its address.', '127.0.0.1'),
  'enable-system-log-handler': boolean('Show the machine’s own logs on /logs/.', true),
  'client-ca-file': path('Authority of client certificates: their common name is the user.'),
  'anonymous-auth': boolean('Requests that no credential comes with are system:anonymous.', true),
  'authentication-token-webhook': boolean('Ask the API server whose a bearer token is.', false),
  'authentication-token-webhook-cache-ttl': duration('How long its answers count.', 2 * 60_000),
  'authorization-mode': oneOf('Who may use this server.', ['AlwaysAllow', 'Webhook'], 'AlwaysAllow'),
  'authorization-webhook-cache-authorized-ttl': duration(
    'How long a yes of the API server counts.',
    5 * 60_000,
  ),
  'authorization-webhook-cache-unauthorized-ttl': duration('How long a no counts.', 30_000),
}

const { kubeconfig, ...rate } = clientFlags(50, 100)

/** Upstream's flags, as far as what they say is there. */
export const kubeletFlags = {
  ...commonFlags,
  ...servingFlags('/var/lib/kubelet/pki'),
  kubeconfig,
  'bootstrap-kubeconfig': path(
    'What a first client certificate is asked for with, where --kubeconfig is not there yet; it is written then.',
  ),
  'rotate-certificates': boolean('Renew the client certificate while it is good.', false),
  'rotate-server-certificates': boolean(
    'Ask the API server for the certificate to serve with, and renew it.',
    false,
  ),
  'kube-api-qps': rate['kube-api-qps'],
  'kube-api-burst': rate['kube-api-burst'],
  config: path('A KubeletConfiguration; flags go before what it says.'),
  'config-dir': path('Folder of files (*.conf) that change parts of it, in their order.'),
  ...nodeFlags,
  ...podFlags,
  ...resourceFlags,
  ...evictionFlags,
  ...serverFlags,
}

export type KubeletFlags = FlagValues<typeof kubeletFlags>
