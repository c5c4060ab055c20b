import { mkdirSync, writeFileSync } from 'node:fs'
import { defined } from '../../base/defined.ts'
import { realHost } from '../../base/host/real-host.ts'
import { runProgram } from '../../base/host/run-program.ts'
import type { Logger } from '../../base/logger.ts'
import type { InformerFactory } from '../../client/informer.ts'
import type { DataDirectory } from '../data-directory.ts'
import { createNodeNetworks } from '../nodes/create-node-networks.ts'
import { destroyNodeNetworks } from '../nodes/destroy-node-networks.ts'
import { type HostRoutes, startHostRoutes } from '../nodes/host-routes.ts'
import type { NodeNetworks } from '../nodes/node-networks.ts'
import type { NetworkOptions, RegistryMirror } from '../options.ts'
import { componentSubjects, type Pki } from '../pki/ensure-pki.ts'
import type { RunningNodes } from '../simulated-nodes.ts'
import { cleanUpNode } from './clean-up-node.ts'
import { clusterId, networkName } from './cluster-id.ts'
import { knownNodes } from './known-nodes.ts'
import type { NodeConfig } from './node-config.ts'
import { nodeKubeletOptions } from './node-kubelet-options.ts'
import { nodePaths } from './node-paths.ts'
import { NodeProcess } from './node-process.ts'

export interface RealNodesOptions {
  readonly logger: Logger
  /** The control plane's, which reaches pods by this machine's routes. */
  readonly informers: InformerFactory
  readonly logLevel: NodeConfig['logLevel']
  readonly directory: DataDirectory
  readonly pki: Pki
  readonly network: NetworkOptions
  readonly registryMirrors: readonly RegistryMirror[]
  readonly names: readonly string[]
  /** A KubeletConfiguration's file; absolute. */
  readonly kubeletConfig: string | undefined
  readonly apiPort: number
  /** How nodes reach the API server; the node's own address where they share the host's network. */
  readonly hostAddress: string
  /** Present where each node has a network namespace of its own. */
  readonly networks: NodeNetworks | undefined
}

const kubeletPort = 10_250

function writeConfig(options: RealNodesOptions, name: string): NodeConfig {
  const { directory, pki, network, networks, hostAddress } = options
  const own = networks?.nodes.find((node) => node.nodeName === name)
  const address = own?.address ?? hostAddress
  const config: NodeConfig = {
    name,
    server: `https://${hostAddress}:${options.apiPort}`,
    authorityPem: pki.ca.certificatePem,
    clients: {
      node: pki.nodeClient(name),
      proxy: pki.client('kube-proxy', componentSubjects['kube-proxy']),
      policy: pki.client('network-policy', componentSubjects['network-policy']),
      dns: pki.client('coredns', componentSubjects.coredns),
    },
    serving: pki.nodeServing(name, [address, '127.0.0.1']),
    address,
    port: kubeletPort,
    directory: directory.node(name),
    networkName: networkName(clusterId(directory.root), name),
    dataDirectory: directory.root,
    ...(own === undefined ? {} : { networkNamespace: own.namespace }),
    network,
    registryMirrors: options.registryMirrors,
    ...defined({ kubeletConfig: options.kubeletConfig }),
    logLevel: options.logLevel,
  }
  mkdirSync(config.directory, { recursive: true, mode: 0o700 })
  writeFileSync(nodePaths(config.directory).config, JSON.stringify(config), { mode: 0o600 })
  return config
}

/** Nodes in namespaces have pods that this machine does not know of by itself: the API server proxies to them. */
const hostRoutes = ({ informers, logger, network }: RealNodesOptions): HostRoutes =>
  startHostRoutes({ informers, clusterCidr: network.podCidr, host: realHost, logger, run: runProgram })

/** Nodes that are no longer wanted, or that now live elsewhere: nobody adopts what a crash has left of them. */
async function cleanUpOthers({ directory, names, networks, network }: RealNodesOptions): Promise<void> {
  const known = knownNodes(directory)
  for (const node of known) {
    const own = networks?.nodes.find(({ nodeName }) => nodeName === node.name)
    if (!names.includes(node.name) || node.networkNamespace !== own?.namespace) await cleanUpNode(node)
  }
  const hadNetworks = known.some(({ networkNamespace }) => networkNamespace !== undefined)
  if (hadNetworks && networks === undefined) {
    await destroyNodeNetworks(clusterId(directory.root), network.podCidr, runProgram)
  }
}

/** Starts a process with a containerd for each node; resolves when all have registered. */
export async function startRealNodes(options: RealNodesOptions): Promise<RunningNodes> {
  const { names, networks, network, logger } = options
  // What is wrong with it is told before anything is started.
  for (const name of names) nodeKubeletOptions(options.kubeletConfig, name)
  await cleanUpOthers(options)
  if (networks) await createNodeNetworks(networks, network.podCidr, runProgram)
  const processes = names.map((name) => {
    const own = networks?.nodes.find((node) => node.nodeName === name)
    return new NodeProcess(writeConfig(options, name), logger, own?.path)
  })
  const routes = networks && hostRoutes(options)
  const stop = async (cleanUp: boolean): Promise<void> => {
    await routes?.stop()
    await Promise.all(processes.map((each) => each.stop(cleanUp)))
    if (networks && cleanUp) await destroyNodeNetworks(networks.clusterId, network.podCidr, runProgram)
  }
  try {
    await Promise.all(processes.map((each) => each.start()))
  } catch (error) {
    await stop(true)
    throw error
  }
  return {
    nodes: processes.map(({ name, pid }) => {
      const own = networks?.nodes.find((node) => node.nodeName === name)
      return {
        name,
        runtime: 'containerd',
        ...(pid === undefined ? {} : { pid }),
        ...(own === undefined ? {} : { networkNamespace: own.namespace }),
      }
    }),
    simulated: () => undefined,
    renewed: () => {
      for (const each of processes) {
        writeConfig(options, each.name)
        each.showCertificates()
      }
    },
    stop: () => stop(true),
  }
}
