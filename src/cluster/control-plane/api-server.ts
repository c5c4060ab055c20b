import { hostname } from 'node:os'
import type { Duplex } from 'node:stream'
import { reserveStaticNames } from '../../api/admissionregistration/static-suffix.ts'
import { featureGates } from '../../api/feature-gates.ts'
import { forbidPrivileged } from '../../api/forbid-privileged.ts'
import { protobufPacks } from '../../api/generated/protobuf.ts'
import type { core } from '../../api/generated/types/index.ts'
import { builtInSchemas } from '../../api/schemas.ts'
import { servedKinds } from '../../api/served-kinds.ts'
import { ProtobufCodec } from '../../apimachinery/codec/protobuf/protobuf-codec.ts'
import type { KindDeclaration } from '../../apimachinery/define-kind.ts'
import type { RuntimeConfig } from '../../apimachinery/runtime-config.ts'
import type { Transport } from '../../apimachinery/transport.ts'
import type { PluginChoice } from '../../apiserver/admission/choose-plugins.ts'
import type { PluginConfiguration } from '../../apiserver/admission/plugin-configuration.ts'
import { AdmissionChain } from '../../apiserver/admission-chain.ts'
import { Aggregation } from '../../apiserver/aggregation/aggregation.ts'
import { AllocationRepair } from '../../apiserver/allocation/allocation-repair.ts'
import { ServiceAllocator } from '../../apiserver/allocation/service-allocator.ts'
import { type ApiServer, createApiServer } from '../../apiserver/api-server.ts'
import { lastUsedLabel } from '../../apiserver/authentication/legacy-tokens.ts'
import { Bootstrap } from '../../apiserver/bootstrap/bootstrap.ts'
import { ServerLeases } from '../../apiserver/bootstrap/server-leases.ts'
import type { Audit } from '../../apiserver/chain/chain.ts'
import { crossOriginFilter } from '../../apiserver/chain/cross-origin.ts'
import type { InFlightLimits } from '../../apiserver/chain/max-in-flight.ts'
import {
  type ComponentProbe,
  ComponentStatuses,
  storeProbe,
} from '../../apiserver/component-status/component-statuses.ts'
import type { BackendAddress } from '../../apiserver/connect/backend.ts'
import { ConversionMetrics } from '../../apiserver/custom-resources/conversion-metrics.ts'
import { DefinitionControllers } from '../../apiserver/custom-resources/definition-controllers.ts'
import { webhookConverter } from '../../apiserver/custom-resources/webhook-converter.ts'
import type { Endpoint } from '../../apiserver/endpoint.ts'
import { NodeBackendConnector, type ShownCertificates } from '../../apiserver/http/backend-connector.ts'
import { impersonationFilter } from '../../apiserver/impersonation/impersonation-filter.ts'
import { admissionTiming } from '../../apiserver/metrics/admission-timing.ts'
import { impersonationMetrics } from '../../apiserver/metrics/impersonation-metrics.ts'
import type { ObjectReader } from '../../apiserver/object-reader.ts'
import type { UserInfo } from '../../apiserver/request.ts'
import { newUid } from '../../apiserver/rest/names.ts'
import { ServerCore } from '../../apiserver/server-core.ts'
import { defined } from '../../base/defined.ts'
import type { HealthCheck } from '../../base/health-checks.ts'
import { verifySignature } from '../../base/host/verify-signature.ts'
import type { Host } from '../../base/host.ts'
import type { Logger } from '../../base/logger.ts'
import type { Metrics } from '../../base/metrics.ts'
import { createClient } from '../../client/create-client.ts'
import { EventRecorder } from '../../client/event-recorder.ts'
import type { ElectionTimes } from '../../reconcile/leader-election.ts'
import type { AccessOptions } from '../access/access-options.ts'
import { showRelease } from '../release-metrics.ts'
import { apiDocuments } from './api-documents.ts'
import type { ApiServerIdentity } from './api-server-identity.ts'
import { askUntilReady } from './ask-until-ready.ts'
import { clientFor } from './component-clients.ts'
import { coordinateElections } from './coordinate-elections.ts'
import { flowDebug, makeFlowControl } from './flow-control.ts'
import { keepIdentityLease } from './identity-lease.ts'
import { makeAdmission } from './make-admission.ts'
import type { OpenedStorage } from './open-storage.ts'
import { defaultProbeTimeouts, type ProbeTimeouts, serverChecks } from './server-checks.ts'
import { makeGuards, makeSubresources, makeVirtualResources } from './server-guards.ts'
import { StartHooks } from './start-hooks.ts'

export interface ApiServerSetup {
  readonly host: Host
  readonly logger: Logger
  readonly metrics: Metrics
  readonly store: OpenedStorage
  readonly identity: ApiServerIdentity
  readonly access: AccessOptions
  /** Of what is beside the server, such as plugins that keep keys. */
  readonly checks?: readonly HealthCheck[]
  /** Absent: nothing is audited. */
  readonly audit?: Audit | undefined
  readonly admission: PluginChoice
  /** What plugins are told beside that; upstream's defaults where absent. */
  readonly admissionConfiguration?: PluginConfiguration | undefined
  readonly requestTimeoutMs?: number | undefined
  readonly minWatchMs?: number
  /** RE2 patterns of origins whose pages may read answers. */
  readonly crossOrigins?: readonly string[]
  /** False: no privileged containers. */
  readonly allowsPrivileged?: boolean
  readonly probeTimeouts?: ProbeTimeouts
  /** How long after its start the server lives though its start is not complete. */
  readonly livezGraceMs?: number
  /** `host:port`, as clients from elsewhere are told; where it is advertised where absent. */
  readonly externalAddress?: string
  /** False: somebody else says where `kubernetes.default` leads. */
  readonly keepsEndpoints?: boolean
  readonly inFlight?: InFlightLimits | undefined
  /** Of all priority levels together; 0: no priority and fairness, and `inFlight` is all that limits. */
  readonly flowControlSeats?: number | undefined
  /** How clients, nodes and pods reach it. */
  readonly advertise: { readonly address: string; readonly port: number }
  /** The first address of the service range, `kubernetes.default`'s. */
  readonly serviceAddress: string
  readonly serviceCidrs: readonly string[]
  readonly nodePorts: { readonly first: number; readonly last: number }
  /** The way to nodes in this process, undefined for everything else; absent: their addresses are real. Throws where nothing listens. */
  readonly dialNode?: ((address: BackendAddress) => Duplex | undefined) | undefined
  /** Which of a node's addresses is tried first; kubeadm's order where absent. */
  readonly kubeletAddressTypes?: readonly string[] | undefined
  /** The cluster's other components, by the names of their ComponentStatus. */
  readonly components: ReadonlyMap<string, ComponentProbe>
  /** How long Events are kept; upstream's hour where absent. */
  readonly eventLifeMs?: number | undefined
  /** Pages of what runs beside the server. */
  readonly pages?: readonly Endpoint[] | undefined
  /** Tests: whatever is written must survive JSON. */
  readonly checked: boolean
  /** Times of the election among API servers that coordinate others' elections. */
  readonly coordinatedLeadership?: ElectionTimes | undefined
  /** All flags with their values, which `/flagz` shows; absent: it was started without any. */
  readonly flags?: Readonly<Record<string, string>>
  /** What `--feature-gates` sets. */
  readonly featureGates?: ReadonlyMap<string, boolean>
  /** What `--runtime-config` sets. */
  readonly runtimeConfig?: RuntimeConfig
}

export interface StartedApiServer {
  readonly server: ApiServer
  /** What it shows of itself to kubelets and extension API servers from now on. */
  show(certificates: ShownCertificates): void
  /** From now on it is not ready, though it answers. */
  beginStop(): void
  stop(): Promise<void>
}

/** The server itself, when it writes what it brings along. */
const loopbackUser: UserInfo = {
  name: 'system:apiserver',
  groups: ['system:masters', 'system:authenticated'],
}

/** How long the store may take to say how it is to who asks for its ComponentStatus. */
const statusTimeoutMs = 20_000

const makeBootstrap = (
  setup: ApiServerSetup,
  server: ApiServer,
  reader: ObjectReader,
  leases: ServerLeases | undefined,
): Bootstrap =>
  new Bootstrap({
    host: setup.host,
    logger: setup.logger,
    features: featureGates(setup.featureGates ?? new Map()),
    transport: server.transportFor(loopbackUser, 'kube-apiserver'),
    reader,
    kubernetesService: {
      serviceAddress: setup.serviceAddress,
      advertiseAddress: setup.advertise.address,
      port: setup.advertise.port,
      ...defined({ leases }),
      ...(setup.keepsEndpoints === false ? { keepsEndpoints: false } : {}),
    },
    serviceCidrs: setup.serviceCidrs,
    authenticationTrust: setup.identity.trust,
  })

function makeDefinitionControllers(
  { host, logger }: ApiServerSetup,
  server: ApiServer,
  reader: ObjectReader,
): DefinitionControllers | undefined {
  const { custom } = server
  if (custom === undefined) return undefined
  const transport = server.transportFor(loopbackUser, 'kube-apiserver')
  return new DefinitionControllers({ host, logger, reader, transport, custom })
}

/** Nobody waits for it. */
function noteTokenUse(server: ApiServer, logger: Logger, secret: core.v1.Secret, day: string): void {
  const { namespace = '', name = '', uid } = secret.metadata ?? {}
  server
    .transportFor(loopbackUser, 'kube-apiserver')
    .request({
      method: 'PATCH',
      path: `/api/v1/namespaces/${namespace}/secrets/${name}`,
      contentType: 'application/merge-patch+json',
      body: { metadata: { uid, labels: { [lastUsedLabel]: day } } },
    })
    .catch((error: unknown) =>
      logger.warn('the use of a token could not be noted', { namespace, name, error }),
    )
}

/** The kinds that the store forgets by itself are those of events. */
const withEventLife = (kinds: readonly KindDeclaration[], timeToLiveMs: number): readonly KindDeclaration[] =>
  kinds.map((kind) => (kind.timeToLiveMs === undefined ? kind : { ...kind, timeToLiveMs }))

/** Upstream's name for who repairs claims. */
const repairer = 'ipallocator-repair-controller'

function makeRepair({ host, logger }: ApiServerSetup, core: ServerCore, server: ApiServer) {
  const client = createClient(server.transportFor(loopbackUser, repairer))
  const events = new EventRecorder({ client, host, logger, component: repairer })
  const repair = new AllocationRepair({
    host,
    logger,
    reader: core.reader,
    storage: core.options.storage,
    warn: ({ about, reason, message }) => events.event(about, 'Warning', reason, message),
    reached: (revision) => core.mirror.reached(revision),
  })
  return { repair, events }
}

/** What a server that stops may still write, to a store that others share. */
const lastWritesMs = 3_000

/** Puts an API server together and loads it from the store. */
export async function startApiServer(setup: ApiServerSetup): Promise<StartedApiServer> {
  const { host, logger, metrics, store, identity, checked, crossOrigins = [] } = setup
  const features = featureGates(setup.featureGates ?? new Map())
  showRelease(metrics, features)
  const { served: asked, hidden } = servedKinds(setup.runtimeConfig ?? new Map(), features)
  const named = features.enabled('ManifestBasedAdmissionControlConfig') ? reserveStaticNames(asked) : asked
  const served = setup.allowsPrivileged === false ? forbidPrivileged(named) : named
  const core = new ServerCore({
    host,
    storage: store.storage,
    sharedStorage: store.shared,
    logger,
    metrics,
    kinds: setup.eventLifeMs === undefined ? served : withEventLife(served, setup.eventLifeMs),
    hiddenKinds: hidden,
    features,
    schemas: builtInSchemas,
    protobuf: new ProtobufCodec(protobufPacks, builtInSchemas),
    verifySignature,
    checked,
  })
  const { reader } = core
  const guards = makeGuards({ setup, core }, (secret, day) => noteTokenUse(server, logger, secret, day))
  const { authorizer, authenticator, rbac } = guards
  const connector = new NodeBackendConnector({
    ...identity.kubelet.client,
    kubeletAuthorityPem: identity.kubelet.authorityPem,
    frontProxy: identity.frontProxyClient,
    metrics,
    dial: setup.dialNode,
  })
  const transport = (): Transport => server.transportFor(loopbackUser, 'kube-apiserver')
  const admission = makeAdmission(
    { setup, core },
    { authorizer, rbac, connector, features, transport },
    () => server,
  )
  const chain = new AdmissionChain(admission.plugins, admissionTiming(host, metrics))
  const subresources = makeSubresources({ setup, core }, guards, chain, connector)
  const allocator = new ServiceAllocator({
    ...{ host, reader, metrics },
    serviceCidrs: setup.serviceCidrs,
    nodePorts: setup.nodePorts,
  })
  let stopping = false
  const flowControl = makeFlowControl(setup, core)
  const hooks = new StartHooks([
    ...(['admission', 'caches', 'definitions', 'allocation', 'aggregation'] as const),
    ...(flowControl === undefined ? [] : (['flowControl'] as const)),
    ...(features.enabled('APIServerIdentity') ? (['identity'] as const) : []),
  ])
  const checks: HealthCheck[] = [
    ...serverChecks(
      {
        probe: (timeoutMs) => store.probe(timeoutMs),
        inStep: () => server.ready,
        isStopping: () => stopping,
      },
      setup.probeTimeouts ?? defaultProbeTimeouts,
    ),
    ...(setup.checks ?? []),
    ...hooks.checks,
  ]
  const { endpoints, publish } = apiDocuments({ core, setup, checks }, subresources)
  const aggregation = new Aggregation({
    host,
    logger,
    metrics,
    reader,
    connector,
    served: core.served,
    publish,
  })
  checks.push(aggregation.check)
  const conversions = new ConversionMetrics(metrics)
  const server = createApiServer(core, {
    authenticators: [authenticator],
    authorizer,
    admission: admission.plugins,
    allocators: [allocator],
    endpoints: [...endpoints, ...flowDebug(host, flowControl), ...(setup.pages ?? [])],
    aggregation: (request) => aggregation.handle(request),
    subresources,
    virtualResources: makeVirtualResources(host, guards),
    computedResources: [
      new ComponentStatuses(
        new Map([...setup.components, ['etcd-0', storeProbe(() => store.probe(statusTimeoutMs))]]),
      ),
    ],
    impersonation: impersonationFilter({ host, authorizer, metrics: impersonationMetrics(metrics) }),
    converter: (definition) => webhookConverter(definition, { host, reader, connector }, conversions),
    outer: crossOrigins.length === 0 ? [] : [crossOriginFilter(crossOrigins)],
    ...defined({ minWatchMs: setup.minWatchMs }),
    ...defined({ requestTimeoutMs: setup.requestTimeoutMs, inFlight: setup.inFlight, flowControl }),
    ...defined({ audit: setup.audit }),
  })
  // Others may serve the same cluster.
  const leases = store.shared ? new ServerLeases(store.storage, setup.advertise.address) : undefined
  const bootstrap = makeBootstrap(setup, server, reader, leases)
  checks.push(...bootstrap.checks)
  hooks.done('admission')
  await server.start()
  hooks.done('caches')
  const definitions = makeDefinitionControllers(setup, server, reader)
  const { repair, events } = makeRepair(setup, core, server)
  definitions?.start()
  hooks.done('definitions')
  const stops: (() => Promise<void> | void)[] = [
    () => connector.close(),
    () => admission.stop(),
    guards.start(),
    allocator.start(),
    flowControl?.start(server.transportFor(loopbackUser, 'kube-apiserver')) ?? (() => {}),
    () => bootstrap.stop(),
    () => events.stop(),
    () => definitions?.stop(),
  ]
  hooks.done('flowControl')
  const stop = async (): Promise<void> => {
    stopping = true
    // What waits for an etcd that does not answer fails when the store is closed.
    const limit = store.shared
      ? host.schedule(lastWritesMs, () => void store.storage.close().catch(() => {}))
      : undefined
    for (const each of stops.reverse()) await each()
    await leases
      ?.release()
      .catch((error: unknown) => logger.debug('the lease could not be released', { error }))
    await server.close()
    limit?.cancel()
  }
  try {
    await bootstrap.start()
    stops.push(() => repair.stop())
    await repair.start()
    hooks.done('allocation')
    stops.push(await aggregation.start(server.transportFor(loopbackUser, 'kube-apiserver')))
    hooks.done('aggregation')
    const client = clientFor(server, loopbackUser, 'kube-apiserver')
    if (features.enabled('APIServerIdentity')) {
      // By the host: the same seed gives the same history.
      const identity = { hostname: hostname(), instance: newUid(host) }
      stops.push(keepIdentityLease({ host, logger, client, ...identity }))
      hooks.done('identity')
    }
    if (features.enabled('CoordinatedLeaderElection')) {
      stops.push(coordinateElections({ host, logger, metrics, client, times: setup.coordinatedLeadership }))
    }
    stops.push(askUntilReady(host, server.transportFor(loopbackUser, 'kube-apiserver')))
  } catch (error) {
    await stop()
    throw error
  }
  const beginStop = (): void => {
    stopping = true
  }
  return { server, beginStop, stop, show: (certificates) => connector.show(certificates) }
}
