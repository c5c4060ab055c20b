import { setTimeout as sleep } from 'node:timers/promises'
import { Pod } from '../../src/api/core/pod/kind.ts'
import type { core } from '../../src/api/generated/types/index.ts'
import type { Informer, InformerFactory } from '../../src/client/informer.ts'

/** Some of the pods. */
export interface PodSelection {
  /** Empty: all. */
  readonly namespaces: readonly string[]
  /** Labels that they have. */
  readonly labels: Readonly<Record<string, string>>
}

/** The longest that anything is waited for. */
const withinMs = 30 * 60_000
const lookEachMs = 20

const isAttempted = (pod: core.v1.Pod): boolean =>
  pod.status?.conditions?.some(({ type }) => type === 'PodScheduled') === true

export const isSelected = ({ metadata }: core.v1.Pod, { namespaces, labels }: PodSelection): boolean =>
  (namespaces.length === 0 || namespaces.includes(metadata?.namespace ?? '')) &&
  Object.entries(labels).every(([key, value]) => metadata?.labels?.[key] === value)

/** Pods as the scheduler's own cache has them. */
export class PodWatch {
  readonly informer: Informer<core.v1.Pod>
  /** Pods with a node, by namespace. */
  readonly #placed = new Map<string, number>()

  constructor(informers: InformerFactory) {
    this.informer = informers.informer(Pod)
    this.informer.onChange((pod, old) => {
      const change = (pod?.spec?.nodeName ? 1 : 0) - (old?.spec?.nodeName ? 1 : 0)
      const namespace = (pod ?? old)?.metadata?.namespace ?? ''
      if (change !== 0) this.#placed.set(namespace, (this.#placed.get(namespace) ?? 0) + change)
    })
  }

  /** Calls back for each pod that gets its node. Returns what ends it. */
  onPlaced(selection: PodSelection, seen: (pod: core.v1.Pod) => void): () => void {
    return this.informer.onChange((pod, old) => {
      if (pod?.spec?.nodeName && !old?.spec?.nodeName && isSelected(pod, selection)) seen(pod)
    })
  }

  select(selection: PodSelection): readonly core.v1.Pod[] {
    const { lister } = this.informer
    const { namespaces } = selection
    const pods = namespaces.length === 0 ? lister.list() : namespaces.flatMap((name) => lister.list(name))
    return pods.filter((pod) => isSelected(pod, selection))
  }

  /** Resolves when so many pods of a namespace have a node. */
  untilPlaced(namespace: string, count: number): Promise<void> {
    return this.#until(
      () => (this.#placed.get(namespace) ?? 0) >= count,
      () => `${this.#placed.get(namespace) ?? 0} of ${count} pods of ${namespace} have a node`,
    )
  }

  /** Resolves when so many pods are there, and all have a node, or have been tried. */
  untilAll(selection: PodSelection, stage: 'Scheduled' | 'Attempted', count: number): Promise<void> {
    const isDone = (pod: core.v1.Pod): boolean =>
      Boolean(pod.spec?.nodeName) || (stage === 'Attempted' && isAttempted(pod))
    return this.#until(
      () => {
        const pods = this.select(selection)
        return pods.length >= count && pods.every(isDone)
      },
      () => `${this.select(selection).filter((pod) => !isDone(pod)).length} pods are not ${stage}`,
    )
  }

  async #until(isSo: () => boolean, words: () => string): Promise<void> {
    const limitMs = performance.now() + withinMs
    while (!isSo()) {
      if (performance.now() > limitMs) throw new Error(words())
      await sleep(lookEachMs)
    }
  }
}
