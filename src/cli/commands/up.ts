import { readFileSync } from 'node:fs'
import { defined } from '../../base/defined.ts'
import { createLogger } from '../../base/host/logger.ts'
import { sleep } from '../../base/sleep.ts'
import {
  type ApiServerFiles,
  Cluster,
  type ClusterState,
  dataDirectory,
  type EtcdFiles,
  type EtcdServers,
  isAlive,
  type LastStart,
  loadScheduling,
  type NetworkOptions,
  type RegistryMirror,
  type RuntimeName,
  readLastStart,
  readState,
  realHost,
  writeLastStart,
} from '../../cluster/index.ts'
import { chosenDirectory } from '../chosen-directory.ts'
import { detach, endSignal, orTell, report, say, tellReady } from '../detached.ts'
import { requirePackages } from '../require-packages.ts'

export interface UpOptions {
  readonly detach: boolean
  readonly dataDir?: string
  readonly nodes?: number
  readonly runtime?: 'auto' | 'containerd' | 'simulated'
  readonly apiPort?: number
  readonly installDeps: boolean
  readonly quotaBackendBytes?: number
  readonly etcdServers?: string
  readonly etcdCafile?: string
  readonly etcdCertfile?: string
  readonly etcdKeyfile?: string
  readonly autoCompactionRetention?: number
  readonly registryMirror: readonly RegistryMirror[]
  readonly serviceCidr?: string
  readonly dnsAddress?: string
  readonly podCidr?: string
  readonly nodeCidrMaskSize?: number
  readonly serviceNodePortRange?: NetworkOptions['nodePorts']
  readonly clusterDomain?: string
  readonly dnsTtl?: number
  readonly schedulerConfig?: string
  readonly schedulerPlugin?: readonly string[]
  readonly stages?: string
  readonly kubeletConfig?: string
  readonly featureGates?: string
  readonly runtimeConfig?: string
  readonly auditPolicyFile?: string
  readonly auditLogPath?: string
  readonly auditWebhookConfigFile?: string
  readonly encryptionProviderConfig?: string
  readonly authenticationConfig?: string
  readonly authorizationConfig?: string
  readonly admissionControlConfigFile?: string
  readonly logLevel: 'debug' | 'info' | 'warn' | 'error'
}

/** As given, else as the last start had them; an empty name takes back what was given once. */
function apiServerFilesOf(options: UpOptions, before: ApiServerFiles = {}): ApiServerFiles {
  const given: ApiServerFiles = defined({
    'audit-policy-file': options.auditPolicyFile,
    'audit-log-path': options.auditLogPath,
    'audit-webhook-config-file': options.auditWebhookConfigFile,
    'encryption-provider-config': options.encryptionProviderConfig,
    'authentication-config': options.authenticationConfig,
    'authorization-config': options.authorizationConfig,
    'admission-control-config-file': options.admissionControlConfigFile,
  })
  return Object.fromEntries(Object.entries({ ...before, ...given }).filter(([, file]) => file !== ''))
}

const networkOf = (options: UpOptions): Partial<NetworkOptions> =>
  defined({
    serviceCidr: options.serviceCidr,
    dnsAddress: options.dnsAddress,
    podCidr: options.podCidr,
    nodePodCidrBits: options.nodeCidrMaskSize,
    nodePorts: options.serviceNodePortRange,
    domain: options.clusterDomain,
    dnsTtlSeconds: options.dnsTtl,
  })

const defaultApiPort = 6443

/** containerd for root on Linux, else the simulated runtime; says why. Installs what is missing where told to. */
async function chooseRuntime(wanted: RuntimeName | 'auto', installDeps: boolean): Promise<RuntimeName> {
  const capable = process.platform === 'linux' && process.getuid?.() === 0
  if (wanted === 'simulated') return 'simulated'
  if (!capable) {
    if (wanted === 'containerd') throw new Error('the runtime containerd needs root on Linux')
    say('Pods are simulated: real containers need root on Linux.')
    return 'simulated'
  }
  await requirePackages(installDeps, ', or simulate pods with --runtime simulated')
  return 'containerd'
}

/** Undefined where no etcd is named. */
function etcdOf(options: UpOptions): EtcdFiles | undefined {
  const { etcdServers: servers, etcdCafile: caFile, etcdCertfile: certFile, etcdKeyfile: keyFile } = options
  if (servers === undefined) {
    if ((caFile ?? certFile ?? keyFile) === undefined) return undefined
    throw new Error('--etcd-cafile, --etcd-certfile and --etcd-keyfile go with --etcd-servers')
  }
  return defined({ servers, caFile, certFile, keyFile })
}

function etcdOfFiles({ servers, caFile, certFile, keyFile }: EtcdFiles): EtcdServers {
  const read = (file: string | undefined): string | undefined =>
    file === undefined ? undefined : readFileSync(file, 'utf8')
  const tls = defined({ certificateAuthority: read(caFile), certificate: read(certFile), key: read(keyFile) })
  return { urls: servers.split(','), tls }
}

/** As given, else as the last start had them; an empty name takes back what was given once. */
function schedulingOf(
  options: UpOptions,
  before: Partial<LastStart>,
): Pick<LastStart, 'schedulerConfig' | 'schedulerPlugins'> {
  const config = options.schedulerConfig ?? before.schedulerConfig
  const plugins = (options.schedulerPlugin ?? before.schedulerPlugins ?? []).filter((file) => file !== '')
  return defined({
    schedulerConfig: config === '' ? undefined : config,
    schedulerPlugins: plugins.length === 0 ? undefined : plugins,
  })
}

function running(root: string): ClusterState | undefined {
  const state = readState(dataDirectory(root).stateFile)
  return state && isAlive(state) ? state : undefined
}

const pollMs = 50

/** The cluster that runs there, once it is up; undefined where none does, or its start has failed. */
async function started(root: string): Promise<ClusterState | undefined> {
  for (;;) {
    const state = running(root)
    if (state === undefined || state.server !== undefined) return state
    await sleep(realHost, pollMs)
  }
}

export async function up(options: UpOptions): Promise<void> {
  const root = chosenDirectory(options.dataDir)
  await orTell(options.detach ? upDetached(root) : run(options, root))
}

async function upDetached(root: string): Promise<void> {
  const other = await started(root)
  if (other === undefined) return detach(root)
  process.stdout.write(`The cluster in ${root} is running already, at ${other.server}.\n`)
}

async function run(options: UpOptions, root: string): Promise<void> {
  const other = running(root)
  if (other) throw new Error(`the cluster in ${root} is running already (process ${other.pid})`)
  const before = readLastStart(root)
  const nodes = options.nodes ?? before.nodes ?? 1
  const wanted = options.runtime ?? before.runtime ?? 'auto'
  // A control plane by itself runs no pods, whatever it has run before.
  const runtime = nodes === 0 ? 'simulated' : await chooseRuntime(wanted, options.installDeps)
  const apiPort = options.apiPort ?? before.apiPort ?? defaultApiPort
  const etcd = etcdOf(options) ?? before.etcd
  const scheduling = schedulingOf(options, before)
  const apiServerFiles = apiServerFilesOf(options, before.apiServerFiles)
  const stages = runtime === 'simulated' ? (options.stages ?? before.stages ?? '') : ''
  if (options.stages && runtime !== 'simulated') throw new Error('--stages goes with --runtime simulated')
  const kubeletConfig = runtime === 'containerd' ? (options.kubeletConfig ?? before.kubeletConfig ?? '') : ''
  if (options.kubeletConfig && runtime !== 'containerd')
    throw new Error('--kubelet-config goes with --runtime containerd')
  const nodeConfig = defined({ kubeletConfig: kubeletConfig === '' ? undefined : kubeletConfig })
  const switches = {
    featureGates: options.featureGates ?? before.featureGates ?? '',
    runtimeConfig: options.runtimeConfig ?? before.runtimeConfig ?? '',
  }
  const ended = endSignal()
  const cluster = await Cluster.start(
    {
      nodes,
      runtime,
      storage: etcd === undefined ? 'lmdb' : etcdOfFiles(etcd),
      dataDirectory: root,
      apiPort,
      logger: createLogger({ level: options.logLevel }),
      logLevel: options.logLevel,
      network: networkOf(options),
      registryMirrors: options.registryMirror,
      apiServerFiles,
      ...switches,
      ...nodeConfig,
      scheduling: await loadScheduling(scheduling.schedulerConfig, scheduling.schedulerPlugins ?? []),
      ...defined({
        stages: stages === '' ? undefined : readFileSync(stages, 'utf8'),
        quotaBackendBytes: options.quotaBackendBytes,
        compactionIntervalMs: options.autoCompactionRetention,
      }),
    },
    report(),
  )
  const kept = nodes === 0 ? before.runtime : runtime
  writeLastStart(root, {
    ...defined({ nodes, runtime: kept, apiPort, etcd, stages: stages === '' ? undefined : stages }),
    ...{ ...scheduling, apiServerFiles, ...switches, ...nodeConfig },
  })
  say(`\nThe cluster is ready:\n  export KUBECONFIG=${dataDirectory(root).kubeconfig}\n  kubectl get nodes`)
  if (!tellReady()) process.stdout.write('Ctrl-C stops it; what it holds is kept.\n')
  await ended
  await cluster.stop()
  process.exit(0)
}
