import type { core } from '../api/generated/types/index.ts'
import { containerNameLabel, podNameLabel, podNamespaceLabel, podUidLabel } from './runtime/labels.ts'
import type { Runtime } from './runtime/runtime.ts'

/** The pods of which something runs, from nothing but the runtime (upstream's `/runningpods`). */
export async function runningPods(
  runtime: Pick<Runtime, 'listPodSandbox' | 'listContainers'>,
): Promise<readonly core.v1.Pod[]> {
  const [sandboxes, containers] = await Promise.all([
    runtime.listPodSandbox({ state: { state: 'SANDBOX_READY' } }),
    runtime.listContainers({ state: { state: 'CONTAINER_RUNNING' } }),
  ])
  const byPod = new Map<string, core.v1.Container[]>()
  for (const { labels, image } of containers) {
    const uid = labels[podUidLabel] ?? ''
    const list = byPod.get(uid) ?? []
    byPod.set(uid, list)
    list.push({ name: labels[containerNameLabel] ?? '', image: image?.image ?? '', resources: {} })
  }
  return sandboxes.map(({ labels }) => {
    const uid = labels[podUidLabel] ?? ''
    const [name = '', namespace = ''] = [labels[podNameLabel], labels[podNamespaceLabel]]
    return { metadata: { name, namespace, uid }, spec: { containers: byPod.get(uid) ?? [] }, status: {} }
  })
}
