import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { hostname, networkInterfaces } from 'node:os'
import { Node } from '../../../api/core/node/kind.ts'
import { featureGates } from '../../../api/feature-gates.ts'
import type { core } from '../../../api/generated/types/index.ts'
import { defined } from '../../../base/defined.ts'
import { createMetrics } from '../../../base/host/metrics.ts'
import { realHost } from '../../../base/host/real-host.ts'
import type { Logger } from '../../../base/logger.ts'
import type { Informer } from '../../../client/informer.ts'
import { createInformerFactory } from '../../../client/informer-factory.ts'
import { type ProxyOptions, startProxy } from '../../../proxy/start-proxy.ts'
import { useAdministratorPath } from '../../system-packages.ts'
import { kubeconfigOf, ownConnection } from '../component-base.ts'
import { readFlagFile } from '../read-pem.ts'
import type { Component, ComponentContext } from '../run-component.ts'
import { setConntrack } from './conntrack-settings.ts'
import { proxyConfig } from './proxy-config.ts'
import { type ProxyFlags, proxyFlags } from './proxy-flags.ts'
import {
  checkProxyFlags,
  listenAddress,
  nodeAddresses,
  nodePortAddresses,
  podTraffic,
} from './proxy-options.ts'

const program = 'kube-proxy'
const healthPort = 10_256
const metricsPort = 10_249

/** Upstream's: how long a node without addresses is waited for, and one without addresses for its pods. */
const addressesWaitMs = 30_000
const podRangesWaitMs = 5 * 60_000

/** The file stands for all flags but those that it cannot say. */
function chosen(values: ProxyFlags, given: ReadonlySet<string>): ProxyFlags {
  const file = values.config
  const content = readFlagFile('config', file)
  if (content === undefined) return values
  const usual = Object.entries(proxyFlags).map(([name, { fallback }]) => [name, fallback])
  const kept = ['hostname-override', 'master', 'v', 'logging-format'].filter((name) => given.has(name))
  const own = Object.entries(values).filter(([name]) => kept.includes(name))
  return {
    ...values,
    ...Object.fromEntries(usual),
    ...proxyConfig(content, file ?? ''),
    ...Object.fromEntries(own),
  }
}

/** Upstream: what the node is called in the API. */
function nodeNameOf(flags: ProxyFlags): string {
  const name = (flags['hostname-override'] || hostname()).trim().toLowerCase()
  if (name === '') throw new Error('empty hostname-override is invalid')
  return name
}

/** Linux's own word for it. */
function speaksIpv6(): boolean {
  const off = '/proc/sys/net/ipv6/conf/all/disable_ipv6'
  if (!existsSync('/proc/net/if_inet6')) return false
  return !existsSync(off) || readFileSync(off, 'utf8').trim() !== '1'
}

const machineAddresses = (): readonly string[] =>
  Object.values(networkInterfaces()).flatMap((each) => (each ?? []).map(({ address }) => address))

/** Resolves when the node is as it is waited for, or the time has passed. */
function waitForNode(
  nodes: Informer<core.v1.Node>,
  isThere: (node: core.v1.Node) => boolean,
  limitMs: number,
): Promise<void> {
  return new Promise((resolve) => {
    const timer = realHost.schedule(limitMs, () => done())
    let remove: (() => void) | undefined
    let isDone = false
    const done = (): void => {
      isDone = true
      timer.cancel()
      remove?.()
      resolve()
    }
    remove = nodes.onChange((node) => {
      if (!isDone && node !== undefined && isThere(node)) done()
    })
    if (isDone) remove()
  })
}

/** The node as soon as it has what is needed of it. */
async function knownNode(
  flags: ProxyFlags,
  nodes: Informer<core.v1.Node>,
  nodeName: string,
  logger: Logger,
): Promise<core.v1.Node | undefined> {
  await nodes.whenSynced()
  const found = (): core.v1.Node | undefined => nodes.lister.get('', nodeName)
  const hasAddresses = ({ status }: core.v1.Node): boolean => (status?.addresses ?? []).length > 0
  await waitForNode(nodes, hasAddresses, addressesWaitMs)
  if (found() === undefined) logger.error('there is no such node yet', { node: nodeName })
  if (flags['detect-local-mode'] !== 'NodeCIDR') return found()
  const hasRanges = ({ spec }: core.v1.Node): boolean => (spec?.podCIDRs ?? []).length > 0
  await waitForNode(nodes, hasRanges, podRangesWaitMs)
  const node = found()
  if (node === undefined) throw new Error(`timeout waiting for node ${JSON.stringify(nodeName)} to exist`)
  if (!hasRanges(node))
    throw new Error(`timeout waiting for PodCIDR allocation on node ${JSON.stringify(nodeName)}`)
  return node
}

/** Rules that stand on the node's ranges end with them: whoever runs this process starts it again. */
function endWithRanges(
  nodes: Informer<core.v1.Node>,
  known: core.v1.Node | undefined,
  lost: ComponentContext['lost'],
): void {
  const ranges = known?.spec?.podCIDRs?.join()
  nodes.onChange((node) => {
    if (node !== undefined && node.spec?.podCIDRs?.join() !== ranges)
      lost(new Error(`PodCIDRs changed for the node: ${node.spec?.podCIDRs}, before ${ranges}`))
  })
}

/** As soon as it may be; one that may not goes on as it is. */
function sparedFromMemoryKiller(score: number, logger: Logger): void {
  try {
    writeFileSync('/proc/self/oom_score_adj', String(score))
  } catch (error) {
    logger.debug('the score for the kernel’s memory killer could not be set', { error })
  }
}

/** Waits for the node, and then routes. */
async function route(
  flags: ProxyFlags,
  listen: Pick<ProxyOptions, 'healthAddress' | 'metricsAddress'>,
  { logger, stops, lost }: ComponentContext,
): Promise<void> {
  const nodeName = nodeNameOf(flags)
  const limits = { perSecond: flags['kube-api-qps'], burst: flags['kube-api-burst'] }
  const { client } = ownConnection(kubeconfigOf(flags), { userAgent: program, ...limits }, stops)
  const informers = createInformerFactory({ client, host: realHost, logger })
  stops.push(() => informers.stop())
  const nodes = informers.informer(Node, { fieldSelector: `metadata.name=${nodeName}` })
  const node = await knownNode(flags, nodes, nodeName, logger)
  if (flags['detect-local-mode'] === 'NodeCIDR') endWithRanges(nodes, node, lost)
  await setConntrack(flags)
  const own = nodeAddresses(flags, node, speaksIpv6())
  const running = await startProxy({
    ...{ informers, host: realHost, logger, metrics: createMetrics(), nodeName, nodeAddresses: own },
    ...defined({ podTraffic: podTraffic(flags, node) }),
    ...listen,
    masqueradesAll: flags['masquerade-all'],
    serviceCidrs: 'announced',
    nodePortAddresses: nodePortAddresses(flags, own, machineAddresses()),
    minSyncPeriodMs: flags['iptables-min-sync-period'],
    syncPeriodMs: flags['iptables-sync-period'],
  })
  stops.push(() => running.stop({ cleanUp: false }))
  logger.info('Services are routed', { node: nodeName, addresses: own })
}

/** `kube-proxy`: routes Services on the machine that it runs on. */
export const proxy: Component<typeof proxyFlags> = {
  program,
  flags: proxyFlags,
  start: async (values, context) => {
    const flags = chosen(values, context.given)
    featureGates(flags['feature-gates'])
    checkProxyFlags(flags)
    const listen = defined({
      healthAddress: listenAddress('HealthzBindAddress', flags['healthz-bind-address'], healthPort),
      metricsAddress: listenAddress('MetricsBindAddress', flags['metrics-bind-address'], metricsPort),
    })
    kubeconfigOf(flags)
    useAdministratorPath()
    sparedFromMemoryKiller(flags['oom-score-adj'], context.logger)
    // The node may be long in coming, and a signal ends the wait.
    route(flags, listen, context).catch(context.lost)
  },
}
