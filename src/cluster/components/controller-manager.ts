import { featureGates } from '../../api/feature-gates.ts'
import { parseFeatureGates } from '../../apimachinery/feature-gates.ts'
import { signToken } from '../../apiserver/authentication/jwt.ts'
import { defined } from '../../base/defined.ts'
import { type HealthCheck, ping } from '../../base/health-checks.ts'
import { realHost } from '../../base/host/real-host.ts'
import { messageOf } from '../../base/message-of.ts'
import type { Metrics } from '../../base/metrics.ts'
import { createInformerFactory } from '../../client/informer-factory.ts'
import { type ControllersOptions, controllers } from '../../controllers/controllers.ts'
import type { AnyController } from '../../reconcile/controller.ts'
import { fixedKinds, type KindSource } from '../../reconcile/kind-source.ts'
import { worksAsManager } from '../control-plane/component-clients.ts'
import { DiscoveredKinds } from '../control-plane/discovered-kinds.ts'
import { runControllers } from '../control-plane/run-controllers.ts'
import { tokenKeys } from '../pki/token-keys.ts'
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
import { controllerFlags, controllerOptions, withWorkers } from './controller-flags.ts'
import { onlyFalse } from './flags/common-flags.ts'
import { boolean, list, oneOf, pairs, path, text } from './flags/flag-types.ts'
import { FlagError, type FlagValues, flagTexts } from './flags/parse-flags.ts'
import { nodeIpamFlags, nodeIpamOptions } from './node-ipam-flags.ts'
import { readFlagFile } from './read-pem.ts'
import { runAsLeader } from './run-as-leader.ts'
import type { Component, ComponentContext } from './run-component.ts'
import { signingFlags, signingOptions } from './signing-flags.ts'

const program = 'kube-controller-manager'
const port = 10_257

/** Of clouds, whose controllers are a program of their own: without them these mean nothing. */
const cloudFlags = {
  'cloud-provider': oneOf('Whose cloud this is.', ['', 'external'], ''),
  'cluster-name': text('The cluster’s name in the cloud.', 'kubernetes'),
  'configure-cloud-routes': boolean('Pods’ addresses are made known to the cloud.', true),
}

const flags = {
  ...componentFlags(program, { port, toleratesLookupFailure: false }, { perSecond: 20, burst: 30 }),
  ...controllerFlags,
  ...signingFlags,
  ...nodeIpamFlags,
  ...cloudFlags,
  'enable-garbage-collector': boolean('Objects go when their owners have gone.', true),
  'enable-hostpath-provisioner': onlyFalse('PersistentVolumes in folders of the node.'),
  controllers: list('Controllers to run: * for those that are on by default, name, -name.', ['*']),
  'use-service-account-credentials': boolean('Each controller writes as its own service account.', false),
  'root-ca-file': path('Certificates that pods trust the API server by; published in every namespace.'),
  'service-account-private-key-file': path(
    'Signs tokens that are kept in Secrets; without it none are made.',
  ),
  'feature-gates': pairs('Feature gates: Name=true|false.', parseFeatureGates),
}

type Values = FlagValues<typeof flags>

/** Throws FlagError. */
function signer(values: Values): ControllersOptions['signToken'] {
  const flag = 'service-account-private-key-file'
  const key = readFlagFile(flag, values[flag])
  if (key === undefined) return undefined
  try {
    const keys = tokenKeys(key)
    return (claims) => signToken(claims, keys)
  } catch (error) {
    throw new FlagError(`--${flag}: ${messageOf(error)}`)
  }
}

/** Throws FlagError. */
function chosen(values: Values, kinds: KindSource): readonly AnyController[] {
  const rootCertificate = readFlagFile('root-ca-file', values['root-ca-file'])
  const nodeIpam = nodeIpamOptions(values)
  const csrSigning = signingOptions(values)
  const all = controllers({
    kinds,
    ...(csrSigning === undefined ? {} : { csrSigning }),
    rootCertificate: rootCertificate ?? '',
    features: featureGates(values['feature-gates']),
    ...defined({ signToken: signer(values) }),
    ...controllerOptions(values),
    ...(nodeIpam === undefined ? {} : { nodeIpam }),
  })
  const off = [
    ...(nodeIpam === undefined ? ['node-ipam'] : []),
    ...(rootCertificate === undefined ? ['root-ca-certificate-publisher'] : []),
    ...(values['enable-garbage-collector'] ? [] : ['garbage-collector']),
  ]
  return chooseControllers(all, values.controllers)
    .filter(({ name }) => !off.includes(name))
    .map((controller) => withWorkers(controller, values))
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
    const rate = { perSecond: values['kube-api-qps'], burst: values['kube-api-burst'] }
    const limits = { userAgent: program, metrics, ...rate }
    const leading = connect(config, { ...limits, beforeWrite })
    stops.push(() => leading.transport.close())
    const kinds = new DiscoveredKinds({ host: realHost, logger, transport: leading.transport })
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
    if (values['use-service-account-credentials']) {
      const names = list.map(({ name }) => name).filter((name) => !worksAsManager(name))
      await Promise.all(names.map(async (name) => connections.set(name, await accounts.connect(name))))
    }
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
    const config = kubeconfigOf(values)
    chosen(values, fixedKinds([]))
    const checks: HealthCheck[] = [ping]
    const health = { healthz: checks, livez: [ping], readyz: checks }
    const metrics = await serveComponent(
      { program, flags: values, texts: flagTexts(flags, values), features, health },
      context,
    )
    const electing = { userAgent: `${program}/leader-election`, metrics, perSecond: -1, burst: 1 }
    const own = ownConnection(config, electing, stops)
    const leading = runAsLeader({
      ...{ program, logger, metrics, stops, lost, connection: own, settings: leaderSettings(values) },
      coordinated: features.enabled('CoordinatedLeaderElection'),
      releaseOnCancel: features.enabled('ControllerManagerReleaseLeaderElectionLockOnExit'),
      work: (signal, beforeWrite) => work(values, { logger, metrics, own }, signal, beforeWrite),
    })
    checks.push(...leading)
  },
}
