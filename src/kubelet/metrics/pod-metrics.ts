import type { Counter, Gauge, Histogram, Metrics } from '../../base/metrics.ts'
import { podFamilies as families } from './pod-families.ts'
import type { StartTimes } from './start-clock.ts'

export type SyncKind = 'create' | 'update' | 'sync' | 'kill'
export type ContainerType = 'container' | 'init_container' | 'ephemeral_container'

const mebibyte = 1024 ** 2
const gibibyte = 1024 ** 3
/** From how many bytes on an image counts as how large. */
const imageSizes: readonly (readonly [fromBytes: number, label: string])[] = [
  [100 * gibibyte, 'GT100GB'],
  [60 * gibibyte, '60GB-100GB'],
  [40 * gibibyte, '40GB-60GB'],
  [30 * gibibyte, '30GB-40GB'],
  [20 * gibibyte, '20GB-30GB'],
  [10 * gibibyte, '10GB-20GB'],
  [5 * gibibyte, '5GB-10GB'],
  [gibibyte, '1GB-5GB'],
  [500 * mebibyte, '500MB-1GB'],
  [100 * mebibyte, '100MB-500MB'],
  [10 * mebibyte, '10MB-100MB'],
  [0, '0-10MB'],
]

export const imageSizeLabel = (bytes: number): string =>
  imageSizes.find(([from]) => bytes >= from)?.[1] ?? '0-10MB'

/** What workers do with pods. Times are in milliseconds. */
export class PodMetrics {
  readonly #syncs: Histogram
  readonly #workerStarts: Histogram
  readonly #containersPerPod: Histogram
  readonly #starts: Histogram
  readonly #totalStarts: Histogram
  readonly #sliStarts: Histogram
  readonly #firstStart: Gauge
  readonly #statuses: Histogram
  readonly #pulls: Histogram
  readonly #pods: Counter
  readonly #podErrors: Counter
  readonly #userPods: Counter
  readonly #userPodErrors: Counter
  readonly #containers: Counter
  readonly #containerErrors: Counter
  readonly #collected: Counter
  readonly #rejections: Counter
  readonly #orphans: Counter
  #sawNetworkPod = false

  constructor(metrics: Metrics) {
    this.#syncs = metrics.histogram(families.syncs)
    this.#workerStarts = metrics.histogram(families.workerStarts)
    this.#containersPerPod = metrics.histogram(families.containersPerPod)
    this.#starts = metrics.histogram(families.starts)
    this.#totalStarts = metrics.histogram(families.totalStarts)
    this.#sliStarts = metrics.histogram(families.sliStarts)
    this.#firstStart = metrics.gauge(families.firstStart)
    this.#statuses = metrics.histogram(families.statuses)
    this.#pulls = metrics.histogram(families.pulls)
    this.#pods = metrics.counter(families.pods)
    this.#podErrors = metrics.counter(families.podErrors)
    this.#userPods = metrics.counter(families.userPods)
    this.#userPodErrors = metrics.counter(families.userPodErrors)
    this.#containers = metrics.counter(families.containers)
    this.#containerErrors = metrics.counter(families.containerErrors)
    this.#collected = metrics.counter(families.collected)
    this.#rejections = metrics.counter(families.rejections)
    this.#orphans = metrics.counter(families.orphans)
  }

  synced(kind: SyncKind, tookMs: number): void {
    this.#syncs.observe(tookMs / 1000, [kind])
  }

  /** The node has got a pod; so long after it was seen its worker begins. */
  began(containers: number, afterMs: number): void {
    this.#workerStarts.observe(afterMs / 1000)
    this.#containersPerPod.observe(containers)
  }

  /** Its phase is Running for the first time. */
  runs(sinceSeenMs: number): void {
    this.#starts.observe(sinceSeenMs / 1000)
  }

  /** The API shows that all its containers have started. */
  started({ totalMs, ownMs }: StartTimes, hasNetwork: boolean): void {
    this.#totalStarts.observe(totalMs / 1000)
    if (ownMs === undefined) return
    this.#sliStarts.observe(ownMs / 1000)
    if (!hasNetwork || this.#sawNetworkPod) return
    this.#sawNetworkPod = true
    this.#firstStart.set(ownMs / 1000)
  }

  statusWritten(afterMs: number): void {
    this.#statuses.observe(afterMs / 1000)
  }

  pulled(bytes: number, tookMs: number): void {
    this.#pulls.observe(tookMs / 1000, [imageSizeLabel(bytes)])
  }

  /** A sandbox is about to be made. */
  startsPod(hasUserNamespace: boolean): void {
    this.#pods.inc()
    if (hasUserNamespace) this.#userPods.inc()
  }

  podFailed(hasUserNamespace: boolean): void {
    this.#podErrors.inc()
    if (hasUserNamespace) this.#userPodErrors.inc()
  }

  startsContainer(type: ContainerType): void {
    this.#containers.inc([type])
  }

  /** `code`: the reason that its status shows. */
  containerFailed(type: ContainerType, code: string): void {
    this.#containerErrors.inc([type, code])
  }

  imageCollected(reason: 'age' | 'space'): void {
    this.#collected.inc([reason])
  }

  rejected(reason: string): void {
    this.#rejections.inc([reason])
  }

  foundOrphan(): void {
    this.#orphans.inc()
  }
}
