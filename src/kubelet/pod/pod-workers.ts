import type { core } from '../../api/generated/types/index.ts'
import type { Rejection } from '../admission/admit-pod.ts'
import { podNameLabel, podNamespaceLabel, podUidLabel } from '../runtime/labels.ts'
import type { Feed } from '../sources/feed.ts'
import { observePod } from './observe-pod.ts'
import type { PodContext } from './pod-context.ts'
import { PodWorker } from './pod-worker.ts'
import { restoredPod } from './restored-pod.ts'

type Pod = core.v1.Pod

export interface PodWorkersOptions {
  readonly context: PodContext
  readonly pods: Feed<Pod>
  readonly admit: (pod: Pod) => Rejection | undefined | Promise<Rejection | undefined>
  /** Watches what the pod refers to while it is here. */
  readonly hold: (pod: Pod, onChange: () => void) => void
  readonly release: (podUid: string) => void
  /** Nothing of a pod is left on the node. */
  readonly onCleared: (podUid: string) => void
}

/** One worker for each pod of the node: those of the API, and those that only the runtime still knows. */
export class PodWorkers {
  readonly #options: PodWorkersOptions
  readonly #workers = new Map<string, PodWorker>()
  readonly #disposals: (() => void)[] = []

  constructor(options: PodWorkersOptions) {
    this.#options = options
  }

  /** Begins with the pods of the API; once all of them are known, what else runs is cleared away. */
  async start(): Promise<void> {
    const { context, pods } = this.#options
    this.#disposals.push(
      context.runtime.onPodChange((uid) => this.#workers.get(uid)?.wake()),
      context.probes.onChange((uid) => this.#workers.get(uid)?.refreshStatus()),
      pods.onChange((pod, old) => this.#take(pod, old)),
    )
    await pods.whenSynced()
    await this.#adoptOrphans()
  }

  get(podUid: string): PodWorker | undefined {
    return this.#workers.get(podUid)
  }

  /** The worker of a pod by its name. */
  find(namespace: string, name: string): PodWorker | undefined {
    for (const worker of this.#workers.values()) {
      const { metadata } = worker.pod
      if (metadata?.name === name && metadata.namespace === namespace) return worker
    }
    return undefined
  }

  all(): readonly PodWorker[] {
    return [...this.#workers.values()]
  }

  /** Something that many pods wait for (the network, services) has come. */
  wakeAll(): void {
    for (const worker of this.#workers.values()) worker.retryNow()
  }

  stop(): void {
    for (const dispose of this.#disposals) dispose()
    for (const worker of this.#workers.values()) worker.stop()
  }

  #take(pod: Pod | undefined, old: Pod | undefined): void {
    const uid = pod?.metadata?.uid
    if (old?.metadata?.uid !== undefined && old.metadata.uid !== uid) {
      this.#workers.get(old.metadata.uid)?.removed()
    }
    if (pod === undefined || uid === undefined) return
    const existing = this.#workers.get(uid)
    if (existing === undefined) this.#begin(pod, false)
    else {
      if (old?.metadata?.generation !== pod.metadata?.generation) this.#hold(pod)
      existing.update(pod)
    }
  }

  #begin(pod: Pod, gone: boolean): void {
    const { context, admit, release, onCleared } = this.#options
    const uid = pod.metadata?.uid ?? ''
    const worker = new PodWorker({
      context,
      pod,
      gone,
      admit,
      onCleared: () => {
        this.#workers.delete(uid)
        release(uid)
        onCleared(uid)
      },
    })
    this.#workers.set(uid, worker)
    if (!gone) this.#hold(pod)
    worker.wake()
  }

  #hold(pod: Pod): void {
    const uid = pod.metadata?.uid ?? ''
    this.#options.hold(pod, () => this.#workers.get(uid)?.objectsChanged())
  }

  async #adoptOrphans(): Promise<void> {
    const { context } = this.#options
    const sandboxes = await context.runtime.listPodSandbox({})
    for (const { labels } of sandboxes) {
      const uid = labels[podUidLabel]
      if (uid === undefined || this.#workers.has(uid)) continue
      const observed = await observePod(context.runtime, uid, new Map(), async () => '')
      const containers = await context.runtime.listContainers({ labelSelector: { [podUidLabel]: uid } })
      if (this.#workers.has(uid)) continue
      const identity = {
        uid,
        name: labels[podNameLabel] ?? '',
        namespace: labels[podNamespaceLabel] ?? '',
      }
      context.metrics?.foundOrphan()
      context.logger.info('a pod runs that the API does not have: it is cleared away', identity)
      this.#begin(restoredPod(identity, observed, containers), true)
    }
  }
}
