import type { ObservedPod } from '../observed-pod.ts'
import { podGarbage } from '../plan/garbage.ts'
import type { PodContext } from '../pod-context.ts'

async function removeContainer(
  { files, runtime }: PodContext,
  { id, logPath }: { readonly id: string; readonly logPath: string },
): Promise<void> {
  await runtime.removeContainer(id)
  await files.removeLog(logPath)
}

/** Of a pod that goes on: containers and sandboxes that newer ones have replaced. */
export async function removeGarbage(context: PodContext, observed: ObservedPod): Promise<void> {
  const { containers, sandboxIds } = podGarbage(observed)
  for (const container of containers) await removeContainer(context, container)
  for (const id of sandboxIds) await context.runtime.removePodSandbox(id)
}

/** All containers of a pod that has ended, for what they take of the disk. */
export async function removeContainers(context: PodContext, { containers }: ObservedPod): Promise<void> {
  for (const container of containers) await removeContainer(context, container)
}

/** Everything of a pod that is gone from the API. */
export async function removePod(context: PodContext, uid: string, { sandboxes }: ObservedPod): Promise<void> {
  const { cgroups, files, runtime, statuses, userNamespaces } = context
  for (const sandbox of sandboxes) await runtime.removePodSandbox(sandbox.id)
  await cgroups.remove(uid)
  await files.removePod(uid)
  statuses.remove(uid)
  userNamespaces.release(uid)
}
