import { featureGates } from '../../api/feature-gates.ts'
import { defined } from '../../base/defined.ts'
import { createMetrics } from '../../base/host/metrics.ts'
import { realHost } from '../../base/host/real-host.ts'
import type { Logger } from '../../base/logger.ts'
import type { Metrics } from '../../base/metrics.ts'
import type { Client } from '../../client/client.ts'
import { createClient } from '../../client/create-client.ts'
import { createHttpsTransport } from '../../client/https/https-transport.ts'
import type { InformerFactory } from '../../client/informer.ts'
import { createInformerFactory } from '../../client/informer-factory.ts'
import { startDns } from '../../dns/start-dns.ts'
import { Containerd } from '../../kubelet/containerd/containerd.ts'
import { readRuntimeHandlers } from '../../kubelet/containerd/read-runtime-handlers.ts'
import { type LinuxNode, type LinuxNodeOptions, startLinuxNode } from '../../kubelet/linux/linux-node.ts'
import { relistMetrics } from '../../kubelet/metrics/relist-metrics.ts'
import { CriRuntime, type SandboxGate } from '../../kubelet/runtime/cri/cri-runtime.ts'
import { endPods } from '../../kubelet/runtime/end-pods.ts'
import { RuntimesByHandler } from '../../kubelet/runtime/runtimes-by-handler.ts'
import { wasmHandler } from '../../kubelet/runtime/wasm/wasm-runtime.ts'
import type { KubeletAccess } from '../../kubelet/server/kubelet-access.ts'
import { KubeletServer } from '../../kubelet/server/kubelet-server.ts'
import { sourceAnnotation } from '../../kubelet/static/static-annotations.ts'
import { type RunningPolicyAgent, startPolicyAgent } from '../../network/policy/start-policy-agent.ts'
import { startNetworkAgent } from '../../network/start-network-agent.ts'
import { startProxy } from '../../proxy/start-proxy.ts'
import { delegatedAccess } from '../components/kubelet/delegated-access.ts'
import type { KubeletOptions } from '../components/kubelet/kubelet-options.ts'
import { configzPage } from '../components/kubelet/shown-config.ts'
import { kubernetesVersion } from '../version.ts'
import { kubeletPages } from '../z-pages.ts'
import { cgroupDriver } from './cgroup-driver.ts'
import { keepRunning } from './keep-running.ts'
import type { ClientConfig, NodeConfig } from './node-config.ts'
import { nodeKubeletOptions } from './node-kubelet-options.ts'
import { cniBinaries, nodePaths, runtimeHandlersFolder } from './node-paths.ts'
import { ensureSandboxImage, sandboxImage } from './sandbox-image.ts'

const healthPort = 10_256
/** CoreDNS'. */
const dnsMetricsPort = 9153
const proxyMetricsPort = 10_249

/** What containers get to end by themselves when the node is stopped. */
const endGraceSeconds = 5
const mastersGroup = 'system:masters'
/** Upstream's: how long what the API server said of tokens and rights counts. */
const tokenLifeMs = 2 * 60_000
const allowedMs = 5 * 60_000
const deniedMs = 30_000

/** Something that runs on a node. */
export interface NodePart {
  stop(cleanUp: boolean): Promise<void>
  /** The configuration has other certificates now. */
  renewed?(config: NodeConfig): void
}

/** One client of the API server with its own informers. */
function connect(
  config: NodeConfig,
  name: keyof NodeConfig['clients'],
  agent: string,
  { logger, metrics }: { readonly logger: Logger; readonly metrics: Metrics },
): { client: Client; informers: InformerFactory; part: NodePart } {
  let credentials: ClientConfig = config.clients[name]
  const transport = createHttpsTransport({
    host: realHost,
    server: config.server,
    certificateAuthority: config.authorityPem,
    clientIdentity: () => ({ certificate: credentials.certificatePem, key: credentials.keyPem }),
    userAgent: agent,
    metrics,
  })
  const client = createClient(transport, { fieldManager: agent })
  const informers = createInformerFactory({ client, host: realHost, logger })
  return {
    client,
    informers,
    part: {
      stop: async () => {
        await informers.stop()
        await transport.close()
      },
      renewed: ({ clients }) => {
        if (clients[name].certificatePem === credentials.certificatePem) return
        credentials = clients[name]
        transport.reconnect()
      },
    },
  }
}

/** Starts everything that a node runs; the parts are to be stopped in reverse order. */
export async function startNodeParts(
  config: NodeConfig,
  logger: Logger,
  parts: NodePart[],
  adopted: { value: boolean },
  metrics: Metrics,
): Promise<void> {
  const paths = nodePaths(config.directory)
  const { network, name: nodeName, address: nodeAddress } = config
  const shared = { host: realHost, logger, metrics }
  const node = connect(config, 'node', 'kubelet', shared)
  // Nodes may not read each other; whoever routes traffic may.
  const traffic = connect(config, 'proxy', 'kube-proxy', shared)
  parts.push(node.part, traffic.part)
  const containerd = new Containerd({
    root: paths.containerdRoot,
    state: paths.containerdState,
    cni: { binDir: cniBinaries(), confDir: paths.cniConfig },
    sandboxImage,
    registries: config.registryMirrors,
    streamAddress: '127.0.0.1',
    handlers: readRuntimeHandlers(runtimeHandlersFolder(config.dataDirectory), process.env['PATH'] ?? ''),
    logger,
  })
  const agent = await startNetworkAgent({
    ...shared,
    client: node.client,
    informers: traffic.informers,
    nodeName,
    nodeAddress,
    networkName: config.networkName,
    clusterCidr: network.podCidr,
    serviceCidrs: [network.serviceCidr],
    confDir: paths.cniConfig,
    stateDir: paths.cniState,
  })
  parts.push({ stop: (cleanUp) => agent.stop({ cleanUp }) })
  const policies = startPolicy(config, metrics, logger, parts)
  const started: { linux?: LinuxNode } = {}
  parts.push({ stop: async (cleanUp) => (cleanUp ? started.linux?.clear() : undefined) })
  const origin = await containerd.start()
  const containers = new CriRuntime(paths.socket)
  containers.observeLists(relistMetrics(metrics))
  containers.guardSandboxes(isolation(policies))
  const wasm = wasmHandler({ host: realHost, imageDirectory: paths.modules })
  const runtime = new RuntimesByHandler(containers, wasm)
  const letGo = keepRunning(containerd, 'containerd', realHost, logger)
  parts.push({
    stop: async (cleanUp) => {
      if (cleanUp) await endPods(runtime, endGraceSeconds, logger)
      await letGo()
      await wasm.close()
      containers.close()
      if (cleanUp) await containerd.stop()
    },
  })
  adopted.value = origin === 'adopted'
  await ensureSandboxImage(containerd, containers)
  const chosen = nodeKubeletOptions(config.kubeletConfig, nodeName)
  const linux = await startLinuxNode({
    ...shared,
    client: node.client,
    informers: node.informers,
    runtime,
    nodeName,
    addresses: [nodeAddress],
    rootDirectory: paths.kubelet,
    imageDirectory: paths.containerdRoot,
    ...defined({ imageMounts: await containers.imageMounts() }),
    keptImages: [sandboxImage],
    cgroupPrefix: [config.networkName],
    cgroupDriver: cgroupDriver(),
    port: config.port,
    version: kubernetesVersion,
    clusterDns: [network.dnsAddress],
    clusterDomain: network.domain,
    ...chosenSettings(chosen),
  })
  started.linux = linux
  parts.push({ stop: () => linux.stop() })
  const server = new KubeletServer({
    ...shared,
    api: linux.kubelet.api,
    address: '0.0.0.0',
    port: config.port,
    tls: { key: config.serving.keyPem, cert: config.serving.certificatePem, clientCa: config.authorityPem },
    pages: new Map([
      ...kubeletPages(realHost, featureGates(chosen?.flags['feature-gates'] ?? new Map())),
      ...(chosen === undefined ? [] : [['configz', configzPage(chosen)] as const]),
    ]),
    nodeLogs: { directory: '/var/log', queries: true },
    access: nodeAccess(node.client, nodeName, logger),
  })
  await server.start()
  parts.push({
    stop: () => server.stop(),
    renewed: ({ serving }) => server.replaceTls({ key: serving.keyPem, cert: serving.certificatePem }),
  })
  await startServices(config, traffic.informers, logger, parts)
}

/** What an operator's file says of this node. */
function chosenSettings(chosen: KubeletOptions | undefined): Partial<LinuxNodeOptions> {
  if (chosen === undefined) return {}
  const { flags, tuning, podTuning, logLimits, shutdownPeriods } = chosen
  return {
    ...{ tuning, podTuning, logLimits, shutdownPeriods },
    maxPods: flags['max-pods'],
    taints: flags['register-with-taints'],
    serialPulls: flags['serialize-image-pulls'],
  }
}

/** The API server shows its own certificate; who everybody else is and what they may, it says. */
function nodeAccess(client: Client, nodeName: string, logger: Logger): KubeletAccess {
  const shared = { host: realHost, logger, client, nodeName, anonymous: true }
  const authorization = { allowedLifeMs: allowedMs, deniedLifeMs: deniedMs }
  const asked = delegatedAccess({ ...shared, tokenLifeMs, authorization })
  return {
    ...asked,
    openHealth: true,
    authorize: async (user, attributes) =>
      user.groups.includes(mastersGroup) || asked.authorize(user, attributes),
  }
}

async function startServices(
  config: NodeConfig,
  traffic: InformerFactory,
  logger: Logger,
  parts: NodePart[],
): Promise<void> {
  const { network, name: nodeName, address: nodeAddress } = config
  const shared = { host: realHost, logger, metrics: createMetrics() }
  const dnsClient = connect(config, 'dns', 'coredns', shared)
  parts.push(dnsClient.part)
  const dns = await startDns({
    ...shared,
    informers: dnsClient.informers,
    address: network.dnsAddress,
    manageAddress: true,
    clusterDomain: network.domain,
    ttlSeconds: network.dnsTtlSeconds,
    metricsPort: dnsMetricsPort,
  })
  parts.push({ stop: (cleanUp) => dns.stop({ cleanUp }) })
  const proxy = await startProxy({
    ...shared,
    informers: traffic,
    nodeName,
    nodeAddresses: [nodeAddress],
    podTraffic: { cidrs: [network.podCidr] },
    serviceCidrs: [network.serviceCidr],
    nodeLocalAddresses: [network.dnsAddress],
    healthAddress: { host: nodeAddress, port: healthPort },
    metricsAddress: { host: '127.0.0.1', port: proxyMetricsPort },
  })
  parts.push({ stop: (cleanUp) => proxy.stop({ cleanUp }) })
}

function startPolicy(
  config: NodeConfig,
  metrics: Metrics,
  logger: Logger,
  parts: NodePart[],
): RunningPolicyAgent {
  const { informers, part } = connect(config, 'policy', 'network-policy', { logger, metrics })
  const agent = startPolicyAgent({
    informers,
    host: realHost,
    logger,
    metrics,
    nodeName: config.name,
    networkName: config.networkName,
    dnsAddress: config.network.dnsAddress,
  })
  parts.push(part, { stop: (cleanUp) => agent.stop({ cleanUp }) })
  return agent
}

/** Nothing runs in a pod before it is isolated. The API server knows static pods only by their mirrors: they do not wait. */
const isolation =
  (policies: RunningPolicyAgent): SandboxGate =>
  async ({ metadata, annotations }, addresses) => {
    if ((annotations[sourceAnnotation] ?? 'api') === 'api') await policies.admit(metadata, addresses)
  }
