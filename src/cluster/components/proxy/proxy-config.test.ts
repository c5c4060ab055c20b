import { describe, expect, test } from 'vitest'
import { parseFlags } from '../flags/parse-flags.ts'
import { conntrackSettings } from './conntrack-settings.ts'
import { proxyConfig } from './proxy-config.ts'
import { type ProxyFlags, proxyFlags } from './proxy-flags.ts'
import {
  checkProxyFlags,
  listenAddress,
  nodeAddresses,
  nodePortAddresses,
  podTraffic,
} from './proxy-options.ts'

/** As kubeadm v1.36 writes it into the ConfigMap kube-proxy, but for the mode. */
const written = `apiVersion: kubeproxy.config.k8s.io/v1alpha1
bindAddress: 0.0.0.0
bindAddressHardFail: false
clientConnection:
  acceptContentTypes: ""
  burst: 0
  contentType: ""
  kubeconfig: /var/lib/kube-proxy/kubeconfig.conf
  qps: 0
clusterCIDR: 10.244.0.0/16
configSyncPeriod: 0s
conntrack:
  maxPerCore: null
  min: null
  tcpBeLiberal: false
  tcpCloseWaitTimeout: null
  tcpEstablishedTimeout: null
  udpStreamTimeout: 0s
  udpTimeout: 0s
detectLocal:
  bridgeInterface: ""
  interfaceNamePrefix: ""
detectLocalMode: ""
enableProfiling: false
healthzBindAddress: ""
hostnameOverride: ""
iptables:
  localhostNodePorts: null
  masqueradeAll: false
  masqueradeBit: null
  minSyncPeriod: 0s
  syncPeriod: 0s
ipvs:
  excludeCIDRs: null
  minSyncPeriod: 0s
  scheduler: ""
  strictARP: false
  syncPeriod: 0s
  tcpFinTimeout: 0s
  tcpTimeout: 0s
  udpTimeout: 0s
kind: KubeProxyConfiguration
logging:
  flushFrequency: 0
  options:
    json:
      infoBufferSize: "0"
    text:
      infoBufferSize: "0"
  verbosity: 0
metricsBindAddress: ""
mode: ""
nftables:
  masqueradeAll: false
  masqueradeBit: null
  minSyncPeriod: 0s
  syncPeriod: 0s
nodePortAddresses: null
oomScoreAdj: null
portRange: ""
showHiddenMetricsForVersion: ""
winkernel:
  enableDSR: false
  forwardHealthCheckVip: false
  networkName: ""
  rootHnsEndpointName: ""
  sourceVip: ""
`

function flagsOf(...args: readonly string[]): ProxyFlags {
  const parsed = parseFlags('kube-proxy', proxyFlags, args)
  if (parsed.type !== 'run') throw new Error(parsed.type)
  return parsed.values
}

describe('proxyConfig()', () => {
  test('reads what kubeadm writes', () => {
    expect(proxyConfig(written, 'config.conf')).toEqual({
      kubeconfig: '/var/lib/kube-proxy/kubeconfig.conf',
      'bind-address': '0.0.0.0',
      'cluster-cidr': ['10.244.0.0/16'],
      'masquerade-all': false,
      'pod-bridge-interface': '',
      'pod-interface-name-prefix': '',
      'conntrack-tcp-be-liberal': false,
      'conntrack-udp-timeout': 0,
      'conntrack-udp-timeout-stream': 0,
    })
  })

  test.each([
    ['mode: ""', 'mode: iptables', 'mode: iptables is not there, only nftables'],
    ['scheduler: ""', 'scheduler: rr', 'unknown field "ipvs"'],
    ['portRange: ""', 'portRange: 1-2', 'unknown field "portRange"'],
    [
      'apiVersion: kubeproxy',
      'apiVersion: other',
      'is a other.config.k8s.io/v1alpha1 KubeProxyConfiguration',
    ],
    [
      'masqueradeBit: null\n  minSyncPeriod: 0s\n  syncPeriod: 0s\nnode',
      'masqueradeBit: 13\nnode',
      'masqueradeBit: 13 is not there',
    ],
  ])('refuses by name what is not there: %s', (from, to, message) => {
    expect(() => proxyConfig(written.replace(from, to), 'config.conf')).toThrow(message)
  })
})

test('conntrackSettings() scales with processors, and leaves alone what is 0', () => {
  expect([...conntrackSettings(flagsOf(), 8)]).toEqual([
    ['nf_conntrack_max', 262_144],
    ['nf_conntrack_tcp_timeout_established', 86_400],
    ['nf_conntrack_tcp_timeout_close_wait', 3_600],
  ])
  expect(conntrackSettings(flagsOf(), 1).get('nf_conntrack_max')).toBe(131_072)
  expect(conntrackSettings(flagsOf(), 1_000).get('nf_conntrack_max')).toBe(1_048_576)
  const none = ['--conntrack-max-per-core=0', '--conntrack-tcp-timeout-established=0']
  expect([...conntrackSettings(flagsOf(...none, '--conntrack-tcp-timeout-close-wait=0s'), 8)]).toEqual([])
})

test('listenAddress() takes an address with and without its port', () => {
  expect(listenAddress('HealthzBindAddress', '[::]:80', 10_256)).toEqual({ host: '::', port: 80 })
  expect(listenAddress('HealthzBindAddress', '10.0.0.1', 10_256)).toEqual({ host: '10.0.0.1', port: 10_256 })
  expect(listenAddress('HealthzBindAddress', '', 10_256)).toBeUndefined()
  expect(() => listenAddress('HealthzBindAddress', 'x:80', 10_256)).toThrow(
    'KubeProxyConfiguration.HealthzBindAddress: Invalid value: "x": must be a valid IP',
  )
})

const node = {
  spec: { podCIDRs: ['10.244.3.0/24'] },
  status: {
    addresses: [
      { type: 'ExternalIP', address: 'fd00::7' },
      { type: 'InternalIP', address: '10.0.0.7' },
    ],
  },
}

test('nodeAddresses() believes the flag, then the API, then loopback', () => {
  expect(nodeAddresses(flagsOf(), node, true)).toEqual(['10.0.0.7', 'fd00::7'])
  expect(nodeAddresses(flagsOf(), node, false)).toEqual(['10.0.0.7'])
  expect(nodeAddresses(flagsOf('--bind-address=10.0.0.9'), node, true)).toEqual(['10.0.0.9', 'fd00::7'])
  expect(nodeAddresses(flagsOf(), undefined, true)).toEqual(['127.0.0.1', '::1'])
  expect(() => nodeAddresses(flagsOf('--bind-address=fd00::1'), node, false)).toThrow(
    'no support for primary IP family "IPv6"',
  )
})

test('nodePortAddresses() are those of the machine in the ranges', () => {
  const machine = ['127.0.0.1', '10.0.0.7', '192.168.1.1']
  expect(nodePortAddresses(flagsOf(), ['10.0.0.7', '::1'], machine)).toEqual(['10.0.0.7'])
  const of = (range: string) =>
    nodePortAddresses(flagsOf(`--nodeport-addresses=${range}`), ['10.0.0.7'], machine)
  expect(of('192.168.0.0/16,10.1.0.0/16')).toEqual(['192.168.1.1'])
  expect(of('0.0.0.0/0')).toBe('all')
})

test.each([
  [[], undefined],
  [['--cluster-cidr=10.244.0.0/16'], { cidrs: ['10.244.0.0/16'] }],
  [['--detect-local-mode=NodeCIDR'], { cidrs: ['10.244.3.0/24'] }],
  [['--detect-local-mode=BridgeInterface', '--pod-bridge-interface=cni0'], { interfaceName: 'cni0' }],
  [
    ['--detect-local-mode=InterfaceNamePrefix', '--pod-interface-name-prefix=veth'],
    { interfaceName: 'veth*' },
  ],
])('podTraffic() with %j', (args, expected) => {
  expect(podTraffic(flagsOf(...args), node)).toEqual(expected)
})

test.each([
  [['--detect-local-mode=BridgeInterface'], 'BridgeInterface: Invalid value: "": must not be empty'],
  [['--cluster-cidr=x'], 'ClusterCIDRs[0]: Invalid value: "x": must be a valid CIDR block'],
  [['--cluster-cidr=10.0.0.0/8,11.0.0.0/8'], 'must be a either a single CIDR or dual-stack pair'],
  [['--nodeport-addresses=primary,10.0.0.0/8'], "can't use both 'primary' and CIDRs"],
])('checkProxyFlags() refuses %j', (args, message) => {
  expect(() => checkProxyFlags(flagsOf(...args))).toThrow(message)
})
