import { mkdir, readdir, readFile } from 'node:fs/promises'
import { uptime } from 'node:os'
import { join } from 'node:path'
import { Node as nodeKind } from '../../api/core/node/kind.ts'
import { Pod as podKind } from '../../api/core/pod/kind.ts'
import { Service as serviceKind } from '../../api/core/service/kind.ts'
import { ServiceAccount } from '../../api/core/service-account/kind.ts'
import type { core } from '../../api/generated/types/index.ts'
import { defined } from '../../base/defined.ts'
import { resolvConfPath } from '../../base/host/resolv-conf-path.ts'
import type { Host } from '../../base/host.ts'
import type { Logger } from '../../base/logger.ts'
import { messageOf } from '../../base/message-of.ts'
import type { Metrics } from '../../base/metrics.ts'
import type { Client } from '../../client/client.ts'
import type { InformerFactory } from '../../client/informer.ts'
import { type ConfiguredProviders, CredentialProviders } from '../images/credential-providers.ts'
import { ProviderMetrics } from '../images/provider-metrics.ts'
import { type Kubelet, startKubelet } from '../kubelet.ts'
import { timedCgroups } from '../metrics/cgroup-metrics.ts'
import { RuntimeMetrics } from '../metrics/runtime-metrics.ts'
import { timedRuntime } from '../metrics/timed-runtime.ts'
import { machineLimits } from '../node/machine-limits.ts'
import { type NodeTuning, nodeReservation } from '../node/node-object.ts'
import type { PodTuning } from '../pod/pod-tuning.ts'
import { isTerminalPhase } from '../pod/status/pod-phase.ts'
import { PodCertificates } from '../pod-certificates/pod-certificates.ts'
import { makeStubRequest } from '../pod-certificates/stub-request.ts'
import { ContainerPins } from '../resources/cpu/pin-containers.ts'
import { usualPinning } from '../resources/pinning-settings.ts'
import type { DnsConfig } from '../runtime/messages.ts'
import type { Runtime } from '../runtime/runtime.ts'
import type { ShutdownPeriod } from '../shutdown/shutdown-periods.ts'
import { WatchedObjects } from '../sources/referenced-objects.ts'
import type { ManifestSource } from '../static/pod-feed.ts'
import { type ImageMounts, ImageVolumes } from '../volumes/image-volumes.ts'
import { ServiceAccountTokens } from '../volumes/service-account-tokens.ts'
import { TrustBundles } from '../volumes/trust-bundles.ts'
import { VolumeManager } from '../volumes/volume-manager.ts'
import { Cgroups, isCgroupV2 } from './cgroups/cgroups.ts'
import { LinuxUsage } from './cgroups/linux-usage.ts'
import { LinuxPodFiles } from './linux-pod-files.ts'
import { linuxPodNetwork } from './linux-pod-network.ts'
import { localManagers } from './local-managers.ts'
import { fileLogs } from './logs/log-files.ts'
import { type LogLimits, LogRotation } from './logs/log-rotation.ts'
import { watchKernelLog } from './machine/kernel-log.ts'
import { linuxMachine } from './machine/linux-machine.ts'
import { Logind } from './machine/logind.ts'
import { isMountPoint, mountTmpfs, unmountBelow } from './mounts.ts'
import { dockerConfig } from './node-credentials.ts'
import { servePlugins } from './plugin-server.ts'
import { stateFile } from './state-file.ts'

export interface LinuxNodeOptions {
  readonly client: Client
  /** Over the same client. */
  readonly informers: InformerFactory
  readonly host: Host
  readonly logger: Logger
  readonly metrics?: Metrics
  readonly runtime: Runtime
  readonly nodeName: string
  /** Addresses that the node shows; found out when empty. */
  readonly addresses: readonly string[]
  /** Absolute. Holds pods' directories, logs and volumes. */
  readonly rootDirectory: string
  /** Where the runtime keeps images and layers; on the same disk where absent. */
  readonly imageDirectory?: string
  /** Images that are never removed for want of disk. */
  readonly keptImages?: readonly string[]
  /** Groups above `kubepods`. */
  readonly cgroupPrefix: readonly string[]
  readonly cgroupDriver: 'cgroupfs' | 'systemd'
  /** The node agent's HTTPS port, to be shown in the node. */
  readonly port: number
  /** `v1.36.0`. */
  readonly version: string
  readonly clusterDns: readonly string[]
  readonly clusterDomain: string
  /** The resolv.conf that pods inherit from: the machine's when absent. */
  readonly resolvConf?: string
  readonly labels?: Readonly<Record<string, string>>
  readonly taints?: readonly core.v1.Taint[]
  readonly maxPods?: number
  readonly serialPulls?: boolean
  /** Mounts image volumes; absent where the runtime does. */
  readonly imageMounts?: ImageMounts
  readonly credentialProviders?: ConfiguredProviders
  readonly tuning?: NodeTuning
  readonly podTuning?: PodTuning
  readonly logLimits?: LogLimits
  /** Where it has static pods from. */
  readonly manifests?: readonly ManifestSource[]
  /** What pods get before the machine is switched off. */
  readonly shutdownPeriods?: readonly ShutdownPeriod[]
}

export interface LinuxNode {
  readonly kubelet: Kubelet
  /** Ends the agent. Pods run on. */
  stop(): Promise<void>
  /** After `stop`, when no pod runs any more: undoes mounts and groups. */
  clear(): Promise<void>
}

const defaultMaxPods = 110
const tokenCheckMs = 30_000

function credentialProviders(
  { client, host, logger, metrics, credentialProviders: configured }: LinuxNodeOptions,
  tokens: ServiceAccountTokens,
): CredentialProviders {
  return new CredentialProviders({
    ...{ host, logger, providers: configured?.providers ?? [] },
    metrics: metrics && configured && new ProviderMetrics(metrics, configured.configHash),
    accounts: {
      account: (namespace, name) => client.resource(ServiceAccount).get(namespace, name),
      token: (pod, audience) => tokens.unmountedToken(pod, audience),
    },
  })
}

/** A node agent on this machine, with real containers. Needs root. */
export async function startLinuxNode(options: LinuxNodeOptions): Promise<LinuxNode> {
  const { client, informers, host, logger, metrics, nodeName, rootDirectory } = options
  const runtime =
    metrics === undefined ? options.runtime : timedRuntime(options.runtime, new RuntimeMetrics(metrics), host)
  const { shutdownPeriods = [] } = options
  const podsRoot = join(rootDirectory, 'pods')
  const memoryRoot = join(rootDirectory, 'memory')
  const logsRoot = join(rootDirectory, 'logs')
  for (const directory of [podsRoot, memoryRoot, logsRoot]) await mkdir(directory, { recursive: true })
  if (!(await isMountPoint(memoryRoot))) await mountTmpfs(memoryRoot, 0)
  const objects = new WatchedObjects({ client, host, logger })
  const tokens = new ServiceAccountTokens(client, host)
  const state: { kubelet?: Kubelet } = {}
  const certificates = new PodCertificates({
    ...{ client, informers, host, logger, nodeName, makeStubRequest },
    ...(options.metrics === undefined ? {} : { metrics: options.metrics }),
    nodeUid: () => state.kubelet?.node()?.metadata?.uid,
  })
  const volumes = new VolumeManager({
    podsRoot,
    memoryRoot,
    objects,
    tokens,
    trustBundles: new TrustBundles(client, host),
    certificates,
    ...(options.imageMounts === undefined ? {} : { images: new ImageVolumes(podsRoot, options.imageMounts) }),
    place: () => ({
      hostIps: [],
      podIps: [],
      allocatable: state.kubelet?.node()?.status?.allocatable ?? {},
    }),
  })
  const providers = credentialProviders(options, tokens)
  const machine = linuxMachine({
    hostname: nodeName,
    addresses: options.addresses,
    directory: rootDirectory,
    ...(options.imageDirectory === undefined ? {} : { imageDirectory: options.imageDirectory }),
  })
  const hostDns = await readResolvConf(options.resolvConf ?? (await resolvConfPath()))
  const { tuning = {} } = options
  const info = await machine.info()
  const managers = await localManagers({
    ...{ client, nodeName, host, logger, rootDirectory },
    ...{ kept: nodeReservation(tuning, info), memoryBytes: info.memoryBytes },
    ...defined({ topology: tuning.topology, pinning: tuning.pinning, metrics: options.metrics }),
    ...defined({ features: tuning.features }),
  })
  const cgroups = await Cgroups.open({
    prefix: options.cgroupPrefix,
    driver: options.cgroupDriver,
    machine: machineLimits(info, tuning),
    ownsCpus: (podUid) => managers.all.ownsCpus(podUid),
  })
  metrics
    ?.gauge({ name: 'kubelet_cgroup_version', help: 'cgroup version on the hosts.' })
    .set((await isCgroupV2()) ? 2 : 1)
  const kubelet = await startKubelet({
    client,
    host,
    logger,
    ...defined({ metrics: options.metrics, manifests: options.manifests }),
    kernelLog: (take) => watchKernelLog(host, take),
    ...(shutdownPeriods.length === 0 ? {} : { shutdown: { periods: shutdownPeriods, signal: new Logind() } }),
    runtime,
    machine,
    files: new LinuxPodFiles({ podsRoot, logsRoot, volumes }),
    cgroups: metrics === undefined ? cgroups : timedCgroups(cgroups, metrics, host),
    bootMs: host.now() - uptime() * 1000,
    pullRecords: stateFile(join(rootDirectory, 'image_pulls_state')),
    nodeCredentials: async (image, pod) => [
      ...(await dockerConfig(rootDirectory)),
      ...(await providers.entries(image, pod)),
    ],
    managers: managers.all,
    grants: stateFile(join(rootDirectory, 'allocated_pods_state')),
    network: linuxPodNetwork(),
    logs: fileLogs,
    usage: new LinuxUsage(cgroups, (await runtime.version()).runtimeName),
    pods: informers.informer(podKind, { fieldSelector: `spec.nodeName=${nodeName}` }),
    nodes: informers.informer(nodeKind, { fieldSelector: `metadata.name=${nodeName}` }),
    services: informers.informer(serviceKind),
    objects,
    certificates,
    settings: {
      ...tuning,
      ...options.podTuning,
      nodeName,
      version: options.version,
      port: options.port,
      labels: options.labels ?? {},
      taints: options.taints ?? [],
      maxPods: options.maxPods ?? defaultMaxPods,
      seccompRoot: join(rootDirectory, 'seccomp'),
      serialPulls: options.serialPulls ?? true,
      keptImages: options.keptImages ?? [],
      dns: {
        servers: options.clusterDns,
        domain: options.clusterDomain,
        ...(hostDns === undefined ? {} : { host: hostDns }),
      },
    },
  })
  state.kubelet = kubelet
  const closeSockets = await servePlugins({
    ...{ rootDirectory, managers, host, logger, pods: () => activePods(kubelet) },
    ...defined({ metrics: options.metrics }),
  })
  const pins = new ContainerPins({
    ...{ host, logger, runtime, cpus: managers.cpus, pods: () => activePods(kubelet) },
    everyMs: (tuning.pinning ?? usualPinning).reconcileMs,
  })
  if (managers.cpus.isStatic) pins.start()
  const rotation = new LogRotation({ ...options.logLimits, runtime, logger })
  rotation.start()
  const stopTokens = renewTokens(kubelet, tokens, volumes, host, logger)
  return {
    kubelet,
    stop: async () => {
      rotation.stop()
      pins.stop()
      stopTokens()
      await closeSockets()
      certificates.stop()
      await kubelet.stop()
      await objects.stop()
    },
    clear: async () => {
      for (const uid of await readdir(podsRoot).catch(() => [])) await volumes.unmount(uid)
      await unmountBelow(rootDirectory)
      await cgroups.removeAll()
    },
  }
}

const activePods = (kubelet: Kubelet): readonly core.v1.Pod[] =>
  kubelet.api.pods().filter(({ status }) => !isTerminalPhase(status?.phase))

/** Writes pods' tokens anew before they expire. */
function renewTokens(
  kubelet: Kubelet,
  tokens: ServiceAccountTokens,
  volumes: VolumeManager,
  host: Host,
  logger: Logger,
): () => void {
  const check = async (): Promise<void> => {
    for (const pod of kubelet.api.pods()) {
      if (!tokens.isDue(pod.metadata?.uid ?? '')) continue
      await volumes.refresh(pod).catch((error: unknown) => {
        logger.warn('a token could not be renewed', { pod: pod.metadata?.name, error: messageOf(error) })
      })
    }
  }
  let timer = host.schedule(tokenCheckMs, again)
  function again(): void {
    void check()
    timer = host.schedule(tokenCheckMs, again)
  }
  return () => timer.cancel()
}

/** The last search and options lines count; servers add up. Undefined when there is no such file. */
async function readResolvConf(path: string): Promise<DnsConfig | undefined> {
  const text = await readFile(path, 'utf8').catch(() => undefined)
  if (text === undefined) return undefined
  const servers: string[] = []
  let searches: readonly string[] = []
  let options: readonly string[] = []
  for (const line of text.split('\n')) {
    const [keyword, ...values] = line.trim().split(/\s+/)
    if (keyword === 'nameserver' && values[0] !== undefined) servers.push(values[0])
    if (keyword === 'search') {
      searches = values.filter((value) => value !== '.').map((value) => value.replace(/\.$/, ''))
    }
    if (keyword === 'options') options = values
  }
  return { servers, searches, options }
}
