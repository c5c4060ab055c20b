import { isMirrorPod } from '../../api/core/pod/mirror-pod.ts'
import type { core } from '../../api/generated/types/index.ts'
import type { ChangeHandler } from '../../client/informer.ts'
import type { Feed } from '../sources/feed.ts'
import { fullName, type MirrorPods } from './mirror-pods.ts'

type Pod = core.v1.Pod

/** Tells all its pods each time that they change. */
export interface ManifestSource {
  /** Returns what ends it. */
  start(take: (pods: readonly Pod[]) => void): () => void
}

export interface PodFeedOptions {
  readonly api: Feed<Pod>
  readonly sources: readonly ManifestSource[]
  readonly mirrors: MirrorPods
}

/**
 * All pods of a node: those of the API but for mirrors, and those of its own manifests, which need no API. A manifest
 * that changed makes another pod, which waits until the one before has gone.
 */
export class PodFeed implements Feed<Pod> {
  readonly #options: PodFeedOptions
  readonly #bySource = new Map<ManifestSource, ReadonlyMap<string, Pod>>()
  /** Static pods that the node has, or still has, by their full names. */
  readonly #running = new Map<string, Pod>()
  readonly #leaving = new Set<string>()
  readonly #disposals: (() => void)[] = []
  readonly #read: Promise<void>
  #opened: () => void = () => {}
  readonly #whenOpened: Promise<void>
  #handler: ChangeHandler<Pod> = () => {}

  constructor(options: PodFeedOptions) {
    this.#options = options
    this.#whenOpened = new Promise((resolve) => {
      this.#opened = resolve
    })
    let waiting = options.sources.length
    this.#read = new Promise((resolve) => {
      if (waiting === 0) resolve()
      for (const source of options.sources) {
        let first = true
        const take = (pods: readonly Pod[]): void => {
          this.#take(source, pods)
          if (first && --waiting === 0) resolve()
          first = false
        }
        this.#disposals.push(source.start(take))
      }
    })
  }

  onChange(handler: ChangeHandler<Pod>): () => void {
    this.#handler = handler
    for (const pod of this.#running.values()) handler(pod, undefined)
    return () => this.stop()
  }

  /** The node is registered: the API's pods come, too. */
  open(): void {
    const { api, mirrors } = this.#options
    this.#disposals.push(
      api.onChange((pod, old) => {
        if (!isMirrorPod(pod ?? old ?? {})) this.#handler(pod, old)
        else mirrors.setMirror(pod, old)
      }),
    )
    this.#opened()
    void api.whenSynced().then(() => mirrors.open())
  }

  async whenSynced(): Promise<void> {
    await Promise.all([this.#read, this.#whenOpened.then(() => this.#options.api.whenSynced())])
  }

  /** Nothing of the pod is left on the node. */
  cleared(podUid: string): void {
    for (const [name, pod] of this.#running) {
      if (pod.metadata?.uid !== podUid) continue
      this.#running.delete(name)
      this.#leaving.delete(name)
      if (this.#wanted(name) === undefined) this.#options.mirrors.setStatic(undefined, pod)
      else this.#follow(name)
    }
  }

  stop(): void {
    for (const dispose of this.#disposals.splice(0)) dispose()
    this.#options.mirrors.stop()
  }

  #take(source: ManifestSource, pods: readonly Pod[]): void {
    const before = this.#bySource.get(source) ?? new Map<string, Pod>()
    const now = new Map(pods.map((pod) => [fullName(pod), pod]))
    this.#bySource.set(source, now)
    for (const name of new Set([...before.keys(), ...now.keys()])) this.#follow(name)
  }

  #wanted(name: string): Pod | undefined {
    for (const pods of this.#bySource.values()) {
      const pod = pods.get(name)
      if (pod !== undefined) return pod
    }
    return undefined
  }

  #follow(name: string): void {
    const [wanted, running] = [this.#wanted(name), this.#running.get(name)]
    if (running !== undefined) {
      if (running.metadata?.uid === wanted?.metadata?.uid || this.#leaving.has(name)) return
      this.#leaving.add(name)
      this.#handler(undefined, running)
    } else if (wanted !== undefined) {
      this.#running.set(name, wanted)
      this.#options.mirrors.setStatic(wanted, undefined)
      this.#handler(wanted, undefined)
    }
  }
}
