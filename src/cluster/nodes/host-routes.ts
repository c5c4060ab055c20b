import { Node } from '../../api/core/node/kind.ts'
import type { RunProgram } from '../../base/host/run-program.ts'
import type { Host } from '../../base/host.ts'
import type { Logger } from '../../base/logger.ts'
import type { InformerFactory } from '../../client/informer.ts'
import { peerRoutes, planRoutes } from '../../network/peer-routes.ts'
import { Routes } from '../../network/route.ts'

export interface HostRoutesOptions {
  readonly informers: InformerFactory
  readonly clusterCidr: string
  readonly host: Host
  readonly logger: Logger
  readonly run: RunProgram
}

export interface HostRoutes {
  stop(): Promise<void>
}

const retryMs = 1_000

/** Keeps this machine's routes to the pods of nodes that live in namespaces on it. */
export function startHostRoutes(options: HostRoutesOptions): HostRoutes {
  const { informers, clusterCidr, host, logger, run } = options
  const routes = new Routes(run)
  const nodes = informers.informer(Node)
  let stopped = false
  let wanted = ''
  let last: Promise<void> = Promise.resolve()

  async function bring(): Promise<void> {
    if (stopped) return
    const desired = peerRoutes(nodes.lister.list(), '')
    const text = JSON.stringify(desired)
    if (text === wanted) return
    try {
      const { replace, remove } = planRoutes(await routes.ours([clusterCidr]), desired)
      for (const route of remove) await routes.remove(route)
      for (const route of replace) await routes.replace(route)
      wanted = text
    } catch (error) {
      if (stopped) return
      logger.warn('this machine has no route to some pods', { error, retryMs })
      host.schedule(retryMs, queue)
    }
  }
  function queue(): void {
    last = host.track(last.then(bring))
  }
  const unsubscribe = nodes.onChange(queue)
  return {
    stop: async () => {
      stopped = true
      unsubscribe()
      await last
    },
  }
}
