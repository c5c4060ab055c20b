import { Namespace } from '../../src/api/core/namespace/kind.ts'
import { isStatus } from '../../src/apimachinery/status-error.ts'
import type { BenchCluster } from './bench-cluster.ts'
import type { Collector } from './collector.ts'
import type { Manifest } from './objects.ts'
import type { PodWatch } from './pod-watch.ts'

/** Creates pods; they need not have a node when it resolves. */
export type CreatePods = (manifest: Manifest, namespace: string, count: number) => Promise<void>

/** As many as upstream's workers. */
export const inFlight = 30

/** One workload's state, as its operations share it. */
export class Run {
  readonly cluster: BenchCluster
  readonly pods: PodWatch
  readonly collector: Collector
  readonly createPods: CreatePods
  /** Namespaces that were made, with the pods in them that nobody has waited for. */
  readonly awaited = new Map<string, number>()
  readonly #abort = new AbortController()
  readonly #beside: Promise<void>[] = []

  constructor(cluster: BenchCluster, pods: PodWatch, collector: Collector, createPods: CreatePods) {
    this.cluster = cluster
    this.pods = pods
    this.collector = collector
    this.createPods = createPods
  }

  /** Aborted when the last operation is over. */
  get signal(): AbortSignal {
    return this.#abort.signal
  }

  async ensureNamespace(name: string): Promise<void> {
    if (this.awaited.has(name)) return
    this.awaited.set(name, 0)
    try {
      await this.cluster.client.resource(Namespace).create({ metadata: { name } })
    } catch (error) {
      if (!isStatus(error, 'AlreadyExists')) throw error
    }
  }

  /** Work that goes on beside later operations. */
  beside(work: Promise<void>): void {
    this.#beside.push(work)
  }

  async end(): Promise<void> {
    this.#abort.abort()
    await Promise.all(this.#beside)
  }
}
