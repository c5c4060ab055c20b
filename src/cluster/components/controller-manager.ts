import { featureGates } from '../../api/feature-gates.ts'
import { parseFeatureGates } from '../../apimachinery/feature-gates.ts'
import { realHost } from '../../base/host/real-host.ts'
import type { Metrics } from '../../base/metrics.ts'
import { createInformerFactory } from '../../client/informer-factory.ts'
import { controllers } from '../../controllers/controllers.ts'
import type { AnyController } from '../../reconcile/controller.ts'
import { fixedKinds, type KindSource } from '../../reconcile/kind-source.ts'
import { runControllers } from '../control-plane/run-controllers.ts'
import { AccountClients } from './account-clients.ts'
import { chooseControllers } from './choose-controllers.ts'
import {
  componentFlags,
  kubeconfigOf,
  leaderSettings,
  ownConnection,
  serveComponent,
  waitForServer,
} from './component-base.ts'
import { type ApiConnection, connect } from './connection.ts'
import { controllerFlags, controllerOptions } from './controller-flags.ts'
import { DiscoveredKinds } from './discovered-kinds.ts'
import { boolean, int, list, pairs, path, text } from './flags/flag-types.ts'
import { FlagError, type FlagValues } from './flags/parse-flags.ts'
import { readFlagFile } from './read-pem.ts'
import { runAsLeader } from './run-as-leader.ts'
import type { Component, ComponentContext } from './run-component.ts'

const program = 'kube-controller-manager'
const port = 10_257

const flags = {
  ...componentFlags(program, port, 20, 30),
  ...controllerFlags,
  controllers: list('Controllers to run: * for those that are on by default, name, -name.', ['*']),
  'use-service-account-credentials': boolean('Each controller writes as its own service account.', false),
  'root-ca-file': path('Certificates that pods trust the API server by; published in every namespace.'),
  'service-account-private-key-file': path(
    'Checked to be there: tokens come from the API server’s TokenRequest.',
  ),
  'allocate-node-cidrs': boolean('Nodes get a part of the pods’ addresses each.', false),
  'cluster-cidr': text('Addresses of pods.'),
  'node-cidr-mask-size': int('Prefix length of each node’s part of them.', 24, { min: 1, max: 128 }),
  'service-cluster-ip-range': text('Addresses of Services; has no effect here.'),
  'feature-gates': pairs('Feature gates: Name=true|false.', parseFeatureGates),
}

type Values = FlagValues<typeof flags>

/** Throws FlagError. */
function chosen(values: Values, kinds: KindSource): readonly AnyController[] {
  const rootCertificate = readFlagFile('root-ca-file', values['root-ca-file'])
  const clusterCidr = values['cluster-cidr']
  const allocates = values['allocate-node-cidrs']
  if (allocates && clusterCidr === '') throw new FlagError('--allocate-node-cidrs needs --cluster-cidr')
  const nodeIpam = { clusterCidr, nodeCidrMaskSize: values['node-cidr-mask-size'] }
  const all = controllers({
    kinds,
    rootCertificate: rootCertificate ?? '',
    ...controllerOptions(values),
    ...(allocates ? { nodeIpam } : {}),
  })
  const off = [
    ...(allocates ? [] : ['node-ipam']),
    ...(rootCertificate === undefined ? ['root-ca-certificate-publisher'] : []),
  ]
  return chooseControllers(all, values.controllers).filter(({ name }) => !off.includes(name))
}

async function work(
  values: Values,
  context: Pick<ComponentContext, 'logger'> & { metrics: Metrics; own: ApiConnection },
  signal: AbortSignal,
  beforeWrite: () => void,
): Promise<void> {
  const { logger, metrics, own } = context
  const stops: ComponentContext['stops'] = []
  try {
    await waitForServer(own, signal)
    if (signal.aborted) return
    const config = kubeconfigOf(values)
    const limits = { userAgent: program, perSecond: values['kube-api-qps'], burst: values['kube-api-burst'] }
    const leading = connect(config, { ...limits, beforeWrite })
    stops.push(() => leading.transport.close())
    const kinds = new DiscoveredKinds(realHost, logger, leading.transport)
    await kinds.start()
    stops.push(() => kinds.stop())
    const informers = createInformerFactory({ client: leading.client, host: realHost, logger })
    stops.push(() => informers.stop())
    const list = chosen(values, kinds)
    const accounts = new AccountClients({ host: realHost, logger }, leading, config, {
      ...limits,
      beforeWrite,
    })
    stops.push(() => accounts.stop())
    const connections = new Map<string, ApiConnection>()
    if (values['use-service-account-credentials'])
      await Promise.all(list.map(async ({ name }) => connections.set(name, await accounts.connect(name))))
    const clientOf = (name: string) => (connections.get(name) ?? leading).client
    const ready = runControllers(list, { host: realHost, logger, metrics, informers, clientOf }, stops)
    // Caches that are never filled, for want of permission, must not hold up the end.
    ready.catch((error: unknown) => logger.warn('not all controllers have started', { error }))
    if (!signal.aborted) {
      await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }))
    }
  } finally {
    for (const stop of stops.reverse()) await stop()
  }
}

/** `kube-controller-manager`: the controllers, against an API server. */
export const controllerManager: Component<typeof flags> = {
  program,
  flags,
  start: async (values, context) => {
    const { logger, stops, lost } = context
    const features = featureGates(values['feature-gates'])
    readFlagFile('service-account-private-key-file', values['service-account-private-key-file'])
    const config = kubeconfigOf(values)
    chosen(values, fixedKinds([]))
    const metrics = await serveComponent(program, values, context, () => undefined)
    const electing = { userAgent: `${program}/leader-election`, perSecond: -1, burst: 1 }
    const own = ownConnection(config, electing, stops)
    runAsLeader({
      ...{ program, logger, metrics, stops, lost, connection: own, settings: leaderSettings(values) },
      coordinated: features.enabled('CoordinatedLeaderElection'),
      releaseOnCancel: features.enabled('ControllerManagerReleaseLeaderElectionLockOnExit'),
      work: (signal, beforeWrite) => work(values, { logger, metrics, own }, signal, beforeWrite),
    })
  },
}
