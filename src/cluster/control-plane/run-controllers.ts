import type { Host } from '../../base/host.ts'
import type { Logger } from '../../base/logger.ts'
import type { Metrics } from '../../base/metrics.ts'
import type { Client } from '../../client/client.ts'
import { EventRecorder } from '../../client/event-recorder.ts'
import type { InformerFactory } from '../../client/informer.ts'
import { type AnyController, reporterOf } from '../../reconcile/controller.ts'
import { startController } from '../../reconcile/start-controller.ts'

export interface RunControllersOptions {
  readonly host: Host
  readonly logger: Logger
  readonly metrics: Metrics
  /** Shared by all. */
  readonly informers: InformerFactory
  /** By whose permissions the controller of this name writes. */
  readonly clientOf: (controller: string) => Client
}

type Stop = () => Promise<void> | void

/** Starts controllers; what is started goes to `stops`. Resolves when all of them are at work. */
export async function runControllers(
  controllers: readonly AnyController[],
  options: RunControllersOptions,
  stops: Stop[],
): Promise<void> {
  const { host, logger, metrics, informers, clientOf } = options
  const run = (declaration: AnyController): Promise<void> => {
    const client = clientOf(declaration.name)
    const events = new EventRecorder({ client, host, logger, component: reporterOf(declaration) })
    const running = startController(declaration, { client, informers, events, host, logger, metrics })
    stops.push(() => events.stop())
    stops.push(() => running.stop())
    return running.ready
  }
  await Promise.all(controllers.map(run))
}
