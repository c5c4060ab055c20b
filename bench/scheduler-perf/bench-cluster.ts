import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parse } from 'yaml'
import { featureGates } from '../../src/api/feature-gates.ts'
import { featureSwitches } from '../../src/api/feature-switches.ts'
import type { Features } from '../../src/apimachinery/feature-gates.ts'
import type { ApiServer } from '../../src/apiserver/api-server.ts'
import { createLogger } from '../../src/base/host/logger.ts'
import { createMetrics } from '../../src/base/host/metrics.ts'
import { realHost as host } from '../../src/base/host/real-host.ts'
import type { Client } from '../../src/client/client.ts'
import type { InformerFactory } from '../../src/client/informer.ts'
import { createInformerFactory } from '../../src/client/informer-factory.ts'
import { SeriesRecorder } from '../../src/client/series-recorder.ts'
import { defaultAccess } from '../../src/cluster/access/access-options.ts'
import { ownIdentity } from '../../src/cluster/control-plane/api-server-identity.ts'
import {
  adminUser,
  clientFor,
  componentUser,
  controllerUser,
  managerUser,
} from '../../src/cluster/control-plane/component-clients.ts'
import { KindsOfServer } from '../../src/cluster/control-plane/kinds-of.ts'
import { runControllers } from '../../src/cluster/control-plane/run-controllers.ts'
import { serveApi } from '../../src/cluster/control-plane/serve-api.ts'
import { firstAddress } from '../../src/cluster/first-address.ts'
import { kubeconfig } from '../../src/cluster/kubeconfig.ts'
import { defaultNetwork } from '../../src/cluster/options.ts'
import { componentSubjects, ensurePki } from '../../src/cluster/pki/ensure-pki.ts'
import { controllers } from '../../src/controllers/controllers.ts'
import { schedulingOf } from '../../src/scheduler/config/scheduling-of.ts'
import { Scheduler } from '../../src/scheduler/scheduler.ts'
import { Durations } from './durations.ts'

export interface BenchClusterOptions {
  readonly store: 'lmdb' | 'memory'
  /** What the workload sets; gates without a switch here stay as they are. */
  readonly featureGates: ReadonlyMap<string, boolean>
  /** A KubeSchedulerConfiguration's file. */
  readonly schedulerConfig: string | undefined
}

/** What upstream's scheduler_perf runs beside API server and scheduler. */
const beside = new Set(['garbage-collector', 'namespace', 'resourceclaim'])
/** As upstream does: there are no service accounts here, nodes are Ready from the start, and pods say their priority. */
const withoutAdmission = ['ServiceAccount', 'TaintNodesByCondition', 'Priority']
const deviceVersions = ['v1', 'v1beta2', 'v1beta1', 'v1alpha3']

/** Upstream's clients may do so much there; a scheduler's own limit is 50 a second, beyond which events are dropped and statuses wait. */
const limits = { perSecond: 5_000, burst: 5_000 }

type Stop = () => Promise<void> | void

/** API server, scheduler and the few controllers that upstream has there, in this process. */
export interface BenchCluster {
  readonly client: Client
  readonly server: ApiServer
  readonly informers: InformerFactory
  readonly features: Features
  /** What the scheduler has measured of its attempts. */
  readonly durations: Durations
  /** Of an administrator who comes over HTTPS. */
  readonly kubeconfigFile: string
  stop(): Promise<void>
}

function settable(wanted: ReadonlyMap<string, boolean>): ReadonlyMap<string, boolean> {
  return new Map([...wanted].filter(([name]) => featureSwitches.has(name)))
}

function runtimeConfig(gates: ReadonlyMap<string, boolean>): ReadonlyMap<string, string> {
  const config = new Map<string, string>()
  if (gates.get('DynamicResourceAllocation'))
    for (const version of deviceVersions) config.set(`resource.k8s.io/${version}`, 'true')
  if (gates.get('GenericWorkload')) config.set('scheduling.k8s.io/v1alpha2', 'true')
  return config
}

const certificates = (folder: string) =>
  ensurePki(join(folder, 'pki'), {
    host,
    serverNames: ['localhost', '127.0.0.1'],
    serviceAddress: firstAddress(defaultNetwork.serviceCidr),
    clusterDomain: defaultNetwork.domain,
  })

async function start(options: BenchClusterOptions, folder: string, stops: Stop[]): Promise<BenchCluster> {
  const logger = createLogger({ level: 'warn' })
  const durations = new Durations(createMetrics())
  const shared = { host, logger, metrics: durations }
  const gates = settable(options.featureGates)
  const pki = await certificates(folder)
  const { api, http } = await serveApi(
    {
      ...shared,
      listen: { address: '127.0.0.1', port: 0 },
      checked: false,
      place:
        options.store === 'memory' ? { type: 'memory' } : { type: 'lmdb', directory: join(folder, 'store') },
      serving: pki.apiServer,
      identity: ownIdentity(pki, defaultNetwork.domain),
      access: defaultAccess,
      admission: { enable: [], disable: withoutAdmission },
      advertiseAddress: '127.0.0.1',
      serviceAddress: firstAddress(defaultNetwork.serviceCidr),
      serviceCidrs: [defaultNetwork.serviceCidr],
      nodePorts: defaultNetwork.nodePorts,
      components: new Map(),
      featureGates: gates,
      runtimeConfig: runtimeConfig(options.featureGates),
    },
    stops,
  )
  const { server } = api
  const features = featureGates(gates)
  const managerClient = clientFor(server, managerUser, 'kube-controller-manager')
  const informers = createInformerFactory({ client: managerClient, host, logger })
  stops.push(() => informers.stop())
  const kinds = new KindsOfServer(server, { host, logger, transport: managerClient.transport })
  stops.push(() => kinds.stop())
  const client = clientFor(server, componentUser('system:kube-scheduler'), 'kube-scheduler')
  const events = new SeriesRecorder({
    client,
    host,
    logger,
    hostname: hostname(),
    limits: { ...limits, inFlight: 100 },
  })
  stops.push(() => events.stop())
  const file = options.schedulerConfig
  const scheduling = schedulingOf(
    file === undefined ? {} : { configuration: parse(readFileSync(file, 'utf8')) },
    features,
  )
  const parts = { client, informers, events, features, statusLimits: limits }
  const scheduler = new Scheduler({ ...scheduling, ...shared, ...parts })
  stops.push(() => scheduler.stop())
  const clientOf = (name: string): Client =>
    clientFor(server, controllerUser(name), 'kube-controller-manager')
  const all = controllers({ features, kinds, rootCertificate: pki.ca.certificatePem, namespaceSettleMs: 0 })
  await Promise.all([
    runControllers(
      all.filter(({ name }) => beside.has(name)),
      { ...shared, informers, clientOf },
      stops,
    ),
    scheduler.start(),
    kinds.start(),
  ])
  const kubeconfigFile = join(folder, 'kubeconfig')
  const text = kubeconfig({
    server: `https://127.0.0.1:${http.port}`,
    clusterName: 'bench',
    userName: 'admin',
    certificateAuthority: pki.ca.certificatePem,
    client: pki.client('admin', componentSubjects.admin),
  })
  writeFileSync(kubeconfigFile, text, { mode: 0o600 })
  const admin = clientFor(server, adminUser, 'bench')
  return {
    client: admin,
    server,
    informers,
    features,
    durations,
    kubeconfigFile,
    stop: () => undo(stops, folder),
  }
}

async function undo(stops: Stop[], folder: string): Promise<void> {
  for (const stop of stops.splice(0).reverse()) await stop()
  rmSync(folder, { recursive: true, force: true })
}

/** Whoever starts it stops it; everything that it has written goes then. */
export async function startBenchCluster(options: BenchClusterOptions): Promise<BenchCluster> {
  const folder = mkdtempSync(join(tmpdir(), 'timonel-bench-'))
  const stops: Stop[] = []
  try {
    return await start(options, folder, stops)
  } catch (error) {
    await undo(stops, folder)
    throw error
  }
}
