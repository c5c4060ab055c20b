import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { ConfigMap } from '../../api/core/config-map/kind.ts'
import { Node } from '../../api/core/node/kind.ts'
import { isStatus } from '../../apimachinery/status-error.ts'
import { makeDirectory } from '../../base/host/make-directory.ts'
import { createMetrics } from '../../base/host/metrics.ts'
import { realHost } from '../../base/host/real-host.ts'
import type { Logger } from '../../base/logger.ts'
import type { Client } from '../../client/client.ts'
import { createClient } from '../../client/create-client.ts'
import { createHttpsTransport } from '../../client/https/https-transport.ts'
import { type KubeconfigContext, loadKubeconfig } from '../../client/https/kubeconfig.ts'
import { claimDirectory } from '../claim-directory.ts'
import { bootstrapKubeconfig, clientName } from '../components/kubelet/certificates/bootstrap.ts'
import { CertificateStore } from '../components/kubelet/certificates/certificate-store.ts'
import { keepRenewed } from '../components/kubelet/certificates/kubelet-certificates.ts'
import { selfSigned } from '../components/read-pem.ts'
import { type DataDirectory, dataDirectory } from '../data-directory.ts'
import type { NetworkOptions, RegistryMirror } from '../options.ts'
import type { KeyPair } from '../pki/certificate.ts'
import { type Report, step } from '../progress.ts'
import { clusterId, networkName } from '../real-nodes/cluster-id.ts'
import { claimMachineNetwork, releaseMachineNetwork } from '../real-nodes/machine-network.ts'
import type { ClientConfig, NodeConfig } from '../real-nodes/node-config.ts'
import { type NodePart, startNodeParts } from '../real-nodes/node-parts.ts'
import { nodePaths } from '../real-nodes/node-paths.ts'
import { removeState, writeState } from '../state-file.ts'
import { useAdministratorPath } from '../system-packages.ts'
import { networkConfigMap, networkKey } from './allow-joining.ts'
import { tokenText } from './bootstrap-tokens.ts'
import { type Discovery, discoverCluster } from './discover-cluster.ts'

export interface JoinOptions {
  readonly logger: Logger
  readonly logLevel: NodeConfig['logLevel']
  readonly dataDirectory: string
  readonly nodeName: string
  /** The cluster to join; may be absent where this machine has joined one before. */
  readonly discovery: Discovery | undefined
  /** InternalIP; that by which the machine reaches the API server, where absent. */
  readonly nodeAddress: string | undefined
  readonly registryMirrors: readonly RegistryMirror[]
}

export interface JoinedNode {
  /** Ends the pods, and takes back what was made on the machine; what is in the data directory stays. */
  stop(): Promise<void>
}

const kubeletPort = 10_250

/** Two nodes of one name would take turns. */
async function refuseTaken(client: Client, nodeName: string): Promise<void> {
  const node = await client
    .resource(Node)
    .get('', nodeName)
    .catch((error: unknown) => {
      if (isStatus(error, 'NotFound')) return undefined
      throw error
    })
  const isReady = node?.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True')
  if (isReady)
    throw new Error(
      `a Node with name "${nodeName}" and status "Ready" already exists in the cluster. You must delete the existing Node or change the name of this new joining Node`,
    )
}

/** By the token: what the API server is to be shown, where it may be believed. */
async function bootstrapContext(
  { discovery, nodeName, dataDirectory: root }: JoinOptions,
  signal: AbortSignal,
): Promise<KubeconfigContext> {
  if (discovery === undefined)
    throw new Error(
      `the machine of ${root} has joined no cluster yet, or its certificate has expired: give HOST:PORT and --token`,
    )
  const { server, authorityPem } = await discoverCluster(discovery, signal)
  const context = {
    ...{ server, certificateAuthority: authorityPem, namespace: 'default' },
    token: tokenText(discovery.token),
  }
  const transport = createHttpsTransport({ host: realHost, ...context })
  try {
    await refuseTaken(createClient(transport), nodeName)
  } finally {
    await transport.close()
  }
  return context
}

/** The address that this machine speaks to a server from. */
function ownAddressTowards(server: string): Promise<string> {
  const { hostname, port } = new URL(server)
  return new Promise((resolve, reject) => {
    const socket = connect({ host: hostname.replace(/^\[|\]$/g, ''), port: Number(port || 443) }, () => {
      resolve(socket.localAddress ?? '')
      socket.destroy()
    })
    socket.once('error', reject)
  })
}

interface Membership {
  readonly directory: DataDirectory
  readonly context: KubeconfigContext
  readonly store: CertificateStore
  readonly client: Client
  readonly address: string
  reconnect(): void
}

const certificatesOf = ({ root }: DataDirectory): string => join(root, 'pki')

/** Where the machine is a member already, nothing is asked for. */
async function becomeMember(
  options: JoinOptions,
  directory: DataDirectory,
  parts: NodePart[],
): Promise<Membership> {
  const { logger, nodeName } = options
  const ended = new AbortController()
  await bootstrapKubeconfig(
    {
      ...{ logger, nodeName, certificateFolder: certificatesOf(directory), kubeconfig: directory.joined },
      bootstrap: () => bootstrapContext(options, ended.signal),
    },
    ended.signal,
  )
  const context = loadKubeconfig(directory.joined)
  const store = new CertificateStore(certificatesOf(directory), clientName)
  const transport = createHttpsTransport({ host: realHost, ...context, userAgent: 'kubelet' })
  parts.push({ stop: () => transport.close() })
  const address = options.nodeAddress ?? (await ownAddressTowards(context.server))
  const client = createClient(transport)
  return { directory, context, store, client, address, reconnect: () => transport.reconnect() }
}

async function networkOf(client: Client): Promise<NetworkOptions> {
  const { data } = await client.resource(ConfigMap).get('kube-system', networkConfigMap)
  return JSON.parse(data?.[networkKey] ?? '{}')
}

/** What a node's process is told, with the certificates of now. */
function configOf(
  options: JoinOptions,
  { directory, context, store, address }: Membership,
  network: NetworkOptions,
  serving: ClientConfig,
): NodeConfig {
  const { nodeName: name, registryMirrors, logLevel } = options
  const current = store.current()
  if (current === undefined) throw new Error(`${store.path} holds no certificate`)
  const own = { certificatePem: current.certificatePem, keyPem: current.keyPem }
  return {
    ...{ name, address, network, registryMirrors, logLevel, serving },
    server: context.server,
    authorityPem: context.certificateAuthority ?? '',
    clients: { node: own, proxy: own, policy: own, dns: own },
    port: kubeletPort,
    directory: directory.node(name),
    networkName: networkName(clusterId(directory.root), name),
    dataDirectory: directory.root,
  }
}

/** For `down` after a crash. */
function keepConfig(config: NodeConfig): void {
  mkdirSync(config.directory, { recursive: true, mode: 0o700 })
  writeFileSync(nodePaths(config.directory).config, JSON.stringify(config), { mode: 0o600 })
}

async function startNode(
  options: JoinOptions,
  membership: Membership,
  parts: NodePart[],
  adopted: { value: boolean },
): Promise<void> {
  const { logger, nodeName } = options
  const { directory, client, address, reconnect } = membership
  const network = await networkOf(client)
  const folder = certificatesOf(directory)
  let serving: KeyPair = selfSigned({ folder, name: 'kubelet', names: [nodeName, address] })
  const config = (): NodeConfig => configOf(options, membership, network, serving)
  keepConfig(config())
  const metrics = createMetrics()
  await startNodeParts(config(), logger, parts, adopted, metrics)
  const renewed = (): void => {
    keepConfig(config())
    for (const part of parts) part.renewed?.(config())
  }
  const stops: (() => Promise<void> | void)[] = []
  parts.push({
    stop: async () => {
      for (const stop of stops) await stop()
    },
  })
  keepRenewed({
    ...{ logger, stops, folder, nodeName, client, metrics, addresses: [address] },
    identify: () => {
      reconnect()
      renewed()
    },
    serve: ({ certificatePem, keyPem }) => {
      serving = { certificatePem, keyPem }
      renewed()
    },
  })
}

/** Makes this machine a node of a cluster that runs elsewhere; resolves when it has registered. Needs root. */
export async function joinNode(options: JoinOptions, report: Report): Promise<JoinedNode> {
  const { nodeName, dataDirectory: root, logger } = options
  const directory = dataDirectory(root)
  if (existsSync(directory.store))
    throw new Error(`${root} holds a cluster of its own: choose another folder`)
  makeDirectory(root, 0o700)
  const state = claimDirectory(directory)
  const parts: NodePart[] = []
  const adopted = { value: false }
  const stop = async (cleanUp: boolean): Promise<void> => {
    for (const part of parts.splice(0).reverse())
      await part
        .stop(cleanUp)
        .catch((error: unknown) => logger.error('a part could not be stopped', { error }))
    if (cleanUp) releaseMachineNetwork(root)
    removeState(directory.stateFile)
  }
  try {
    useAdministratorPath()
    claimMachineNetwork(root)
    const membership = await step(
      realHost,
      report,
      'certificate',
      () => becomeMember(options, directory, parts),
      ({ context }) => context.server,
    )
    await step(
      realHost,
      report,
      'node',
      () => startNode(options, membership, parts, adopted),
      () => nodeName,
    )
    const { server } = membership.context
    writeState(directory.stateFile, { ...state, server, nodes: [{ name: nodeName, runtime: 'containerd' }] })
    return { stop: () => stop(true) }
  } catch (error) {
    // Pods that were there before are left for the next try.
    await stop(!adopted.value)
    throw error
  }
}
