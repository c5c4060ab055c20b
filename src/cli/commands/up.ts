import { spawn } from 'node:child_process'
import { openSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { defined } from '../../base/defined.ts'
import { createLogger } from '../../base/host/logger.ts'
import { makeDirectory } from '../../base/host/make-directory.ts'
import { sleep } from '../../base/sleep.ts'
import {
  type ApiServerFiles,
  Cluster,
  type ClusterState,
  dataDirectory,
  type EtcdFiles,
  type EtcdServers,
  installCommand,
  installPackages,
  isAlive,
  type LastStart,
  loadScheduling,
  missingPackages,
  type NetworkOptions,
  type RegistryMirror,
  type RuntimeName,
  readLastStart,
  readState,
  realHost,
  type Step,
  step,
  writeLastStart,
} from '../../cluster/index.ts'
import { chosenDirectory } from '../chosen-directory.ts'
import { describeError } from '../describe-error.ts'
import { printSteps } from '../print.ts'

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

/** What a detached cluster tells the command that started it. */
type Message =
  | { readonly type: 'step'; readonly step: Step }
  | { readonly type: 'note'; readonly text: string }
  | { readonly type: 'ready' }
  | { readonly type: 'failed'; readonly message: string }

const say = (text: string): void => {
  if (process.send) process.send({ type: 'note', text } satisfies Message)
  else process.stdout.write(`${text}\n`)
}

const report = (): ((step: Step) => void) =>
  process.send
    ? (each) => process.send?.({ type: 'step', step: each } satisfies Message)
    : printSteps(process.stdout)

/** containerd for root on Linux, else the simulated runtime; says why. Installs what is missing where told to. */
async function chooseRuntime(wanted: RuntimeName | 'auto', installDeps: boolean): Promise<RuntimeName> {
  const capable = process.platform === 'linux' && process.getuid?.() === 0
  if (wanted === 'simulated') return 'simulated'
  if (!capable) {
    if (wanted === 'containerd') throw new Error('the runtime containerd needs root on Linux')
    say('Pods are simulated: real containers need root on Linux.')
    return 'simulated'
  }
  const missing = missingPackages()
  if (missing.length === 0) return 'containerd'
  if (!installDeps) {
    throw new Error(
      `real containers need the packages ${missing.join(', ')}. Install them with\n  ${installCommand(missing)}\nor let --install-deps do it, or simulate pods with --runtime simulated.`,
    )
  }
  await step(realHost, report(), `install ${missing.join(', ')}`, async () => installPackages(missing))
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
  try {
    await (options.detach ? upDetached(root) : run(options, root))
  } catch (error) {
    if (!process.send) throw error
    process.send({
      type: 'failed',
      message: describeError(error),
    } satisfies Message)
    process.exitCode = 1
  }
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
    ...{ ...scheduling, apiServerFiles, ...switches },
  })
  say(`\nThe cluster is ready:\n  export KUBECONFIG=${dataDirectory(root).kubeconfig}\n  kubectl get nodes`)
  if (process.send) {
    process.send({ type: 'ready' } satisfies Message)
    process.disconnect()
  } else process.stdout.write('Ctrl-C stops it; what it holds is kept.\n')
  await ended
  await cluster.stop()
  process.exit(0)
}

/** Resolves at the first SIGINT, SIGTERM or end of the terminal; a second one ends the process at once. */
function endSignal(): Promise<void> {
  return new Promise((resolve) => {
    let asked = false
    const onSignal = (): void => {
      if (asked) process.exit(130)
      asked = true
      if (process.stdout.isTTY) process.stdout.write('\nIt stops; another Ctrl-C ends it at once.\n')
      resolve()
    }
    process.on('SIGINT', onSignal)
    process.on('SIGTERM', onSignal)
    process.on('SIGHUP', onSignal)
  })
}

/** Starts `up` in a session of its own and stays until the cluster is ready. */
function detach(root: string): Promise<void> {
  const { logs } = dataDirectory(root)
  makeDirectory(logs, 0o700)
  const logFile = join(logs, 'timonel.log')
  const log = openSync(logFile, 'a', 0o600)
  const args = process.argv.slice(1).filter((arg) => arg !== '--detach')
  const child = spawn(process.execPath, [...process.execArgv, ...args], {
    detached: true,
    stdio: ['ignore', log, log, 'ipc'],
  })
  const print = printSteps(process.stdout)
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('exit', (code) => {
      const ended = (): void =>
        reject(new Error(`the cluster ended with code ${code} before it was ready; see ${logFile}`))
      // What it said last may still be on its way.
      if (child.connected) child.once('disconnect', ended)
      else ended()
    })
    child.on('message', (message: Message) => {
      switch (message.type) {
        case 'step':
          print(message.step)
          return
        case 'note':
          process.stdout.write(`${message.text}\n`)
          return
        case 'failed':
          reject(new Error(message.message))
          return
        case 'ready':
          child.removeAllListeners()
          child.unref()
          if (child.connected) child.disconnect()
          process.stdout.write(`It runs in the background (log: ${logFile}); "timonel down" stops it.\n`)
          resolve()
      }
    })
  })
}
