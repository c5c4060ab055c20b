import type { Host } from '../../base/host.ts'
import type { Logger } from '../../base/logger.ts'
import { messageOf } from '../../base/message-of.ts'
import { sleep } from '../../base/sleep.ts'
import type { PodMetrics } from '../metrics/pod-metrics.ts'
import type { NodeEvent } from '../node/node-events.ts'
import type { Image } from '../runtime/messages.ts'
import type { Runtime } from '../runtime/runtime.ts'
import { imagesInUse, unusedImages } from './unused-images.ts'

/** When images that no container is made of are removed (https://kubernetes.io/docs/concepts/architecture/garbage-collection/#container-image-lifecycle). */
export interface ImagePolicy {
  /** How full the disk of images may be; 100: as full as it will. */
  readonly highPercent: number
  /** How full it is to be then. */
  readonly lowPercent: number
  /** An image that was first seen more recently stays. */
  readonly minAgeMs: number
  /** One that was not used for longer goes, whatever room there is; 0: none does. */
  readonly maxAgeMs: number
}

export const usualImagePolicy: ImagePolicy = {
  highPercent: 85,
  lowPercent: 80,
  minAgeMs: 2 * 60_000,
  maxAgeMs: 0,
}

export interface ImageCollectorOptions {
  readonly host: Host
  readonly logger: Logger
  readonly nodeEvent: NodeEvent
  readonly runtime: Pick<Runtime, 'listImages' | 'listContainers' | 'removeImage'>
  readonly policy?: ImagePolicy | undefined
  readonly keptImages: readonly string[]
  readonly metrics?: PodMetrics | undefined
  readonly disk: () => Promise<{ readonly bytes: number; readonly availableBytes: number }>
  /** The images that there are, as they were at a time. */
  readonly onPresent?: (ids: ReadonlySet<string>, atMs: number) => Promise<void>
}

interface Sighting {
  readonly firstSeenMs: number
  usedMs: number
}

const everyMs = 5 * 60_000

/** Removes images that nobody uses: those of old age, and, where their disk is nearly full, those that were used longest ago. */
export class ImageCollector {
  readonly #options: ImageCollectorOptions
  readonly #policy: ImagePolicy
  readonly #abort = new AbortController()
  /** By image id. */
  #sightings = new Map<string, Sighting>()
  #failedBefore = false
  #done: Promise<void> = Promise.resolve()

  constructor(options: ImageCollectorOptions) {
    this.#options = options
    this.#policy = options.policy ?? usualImagePolicy
  }

  start(): void {
    if (this.#policy.highPercent === 100 && this.#policy.maxAgeMs === 0) return
    this.#done = this.#keepCollecting()
  }

  async stop(): Promise<void> {
    this.#abort.abort()
    await this.#done
  }

  async #keepCollecting(): Promise<void> {
    const { host } = this.#options
    const beganMs = host.now()
    while (!this.#abort.signal.aborted) {
      await this.#tryCollecting(beganMs)
      await sleep(host, everyMs, this.#abort.signal)
    }
  }

  async #tryCollecting(beganMs: number): Promise<void> {
    try {
      await this.#collect(beganMs)
      this.#failedBefore = false
    } catch (error) {
      const message = messageOf(error)
      this.#options.logger.warn('images could not be collected', { error: message })
      if (this.#failedBefore) this.#options.nodeEvent('Warning', 'ImageGCFailed', message)
      this.#failedBefore = true
    }
  }

  async #collect(beganMs: number): Promise<void> {
    const { host, disk } = this.#options
    const { highPercent, lowPercent, maxAgeMs } = this.#policy
    const nowMs = host.now()
    let candidates = await this.#candidates(nowMs)
    if (maxAgeMs > 0 && nowMs - beganMs > maxAgeMs) {
      const isOld = ({ id }: Image): boolean => nowMs - (this.#sightings.get(id)?.usedMs ?? nowMs) > maxAgeMs
      for (const image of candidates.filter(isOld)) await this.#remove(image, 'age')
      candidates = candidates.filter((image) => !isOld(image))
    }
    const { bytes, availableBytes } = await disk()
    if (bytes === 0) {
      const message = 'invalid capacity 0 on image filesystem'
      this.#options.nodeEvent('Warning', 'InvalidDiskCapacity', message)
      throw new Error(message)
    }
    const usedPercent = 100 - Math.floor((Math.min(availableBytes, bytes) * 100) / bytes)
    if (usedPercent < highPercent) return
    const wanted = Math.floor((bytes * (100 - lowPercent)) / 100) - availableBytes
    const freed = await this.#free(candidates, wanted, nowMs)
    if (freed >= wanted) return
    const message =
      `Insufficient free disk space on the node's image filesystem (${usedPercent}% of ${sizeText(bytes)} used). ` +
      `Failed to free sufficient space by deleting unused images (freed ${freed} bytes). ` +
      'Investigate disk usage, as it could be used by active images, logs, volumes, or other data.'
    this.#options.nodeEvent('Warning', 'FreeDiskSpaceFailed', message)
    throw new Error(message)
  }

  /** What is unused now, those first that were used longest ago. */
  async #candidates(nowMs: number): Promise<readonly Image[]> {
    const { runtime, keptImages } = this.#options
    const [images, containers] = await Promise.all([runtime.listImages(), runtime.listContainers({})])
    await this.#options.onPresent?.(new Set(images.map(({ id }) => id)), nowMs)
    const unused = new Set(unusedImages(images, imagesInUse(containers), keptImages))
    const sightings = new Map<string, Sighting>()
    for (const image of images) {
      const seen = this.#sightings.get(image.id) ?? { firstSeenMs: nowMs, usedMs: 0 }
      sightings.set(image.id, unused.has(image) ? seen : { ...seen, usedMs: nowMs })
    }
    this.#sightings = sightings
    const rank = ({ id }: Image): Sighting => sightings.get(id) ?? { firstSeenMs: nowMs, usedMs: nowMs }
    return [...unused].sort(
      (a, b) => rank(a).usedMs - rank(b).usedMs || rank(a).firstSeenMs - rank(b).firstSeenMs,
    )
  }

  /** The bytes that were won. */
  async #free(candidates: readonly Image[], wanted: number, nowMs: number): Promise<number> {
    let freed = 0
    for (const image of candidates) {
      if (freed >= wanted) break
      const { firstSeenMs = nowMs } = this.#sightings.get(image.id) ?? {}
      if (nowMs - firstSeenMs < this.#policy.minAgeMs) continue
      await this.#remove(image, 'space')
      freed += image.size
    }
    return freed
  }

  async #remove({ id, size }: Image, reason: 'age' | 'space'): Promise<void> {
    this.#options.logger.info('an image that nobody uses is removed', { image: id, size })
    await this.#options.runtime.removeImage({ image: id })
    this.#sightings.delete(id)
    this.#options.metrics?.imageCollected(reason)
  }
}

const units = ['KiB', 'MiB', 'GiB', 'TiB']

/** `1.5 GiB`; `12 B`. */
function sizeText(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`
  const power = Math.min(Math.floor(Math.log2(bytes) / 10), units.length)
  return `${(bytes / 1024 ** power).toFixed(1)} ${units[power - 1] ?? ''}`
}
