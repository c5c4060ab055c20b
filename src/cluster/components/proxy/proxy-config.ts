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
  numberOf,
  only,
  textOf,
  textsOf,
} from '../config-fields.ts'
import { FlagError } from '../flags/parse-flags.ts'
import { withoutZeroFields } from '../zero-fields.ts'
import { localModes, type ProxyFlags } from './proxy-flags.ts'

/** Upstream's fields that change nothing here. */
const unserved: ReadonlySet<string> = new Set([
  ...['logging', 'bindAddressHardFail', 'enableProfiling', 'showHiddenMetricsForVersion', 'iptables', 'ipvs'],
  ...['winkernel', 'configSyncPeriod', 'portRange', 'windowsRunAsService', 'contentType'],
  'acceptContentTypes',
])

const names = [
  ...['featureGates', 'clientConnection', 'hostnameOverride', 'bindAddress', 'healthzBindAddress'],
  ...['metricsBindAddress', 'mode', 'nftables', 'detectLocalMode', 'detectLocal', 'clusterCIDR'],
  ...['nodePortAddresses', 'oomScoreAdj', 'conntrack'],
]
const nftablesNames = ['masqueradeBit', 'masqueradeAll', 'syncPeriod', 'minSyncPeriod']
const conntrackNames = [
  ...['maxPerCore', 'min', 'tcpEstablishedTimeout', 'tcpCloseWaitTimeout', 'tcpBeLiberal', 'udpTimeout'],
  'udpStreamTimeout',
]

const masqueradeBit = 14

const nonEmpty = (text: string | undefined): string | undefined => (text === '' ? undefined : text)
const nonNull = (value: number | undefined): number | undefined =>
  value === undefined ? undefined : nonZero(value)

function clientFlags(top: Fields): Partial<ProxyFlags> {
  const given = only(top['clientConnection'], 'clientConnection', [
    ...['kubeconfig', 'qps', 'burst', 'contentType', 'acceptContentTypes'],
  ])
  const client = only(withoutZeroFields(given, unserved), 'clientConnection', ['kubeconfig', 'qps', 'burst'])
  return defined({
    kubeconfig: nonEmpty(textOf(client, 'kubeconfig')),
    'kube-api-qps': nonNull(numberOf(client, 'qps')),
    'kube-api-burst': nonNull(numberOf(client, 'burst')),
  })
}

function ruleFlags(top: Fields): Partial<ProxyFlags> {
  const rules = only(top['nftables'], 'nftables', nftablesNames)
  const bit = numberOf(rules, 'masqueradeBit') ?? masqueradeBit
  if (bit !== masqueradeBit)
    throw new Error(`nftables.masqueradeBit: ${bit} is not there, only ${masqueradeBit}`)
  const local = only(top['detectLocal'], 'detectLocal', ['bridgeInterface', 'interfaceNamePrefix'])
  const addresses = textsOf(top, 'nodePortAddresses') ?? []
  return defined({
    'proxy-mode': choiceOf(top, 'mode', ['nftables']),
    'masquerade-all': booleanOf(rules, 'masqueradeAll'),
    'iptables-sync-period': nonNull(durationOf(rules, 'syncPeriod')),
    'iptables-min-sync-period': nonNull(durationOf(rules, 'minSyncPeriod')),
    'detect-local-mode': choiceOf(top, 'detectLocalMode', localModes),
    'pod-bridge-interface': textOf(local, 'bridgeInterface'),
    'pod-interface-name-prefix': textOf(local, 'interfaceNamePrefix'),
    'cluster-cidr': nonEmpty(textOf(top, 'clusterCIDR'))?.split(','),
    'nodeport-addresses': addresses.length === 0 ? undefined : addresses,
  })
}

function conntrackFlags(top: Fields): Partial<ProxyFlags> {
  const tracking = only(top['conntrack'], 'conntrack', conntrackNames)
  return defined({
    'conntrack-max-per-core': numberOf(tracking, 'maxPerCore'),
    'conntrack-min': numberOf(tracking, 'min'),
    'conntrack-tcp-timeout-established': durationOf(tracking, 'tcpEstablishedTimeout'),
    'conntrack-tcp-timeout-close-wait': durationOf(tracking, 'tcpCloseWaitTimeout'),
    'conntrack-tcp-be-liberal': booleanOf(tracking, 'tcpBeLiberal'),
    'conntrack-udp-timeout': durationOf(tracking, 'udpTimeout'),
    'conntrack-udp-timeout-stream': durationOf(tracking, 'udpStreamTimeout'),
  })
}

/**
 * Reads a file of kind KubeProxyConfiguration (https://kubernetes.io/docs/reference/config-api/kube-proxy-config.v1alpha1/)
 * into flags. Throws FlagError for what is wrong, or not there.
 */
export function proxyConfig(content: string, file: string): Partial<ProxyFlags> {
  try {
    const kind = ['kubeproxy.config.k8s.io/v1alpha1', 'KubeProxyConfiguration'] as const
    const { apiVersion: _version, kind: _kind, ...fields } = configObject(parse(content), file, kind)
    const top = only(withoutZeroFields(fields, unserved), '', names)
    return {
      ...clientFlags(top),
      ...ruleFlags(top),
      ...conntrackFlags(top),
      ...defined({
        'feature-gates': booleanMapOf(top, 'featureGates'),
        'hostname-override': nonEmpty(textOf(top, 'hostnameOverride')),
        'bind-address': nonEmpty(textOf(top, 'bindAddress')),
        'healthz-bind-address': nonEmpty(textOf(top, 'healthzBindAddress')),
        'metrics-bind-address': nonEmpty(textOf(top, 'metricsBindAddress')),
        'oom-score-adj': numberOf(top, 'oomScoreAdj'),
      }),
    }
  } catch (error) {
    throw error instanceof FlagError ? error : new FlagError(`${file}: ${String(error)}`)
  }
}
