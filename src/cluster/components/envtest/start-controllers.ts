import type { Host } from '../../../base/host.ts'
import type { Logger } from '../../../base/logger.ts'
import type { Metrics } from '../../../base/metrics.ts'
import { createInformerFactory } from '../../../client/informer-factory.ts'
import { controllers, offByDefault } from '../../../controllers/controllers.ts'
import type { StartedApiServer } from '../../control-plane/api-server.ts'
import { clientFor, componentUser, controllerUser } from '../../control-plane/component-clients.ts'
import { KindsOfServer } from '../../control-plane/kinds-of.ts'
import { runControllers } from '../../control-plane/run-controllers.ts'
import type { ServerPart } from '../api-server-options.ts'

interface Context {
  readonly host: Host
  readonly logger: Logger
  readonly metrics: Metrics
  readonly stops: (() => Promise<void> | void)[]
}

/** There are no nodes but what a test makes up. */
const aboutNodes: readonly string[] = [
  'node-ipam',
  'node-lifecycle',
  'ttl',
  'taint-eviction',
  'pod-garbage-collector',
]

/** Garbage collection, namespaces, service accounts and the workloads' controllers, beside the API server. */
export async function startControllers(
  { server }: StartedApiServer,
  { serving }: ServerPart,
  { host, logger, metrics, stops }: Context,
): Promise<void> {
  const agent = 'kube-controller-manager'
  const client = clientFor(server, componentUser(`system:${agent}`), agent)
  const informers = createInformerFactory({ client, host, logger })
  stops.push(() => informers.stop())
  const kinds = new KindsOfServer(server, { host, logger, transport: client.transport })
  stops.push(() => kinds.stop())
  const all = controllers({
    kinds,
    rootCertificate: serving.certificatePem,
    namespaceSettleMs: 0,
  })
  await kinds.start()
  await runControllers(
    all.filter(({ name }) => !aboutNodes.includes(name) && !offByDefault.has(name)),
    { host, logger, metrics, informers, clientOf: (name) => clientFor(server, controllerUser(name), agent) },
    stops,
  )
}
