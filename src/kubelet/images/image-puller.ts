import type { core } from '../../api/generated/types/index.ts'
import type { Host } from '../../base/host.ts'
import { messageOf } from '../../base/message-of.ts'
import { sleep } from '../../base/sleep.ts'
import type { NodeEvent } from '../node/node-events.ts'
import { BackOff } from '../pod/back-off.ts'
import type { Runtime } from '../runtime/runtime.ts'
import type { NodeCredentials } from './image-manager.ts'
import { parseImageName, withDefaultTag } from './image-name.ts'
import { pullCredentials } from './pull-credentials.ts'
import type { PullRecords } from './pull-records.ts'
import { tryCredentials } from './try-credentials.ts'

/** Names the images that a node is to have before a pod asks for them; between them commas, blanks or new lines. */
export const pullAnnotation = 'images.timonel.dev/pull'

/** How many names count. */
const maxImages = 1000

const imagesOf = ({ metadata }: core.v1.Node): readonly string[] => {
  const names = (metadata?.annotations?.[pullAnnotation] ?? '').split(/[\s,]+/).filter(Boolean)
  return [...new Set(names)].slice(0, maxImages)
}

export interface ImagePullerOptions {
  readonly host: Host
  readonly runtime: Pick<Runtime, 'imageStatus' | 'pullImage'>
  readonly nodeEvent: NodeEvent
  readonly records: PullRecords | undefined
  readonly nodeCredentials: NodeCredentials | undefined
}

/**
 * Pulls the images that the node's annotation names, each once and one after another, with the node's own credentials:
 * every pod may use them. One that cannot be pulled is tried again, later and later. They are collected as others are.
 */
export class ImagePuller {
  readonly #options: ImagePullerOptions
  readonly #backOff = new BackOff()
  readonly #abort = new AbortController()
  #text: string | undefined
  /** Those that are still to be looked for. */
  #wanted: readonly string[] = []
  #pulling: Promise<void> | undefined
  #news = new AbortController()

  constructor(options: ImagePullerOptions) {
    this.#options = options
  }

  /** The node as it is now. */
  see(node: core.v1.Node): void {
    const text = node.metadata?.annotations?.[pullAnnotation]
    if (text === this.#text) return
    this.#text = text
    this.#wanted = imagesOf(node)
    this.#news.abort()
    if (this.#wanted.length > 0) this.#pulling ??= this.#run()
  }

  async stop(): Promise<void> {
    this.#abort.abort()
    this.#news.abort()
    await this.#pulling
  }

  async #run(): Promise<void> {
    const { host } = this.#options
    while (this.#wanted.length > 0 && !this.#abort.signal.aborted) {
      this.#news = new AbortController()
      const waits = this.#wanted.map((image) => this.#backOff.remainingSinceStepMs(image, host.monotonicMs()))
      const waitMs = Math.min(...waits)
      const image = this.#wanted[waits.indexOf(waitMs)]
      if (waitMs > 0) await sleep(host, waitMs, this.#news.signal)
      else if (image !== undefined) await this.#pull(image)
    }
    // In the same turn as the last look at what is wanted: what comes later begins anew.
    this.#pulling = undefined
  }

  async #pull(image: string): Promise<void> {
    const { host, records, nodeEvent } = this.#options
    const done = (): void => {
      this.#wanted = this.#wanted.filter((name) => name !== image)
    }
    try {
      const spec = { image: withDefaultTag(image) }
      const { runtime, nodeCredentials } = this.#options
      if ((await runtime.imageStatus(spec)) !== undefined) return done()
      nodeEvent('Normal', 'Pulling', `Pulling image "${image}"`)
      const { repository } = parseImageName(spec.image)
      await records?.begin(image)
      try {
        await tryCredentials(
          runtime,
          spec,
          pullCredentials([], repository, await nodeCredentials?.(repository)),
        )
        const pulled = await runtime.imageStatus(spec)
        if (pulled === undefined) throw new Error(`image "${image}" vanished after its pull`)
        await records?.succeeded(image, pulled.id, undefined)
      } catch (error) {
        await records?.failed(image)
        throw error
      }
      nodeEvent('Normal', 'Pulled', `Successfully pulled image "${image}"`)
      done()
    } catch (error) {
      nodeEvent('Warning', 'Failed', `Failed to pull image "${image}": ${messageOf(error)}`)
      this.#backOff.step(image, host.monotonicMs(), host.monotonicMs())
    }
  }
}
