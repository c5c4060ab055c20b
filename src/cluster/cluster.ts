import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseFeatureGates } from '../apimachinery/feature-gates.ts'
import { containsIp, parseCidr, parseIp } from '../apimachinery/ip-address.ts'
import { parseRuntimeConfig } from '../apimachinery/runtime-config.ts'
import { defined } from '../base/defined.ts'
import { makeDirectory } from '../base/host/make-directory.ts'
import { createMetrics } from '../base/host/metrics.ts'
import { realHost } from '../base/host/real-host.ts'
import type { Host } from '../base/host.ts'
import { type Logger, silentLogger } from '../base/logger.ts'
import { VirtualHost } from '../base/virtual-host.ts'
import type { Client } from '../client/client.ts'
import type { SimulatedNode } from '../kubelet/simulated-nodes.ts'
import { readSimulation } from '../kubelet/stages/read-simulation.ts'
import type { Explanation } from '../scheduler/explain/explanation.ts'
import { claimDirectory } from './claim-directory.ts'
import { adminUser, clientFor } from './control-plane/component-clients.ts'
import { type ControlPlane, startControlPlane } from './control-plane/control-plane.ts'
import { ensureDns } from './control-plane/ensure-dns.ts'
import { ensureReader } from './control-plane/ensure-reader.ts'
import type { StoragePlace } from './control-plane/open-storage.ts'
import { type DataDirectory, dataDirectory } from './data-directory.ts'
import { firstAddress } from './first-address.ts'
import { InProcessNodes } from './in-process-nodes.ts'
import { kubeconfig } from './kubeconfig.ts'
import { networkOf } from './network-file.ts'
import type { ClusterOptions, NetworkOptions } from './options.ts'
import { componentSubjects, ensurePki, type Pki } from './pki/ensure-pki.ts'
import { keepCertificates } from './pki/keep-certificates.ts'
import { findPlace, ownAddress, type Place } from './place.ts'
import { type Report, step } from './progress.ts'
import { startRealNodes } from './real-nodes/start-real-nodes.ts'
import { type RunningNodes, startSimulatedNodes } from './simulated-nodes.ts'
import { type ClusterState, removeState, writeState } from './state-file.ts'

const quiet: Report = () => {}

interface Parts {
  readonly host: Host
  readonly virtual: VirtualHost | undefined
  readonly directory: DataDirectory
  readonly temporary: boolean
  readonly place: Place
  readonly controlPlane: ControlPlane
  readonly nodes: RunningNodes
  readonly kubeconfig: string
  /** Ends the watch over certificates. */
  readonly unwatch: () => void
}

/**
 * A whole cluster in this process (but for nodes with real containers, which are processes of their own).
 * Whoever starts it stops it.
 */
export class Cluster {
  readonly #parts: Parts
  /** The administrator's client, without sockets. */
  readonly client: Client
  /** The administrator's kubeconfig, for clients that come over HTTPS. */
  readonly kubeconfig: string

  private constructor(parts: Parts) {
    this.#parts = parts
    this.client = clientFor(parts.controlPlane.server, adminUser, 'timonel')
    this.kubeconfig = parts.kubeconfig
  }

  /** Resolves when the API is served, the controllers run and every node has registered. */
  static async start(options: ClusterOptions = {}, report: Report = quiet): Promise<Cluster> {
    checkOptions(options)
    const virtual = options.clock === 'virtual' ? virtualHost(options.seed ?? 0) : undefined
    const host: Host = virtual ?? realHost
    const temporary = options.dataDirectory === undefined
    const root = options.dataDirectory ?? mkdtempSync(join(tmpdir(), 'timonel-'))
    try {
      return new Cluster(await start(options, report, { host, virtual, temporary, root }))
    } catch (error) {
      if (temporary) rmSync(root, { recursive: true, force: true })
      throw error
    }
  }

  /** A simulated node: makes containers end, or switches the node off as a power cut would. Throws for other nodes. */
  node(name: string): SimulatedNode {
    const node = this.#parts.nodes.simulated(name)
    if (node === undefined) throw new Error(`there is no simulated node ${name}`)
    return node
  }

  /** The nodes' names. */
  get nodes(): readonly string[] {
    return this.#parts.nodes.nodes.map(({ name }) => name)
  }

  /** Lets `ms` of virtual time pass, with everything that falls due in it. */
  async advance(ms: number): Promise<void> {
    const { virtual } = this.#parts
    if (virtual === undefined)
      throw new Error("advance needs a virtual clock: start the cluster with clock: 'virtual'")
    await virtual.advance(ms)
  }

  /** Why a pod is where it is, or nowhere: the scheduler's last attempt to place it; undefined where none is on record. */
  explain(namespace: string, pod: string): Explanation | undefined {
    return this.#parts.controlPlane.scheduler.explain(namespace, pod)
  }

  /** Stops everything; what is in a data directory stays. */
  async stop(): Promise<void> {
    const { nodes, controlPlane, directory, temporary, place, unwatch } = this.#parts
    unwatch()
    await nodes.stop()
    await controlPlane.stop()
    await place.release()
    removeState(directory.stateFile)
    if (temporary) rmSync(directory.root, { recursive: true, force: true })
  }
}

function checkOptions(options: ClusterOptions): void {
  const { storage = 'memory' } = options
  if (options.clock === 'virtual' && (options.runtime === 'containerd' || storage !== 'memory')) {
    throw new Error('a virtual clock goes with the simulated runtime and with storage in memory')
  }
  if (options.stages !== undefined && options.runtime === 'containerd')
    throw new Error('stages go with the simulated runtime')
  if (options.kubeletConfig !== undefined && options.runtime !== 'containerd')
    throw new Error('a KubeletConfiguration goes with the runtime containerd')
  if (storage === 'lmdb' && options.dataDirectory === undefined) {
    throw new Error("storage 'lmdb' needs a dataDirectory")
  }
}

function virtualHost(seed: number): VirtualHost {
  return new VirtualHost({ seed, hop: () => realHost.nextTurn(), sha256: (data) => realHost.sha256(data) })
}

interface Ground {
  readonly host: Host
  readonly virtual: VirtualHost | undefined
  readonly temporary: boolean
  readonly root: string
}

async function start(options: ClusterOptions, report: Report, ground: Ground): Promise<Parts> {
  const directory = dataDirectory(ground.root)
  const names = Array.from({ length: options.nodes ?? 1 }, (_, index) => `node-${index + 1}`)
  makeDirectory(directory.root, 0o700)
  if (existsSync(directory.joined))
    throw new Error(
      `${directory.root} is of a machine that has joined another cluster: choose another folder`,
    )
  const state = claimDirectory(directory)
  let place: Place | undefined
  try {
    place = await findPlace(directory.root, options.runtime === 'containerd', names)
    return await startParts(options, report, { ...ground, directory, place, names, state })
  } catch (error) {
    await place?.release()
    removeState(directory.stateFile)
    throw error
  }
}

/** Rules for Services and pods would catch what is meant for the machine itself. */
function refuseOverlap(address: string, { serviceCidr, podCidr }: NetworkOptions): void {
  for (const [what, cidr] of Object.entries({ Services: serviceCidr, pods: podCidr })) {
    const [range, own] = [parseCidr(cidr), parseIp(address)]
    if (range === undefined || own === undefined || !containsIp(range, own)) continue
    throw new Error(`the machine's address ${address} lies in the range of ${what}, ${cidr}: choose another`)
  }
}

interface Site extends Ground {
  readonly directory: DataDirectory
  readonly place: Place
  /** Of the nodes. */
  readonly names: readonly string[]
  /** As it begins. */
  readonly state: ClusterState
}

/** Starts the parts, in order; what has started is stopped again when a later part fails. */
async function startParts(options: ClusterOptions, report: Report, site: Site): Promise<Parts> {
  const { host, virtual, temporary, directory, place, names } = site
  const network: NetworkOptions = networkOf(directory.root, options.network, names.length)
  const logger: Logger = options.logger ?? silentLogger
  const real = options.runtime === 'containerd'
  if (real) refuseOverlap(place.address, network)
  const simulation = options.stages === undefined ? undefined : readSimulation(options.stages, host)
  // Modules run in real threads, for which no virtual clock waits.
  const modules =
    virtual === undefined ? { directory: directory.node(''), imageDirectory: directory.modules } : undefined
  const inProcess = new InProcessNodes(network.podCidr)
  const pki = await step(realHost, report, 'certificates', () => certificates(directory, network, place))
  const controlPlane = await startControlPlane({
    host,
    logger,
    metrics: createMetrics(),
    report,
    pki,
    network,
    listen: { address: options.apiPort || real ? '0.0.0.0' : '127.0.0.1', port: options.apiPort ?? 0 },
    advertiseAddress: place.address,
    serviceAddress: firstAddress(network.serviceCidr),
    ...(real ? {} : { dialNode: inProcess.dial }),
    checked: virtual !== undefined,
    store: storagePlace(options, directory),
    ...defined({
      quotaBackendBytes: options.quotaBackendBytes,
      compactionIntervalMs: options.compactionIntervalMs,
      scheduling: options.scheduling,
      apiServerFiles: options.apiServerFiles,
    }),
    featureGates: parseFeatureGates(options.featureGates ?? ''),
    runtimeConfig: parseRuntimeConfig(options.runtimeConfig ?? ''),
  })
  try {
    const { port } = controlPlane.http
    const server = `https://127.0.0.1:${port}`
    const config = writeKubeconfig(directory, pki, server)
    const admin = clientFor(controlPlane.server, adminUser, 'timonel')
    await Promise.all([
      ensureDns(admin, network.dnsAddress),
      ensureReader(admin, componentSubjects['network-policy'].commonName, {
        '': ['pods', 'namespaces', 'nodes'],
        'networking.k8s.io': ['networkpolicies'],
        'apiextensions.k8s.io': ['customresourcedefinitions'],
        'policy.networking.k8s.io': ['adminnetworkpolicies', 'baselineadminnetworkpolicies'],
      }),
    ])
    const startNodes = (): Promise<RunningNodes> =>
      real
        ? startRealNodes({
            logger,
            informers: controlPlane.informers,
            logLevel: options.logLevel ?? 'warn',
            registryMirrors: options.registryMirrors ?? [],
            directory,
            pki,
            network,
            names,
            kubeletConfig: options.kubeletConfig,
            apiPort: port,
            hostAddress: place.address,
            networks: place.networks,
          })
        : startSimulatedNodes({ controlPlane, host, logger, network, names, inProcess, simulation, modules })
    const nodes = await step(realHost, report, 'nodes', startNodes, () => names.join(', '))
    writeState(directory.stateFile, { ...site.state, server, nodes: nodes.nodes })
    const renewed = (names: readonly string[]): void => {
      if (names.includes('admin')) writeKubeconfig(directory, pki, server)
      nodes.renewed?.()
    }
    // Certificates are made by the real clock, and so they end.
    const unwatch = keepCertificates({ host: realHost, logger, pki, changed: renewed })
    return { host, virtual, directory, temporary, place, controlPlane, nodes, kubeconfig: config, unwatch }
  } catch (error) {
    await controlPlane.stop()
    throw error
  }
}

function storagePlace({ storage = 'memory' }: ClusterOptions, { root, store }: DataDirectory): StoragePlace {
  if (storage === 'memory') return { type: 'memory' }
  if (storage === 'lmdb') return { type: 'lmdb', directory: store }
  if (existsSync(store))
    throw new Error(`the cluster in ${root} keeps its objects there: it cannot be moved to an etcd`)
  return { type: 'etcd', servers: storage }
}

function certificates(directory: DataDirectory, network: NetworkOptions, place: Place): Promise<Pki> {
  return ensurePki(directory.pki, {
    host: realHost,
    serverNames: [hostname(), 'localhost', '127.0.0.1', place.address, ownAddress() ?? place.address],
    serviceAddress: firstAddress(network.serviceCidr),
    clusterDomain: network.domain,
  })
}

function writeKubeconfig(directory: DataDirectory, pki: Pki, server: string): string {
  const text = kubeconfig({
    server,
    clusterName: 'timonel',
    userName: 'kubernetes-admin',
    certificateAuthority: pki.ca.certificatePem,
    client: pki.client('admin', componentSubjects.admin),
  })
  writeFileSync(directory.kubeconfig, text, { mode: 0o600 })
  return text
}
