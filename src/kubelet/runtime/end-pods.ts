import type { Logger } from '../../base/logger.ts'
import { messageOf } from '../../base/message-of.ts'
import type { Runtime } from './runtime.ts'

/** Ends all pods of a runtime: what happens when the node is switched off. Containers get `graceSeconds`; what they were stays known for the next start. */
export async function endPods(runtime: Runtime, graceSeconds: number, logger: Logger): Promise<void> {
  const [containers, sandboxes] = await Promise.all([
    runtime.listContainers({ state: { state: 'CONTAINER_RUNNING' } }),
    runtime.listPodSandbox({ state: { state: 'SANDBOX_READY' } }),
  ])
  const all = async (work: readonly Promise<void>[], what: string): Promise<void> => {
    for (const result of await Promise.allSettled(work)) {
      if (result.status === 'rejected') logger.warn(what, { error: messageOf(result.reason) })
    }
  }
  await all(
    containers.map(({ id }) => runtime.stopContainer(id, graceSeconds)),
    'a container could not be stopped',
  )
  await all(
    sandboxes.map(({ id }) => runtime.stopPodSandbox(id)),
    'a sandbox could not be stopped',
  )
}
