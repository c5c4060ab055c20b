import { parseFeatureGates } from '../../../apimachinery/feature-gates.ts'
import { clientFlags } from '../flags/client-flags.ts'
import { commonFlags, onlyFalse, onlyTrue } from '../flags/common-flags.ts'
import { boolean, duration, int, ip, list, oneOf, pairs, path, text } from '../flags/flag-types.ts'
import type { FlagValues } from '../flags/parse-flags.ts'

export const localModes = ['ClusterCIDR', 'NodeCIDR', 'BridgeInterface', 'InterfaceNamePrefix'] as const

const trafficFlags = {
  'proxy-mode': oneOf('How rules are written.', ['nftables'], 'nftables'),
  'cluster-cidr': list('Addresses of pods, one range of each family.'),
  'detect-local-mode': oneOf(
    'How the traffic of pods is told from that of others.',
    localModes,
    'ClusterCIDR',
  ),
  'pod-bridge-interface': text('The bridge of pods, with --detect-local-mode=BridgeInterface.'),
  'pod-interface-name-prefix': text(
    'How pods’ interfaces begin, with --detect-local-mode=InterfaceNamePrefix.',
  ),
  'masquerade-all': boolean('Pods’ traffic to cluster IPs is masqueraded, too.', false),
  'nodeport-addresses': list(
    'Ranges of the node’s addresses that take NodePort traffic; primary: only the node’s own.',
    ['primary'],
  ),
}

const conntrackFlags = {
  'conntrack-max-per-core': int(
    'Connections that are tracked, for each processor; 0: left as it is.',
    32_768,
    {
      min: 0,
    },
  ),
  'conntrack-min': int('At least so many.', 131_072, { min: 0 }),
  'conntrack-tcp-timeout-established': duration(
    'How long an idle TCP connection is tracked; 0: left as it is.',
    24 * 3_600_000,
  ),
  'conntrack-tcp-timeout-close-wait': duration('The same where one end is closed.', 3_600_000),
  'conntrack-tcp-be-liberal': boolean('Segments outside of the window are tracked, too.', false),
  'conntrack-udp-timeout': duration('How long UDP without an answer is tracked; 0: left as it is.', 0),
  'conntrack-udp-timeout-stream': duration('The same for UDP with answers.', 0),
}

/** `kube-proxy`'s flags, of those that are there; with `--config` its file goes before all but a few. */
export const proxyFlags = {
  ...commonFlags,
  ...clientFlags(5, 10),
  config: path('A KubeProxyConfiguration; it stands for all flags but --hostname-override and --master.'),
  'hostname-override': text('The node’s name; the machine’s where it is not given.'),
  'bind-address': ip('The node’s own address, where the API does not tell; 0.0.0.0 and :: say nothing.'),
  'bind-address-hard-fail': onlyTrue('What cannot be listened on ends the proxy.'),
  'healthz-bind-address': text('Where /healthz and /livez are; empty: nowhere.', '0.0.0.0:10256'),
  'metrics-bind-address': text('Where /metrics is; empty: nowhere.', '127.0.0.1:10249'),
  profiling: onlyFalse('Profiles at /debug/pprof.'),
  'iptables-sync-period': duration('Half of how long a change may wait in a proxy that is well.', 30_000),
  'iptables-min-sync-period': duration('The least time between two writes of rules.', 20),
  'oom-score-adj': int('How soon the kernel ends this process for want of memory.', -999, {
    min: -1000,
    max: 1000,
  }),
  'feature-gates': pairs('Feature gates: Name=true|false.', parseFeatureGates),
  ...trafficFlags,
  ...conntrackFlags,
}

export type ProxyFlags = FlagValues<typeof proxyFlags>
