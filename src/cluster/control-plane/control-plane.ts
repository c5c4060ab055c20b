import { hostname } from 'node:os'
import { featureGates } from '../../api/feature-gates.ts'
import type { RuntimeConfig } from '../../apimachinery/runtime-config.ts'
import type { ApiServer } from '../../apiserver/api-server.ts'
import { signToken } from '../../apiserver/authentication/jwt.ts'
import type { Health } from '../../apiserver/component-status/component-statuses.ts'
import type { Endpoint } from '../../apiserver/endpoint.ts'
import type { HttpServer } from '../../apiserver/http/http-server-options.ts'
import { defined } from '../../base/defined.ts'
import type { Host } from '../../base/host.ts'
import type { Logger } from '../../base/logger.ts'
import { messageOf } from '../../base/message-of.ts'
import type { Metrics } from '../../base/metrics.ts'
import type { Client } from '../../client/client.ts'
import type { InformerFactory } from '../../client/informer.ts'
import { createInformerFactory } from '../../client/informer-factory.ts'
import { SeriesRecorder } from '../../client/series-recorder.ts'
import { controllers, offByDefault } from '../../controllers/controllers.ts'
import { oneSigner } from '../../controllers/csrsigning/plan-certificate.ts'
import { servesKind } from '../../reconcile/kind-source.ts'
import { type Scheduling, schedulingOf } from '../../scheduler/config/scheduling-of.ts'
import { Scheduler } from '../../scheduler/scheduler.ts'
import { defaultAccess } from '../access/access-options.ts'
import type { ApiServerFiles } from '../api-server-files.ts'
import type { NetworkOptions } from '../options.ts'
import type { Pki } from '../pki/ensure-pki.ts'
import { requestSigner } from '../pki/request-signer.ts'
import { tokenKeys } from '../pki/token-keys.ts'
import { type Report, step } from '../progress.ts'
import { SchedulingPage } from '../scheduling-page.ts'
import type { ApiServerSetup } from './api-server.ts'
import { type ApiServerIdentity, ownIdentity } from './api-server-identity.ts'
import { extenderCalls } from './call-extender.ts'
import { clientFor, componentUser, controllerUser, managerUser } from './component-clients.ts'
import { KindsOfServer } from './kinds-of.ts'
import type { StoragePlace } from './open-storage.ts'
import { runControllers } from './run-controllers.ts'
import { type ServeApiOptions, serveApi } from './serve-api.ts'

export interface ControlPlaneOptions {
  readonly host: Host
  readonly logger: Logger
  readonly metrics: Metrics
  readonly report: Report
  readonly pki: Pki
  readonly network: NetworkOptions
  readonly store: StoragePlace
  readonly quotaBackendBytes?: number
  readonly compactionIntervalMs?: number
  /** Where the API is served. */
  readonly listen: { readonly address: string; readonly port: number }
  /** How nodes and pods reach it. */
  readonly advertiseAddress: string
  /** The first address of the service range. */
  readonly serviceAddress: string
  /** As of the API server's. */
  readonly dialNode?: ApiServerSetup['dialNode']
  readonly checked: boolean
  /** What `--feature-gates` sets. */
  readonly featureGates?: ReadonlyMap<string, boolean>
  readonly scheduling?: Scheduling
  /** What `--runtime-config` sets. */
  readonly runtimeConfig?: RuntimeConfig
  readonly apiServerFiles?: ApiServerFiles
}

export interface ControlPlane {
  readonly server: ApiServer
  readonly http: HttpServer
  /** Shared by everything in this process. */
  readonly informers: InformerFactory
  readonly scheduler: Scheduler
  stop(): Promise<void>
}

type Stop = () => Promise<void> | void

/** What runs in this process: healthy once it has started, until it is stopped. */
class OwnComponents {
  readonly #running = new Set<string>()

  readonly probes = new Map(
    ['controller-manager', 'scheduler'].map((name) => [
      name,
      async (): Promise<Health> =>
        this.#running.has(name)
          ? { healthy: true, message: 'ok' }
          : { healthy: false, message: 'it does not run yet, or any more' },
    ]),
  )

  started(stops: Stop[]): void {
    for (const name of this.probes.keys()) this.#running.add(name)
    stops.push(() => this.#running.clear())
  }
}

/** What nodes that join with a token need of the control plane; kubeadm switches the first two on as well. */
const forJoining: ReadonlySet<string> = new Set([
  'bootstrap-signer',
  'token-cleaner',
  'kubelet-serving-approving',
])

const schedulerUser = componentUser('system:kube-scheduler')

/** Starts API server, controllers and scheduler; what has started is stopped again when a later part fails. */
export async function startControlPlane(options: ControlPlaneOptions): Promise<ControlPlane> {
  const stops: Stop[] = []
  const components = new OwnComponents()
  let scheduler: Scheduler | undefined
  const pages = [new SchedulingPage(() => scheduler)]
  const stop = async (): Promise<void> => {
    for (const each of stops.splice(0).reverse()) await each()
  }
  try {
    const { server, http } = await step(
      options.host,
      options.report,
      'API server',
      () => serve(options, components, pages, stops),
      ({ http }) => `port ${http.port}`,
    )
    const { problem: _told, ...control } = await step(
      options.host,
      options.report,
      'controllers and scheduler',
      () => startControl(options, server, stops),
      ({ problem = '' }) => problem,
    )
    scheduler = control.scheduler
    components.started(stops)
    return { server, http, ...control, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

/** After so long a start goes on without what cannot be read. */
const hinderedMs = 10_000

/**
 * Waits for `working`; gives what is wrong where something that is stored cannot be read, as without its key. The rest
 * works meanwhile, so that somebody can mend that.
 */
async function unlessHindered(
  { host, logger }: ControlPlaneOptions,
  working: Promise<unknown>,
  informers: InformerFactory,
): Promise<string | undefined> {
  const late = Promise.withResolvers<string>()
  const look = (): void => {
    const [first] = informers.hindrances()
    if (first === undefined) timer = host.schedule(hinderedMs, look)
    else late.resolve(`${first[0]} cannot be read: ${messageOf(first[1])}`)
  }
  let timer = host.schedule(hinderedMs, look)
  try {
    const problem = await Promise.race([working.then(() => undefined), late.promise])
    if (problem !== undefined)
      working.catch((error: unknown) => logger.warn('not all controllers have started', { error }))
    return problem
  } finally {
    timer.cancel()
  }
}

/** The one thing that often goes wrong, in words. */
function explainListen(error: unknown, port: number): unknown {
  const taken = error instanceof Error && 'code' in error && error.code === 'EADDRINUSE'
  return taken ? new Error(`port ${port} is taken by another program: give --api-port another`) : error
}

interface Serving {
  readonly server: ApiServer
  readonly http: HttpServer
}

/** Who is let in, what is audited and encrypted. Where no file says anything, nothing that reads them is loaded. */
async function filesOf(
  { apiServerFiles = {} }: ControlPlaneOptions,
  { serviceAccounts: { issuers } }: ApiServerIdentity,
): Promise<Pick<ServeApiOptions, 'access' | 'admissionConfiguration' | 'encryption' | 'audit'>> {
  if (Object.keys(apiServerFiles).length === 0) return { access: defaultAccess }
  const { ownServerFiles } = await import('../components/own-server-files.ts')
  return ownServerFiles(apiServerFiles, issuers[0] ?? '')
}

async function serve(
  options: ControlPlaneOptions,
  components: OwnComponents,
  pages: readonly Endpoint[],
  stops: Stop[],
): Promise<Serving> {
  const { host, logger, metrics, pki, network, listen, checked } = options
  const identity = ownIdentity(pki, network.domain)
  const files = await filesOf(options, identity)
  const { api, http } = await serveApi(
    {
      ...{ host, logger, metrics, listen, checked },
      place: options.store,
      quotaBackendBytes: options.quotaBackendBytes,
      compactionIntervalMs: options.compactionIntervalMs,
      serving: pki.apiServer,
      certificateFiles: pki.serverFiles,
      identity,
      ...files,
      admission: { enable: ['NodeRestriction'], disable: [] },
      advertiseAddress: options.advertiseAddress,
      serviceAddress: options.serviceAddress,
      serviceCidrs: [network.serviceCidr],
      nodePorts: network.nodePorts,
      components: components.probes,
      pages,
      dialNode: options.dialNode,
      ...defined({ featureGates: options.featureGates, runtimeConfig: options.runtimeConfig }),
    },
    stops,
  ).catch((error: unknown) => {
    throw explainListen(error, listen.port)
  })
  return { server: api.server, http }
}

async function startControl(
  options: ControlPlaneOptions,
  server: ApiServer,
  stops: Stop[],
): Promise<Pick<ControlPlane, 'informers' | 'scheduler'> & { readonly problem: string | undefined }> {
  const { host, logger, metrics, network } = options
  const managerClient = clientFor(server, managerUser, 'kube-controller-manager')
  const informers = createInformerFactory({ client: managerClient, host, logger })
  stops.push(() => informers.stop())
  const kinds = new KindsOfServer(server, { host, logger, transport: managerClient.transport })
  stops.push(() => kinds.stop())
  const features = featureGates(options.featureGates ?? new Map())
  const all = controllers({
    features,
    kinds,
    rootCertificate: options.pki.ca.certificatePem,
    signToken: (claims) => signToken(claims, tokenKeys(options.pki.serviceAccount.privateKeyPem)),
    csrSigning: { signers: oneSigner(requestSigner(options.pki.ca)) },
    // Nobody else admits anything: this is the only API server, unless others use its etcd.
    ...(options.store.type === 'etcd' ? {} : { namespaceSettleMs: 0 }),
    nodeIpam: { ranges: [{ cidr: network.podCidr, nodeBits: network.nodePodCidrBits }] },
  })
  const schedulerClient = clientFor(server, schedulerUser, 'kube-scheduler')
  const events = new SeriesRecorder({ client: schedulerClient, host, logger, hostname: hostname() })
  const extenders = extenderCalls()
  stops.push(() => extenders.close())
  const scheduler = new Scheduler({
    ...schedulingOf(options.scheduling ?? {}, features),
    callExtender: extenders.call,
    serves: (kind) => servesKind(kinds, kind),
    ...{ client: schedulerClient, informers, events, features, host, logger, metrics },
  })
  stops.push(() => events.stop())
  stops.push(() => scheduler.stop())
  const clientOf = (name: string): Client =>
    clientFor(server, controllerUser(name), 'kube-controller-manager')
  const working = Promise.all([
    runControllers(
      all.filter(({ name }) => !offByDefault.has(name) || forJoining.has(name)),
      { host, logger, metrics, informers, clientOf },
      stops,
    ),
    scheduler.start(),
    kinds.start(),
  ])
  return { informers, scheduler, problem: await unlessHindered(options, working, informers) }
}
