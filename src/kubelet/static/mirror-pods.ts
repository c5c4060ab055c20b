import { Pod as podKind } from '../../api/core/pod/kind.ts'
import { mirrorAnnotation } from '../../api/core/pod/mirror-pod.ts'
import type { core } from '../../api/generated/types/index.ts'
import { isStatus } from '../../apimachinery/status-error.ts'
import type { Host, Timer } from '../../base/host.ts'
import type { Logger } from '../../base/logger.ts'
import { messageOf } from '../../base/message-of.ts'
import type { Client } from '../../client/client.ts'
import { hashAnnotation } from './static-annotations.ts'

type Pod = core.v1.Pod

export interface MirrorPodsOptions {
  readonly client: Client
  readonly host: Host
  readonly logger: Logger
  /** The registered node; undefined before. */
  readonly node: () => core.v1.Node | undefined
  /** A static pod's mirror is now this, or gone. */
  readonly onMirror: (staticUid: string, mirror: Pod | undefined) => void
}

const firstRetryMs = 1_000
const maxRetryMs = 60_000

export const fullName = ({ metadata }: Pod): string => `${metadata?.namespace ?? ''}/${metadata?.name ?? ''}`

/** Shows static pods in the API: each has a mirror there, which comes again when somebody deletes it. */
export class MirrorPods {
  readonly #options: MirrorPodsOptions
  readonly #static = new Map<string, Pod>()
  readonly #mirrors = new Map<string, Pod>()
  readonly #busy = new Set<string>()
  readonly #retries = new Map<string, { readonly timer: Timer; readonly delayMs: number }>()
  #knowsApi = false
  #stopped = false

  constructor(options: MirrorPodsOptions) {
    this.#options = options
  }

  /** The API's pods are known, and the node is registered: what is missing there is made. */
  open(): void {
    this.#knowsApi = true
    for (const name of new Set([...this.#static.keys(), ...this.#mirrors.keys()])) this.#reconcile(name)
  }

  /** Takes in a static pod, or by its old state that it has gone. */
  setStatic(pod: Pod | undefined, old: Pod | undefined): void {
    const name = fullName(pod ?? old ?? {})
    if (pod !== undefined) this.#static.set(name, pod)
    else if (this.#static.get(name)?.metadata?.uid === old?.metadata?.uid) this.#static.delete(name)
    const mirror = this.#mirrors.get(name)
    if (pod !== undefined && mirror !== undefined) this.#tell(pod, mirror)
    this.#reconcile(name)
  }

  /** Takes in a mirror pod from the API. */
  setMirror(pod: Pod | undefined, old: Pod | undefined): void {
    const name = fullName(pod ?? old ?? {})
    if (pod === undefined) this.#mirrors.delete(name)
    else this.#mirrors.set(name, pod)
    const shown = this.#static.get(name)
    if (shown !== undefined) this.#tell(shown, pod)
    this.#reconcile(name)
  }

  stop(): void {
    this.#stopped = true
    for (const { timer } of this.#retries.values()) timer.cancel()
  }

  #tell(shown: Pod, mirror: Pod | undefined): void {
    const current = mirror !== undefined && isMirrorOf(mirror, shown) ? mirror : undefined
    this.#options.onMirror(shown.metadata?.uid ?? '', current)
  }

  #reconcile(name: string): void {
    if (!this.#knowsApi || this.#stopped || this.#busy.has(name)) return
    this.#retries.get(name)?.timer.cancel()
    this.#busy.add(name)
    void this.#work(name)
  }

  async #work(name: string): Promise<void> {
    const { host, logger } = this.#options
    // What changes within one turn is looked at once.
    await host.nextTurn()
    try {
      while (!this.#stopped && (await this.#step(name)));
      this.#retries.delete(name)
    } catch (error) {
      const delayMs = Math.min((this.#retries.get(name)?.delayMs ?? firstRetryMs / 2) * 2, maxRetryMs)
      logger.warn('a mirror pod could not be written', { pod: name, error: messageOf(error) })
      this.#retries.set(name, { delayMs, timer: host.schedule(delayMs, () => this.#reconcile(name)) })
    } finally {
      this.#busy.delete(name)
    }
  }

  /** One write, where one is due. */
  async #step(name: string): Promise<boolean> {
    const [shown, mirror] = [this.#static.get(name), this.#mirrors.get(name)]
    const isWrong =
      mirror !== undefined &&
      (shown === undefined || !isMirrorOf(mirror, shown) || mirror.metadata?.deletionTimestamp !== undefined)
    if (isWrong) {
      await this.#delete(mirror)
      // The watch says so later.
      if (this.#mirrors.get(name) === mirror) this.#mirrors.delete(name)
      return true
    }
    if (shown === undefined || mirror !== undefined) return false
    const node = this.#options.node()
    if (node === undefined || node.metadata?.deletionTimestamp !== undefined) return false
    const made = await this.#create(shown, node)
    const isNews = !this.#mirrors.has(name)
    if (isNews) this.setMirror(made, undefined)
    return isNews
  }

  async #delete({ metadata }: Pod): Promise<void> {
    const { namespace = '', name = '', uid = '' } = metadata ?? {}
    try {
      const options = { gracePeriodSeconds: 0, preconditions: { uid } }
      await this.#options.client.resource(podKind).delete(namespace, name, options)
    } catch (error) {
      if (!isStatus(error, 'NotFound') && !isStatus(error, 'Conflict')) throw error
    }
  }

  /** A mirror from before the agent's start is taken as it is: its hash says whose it is. */
  async #create(pod: Pod, node: core.v1.Node): Promise<Pod> {
    const { client } = this.#options
    const { metadata = {}, spec } = pod
    const { name = '', namespace = '', labels, annotations = {} } = metadata
    const owner = { apiVersion: 'v1', kind: 'Node', name: node.metadata?.name ?? '' }
    const mirror: Pod = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: {
        ...{ name, namespace, ...(labels === undefined ? {} : { labels }) },
        annotations: { ...annotations, [mirrorAnnotation]: annotations[hashAnnotation] ?? '' },
        ownerReferences: [{ ...owner, uid: node.metadata?.uid ?? '', controller: true }],
      },
      ...(spec === undefined ? {} : { spec }),
    }
    const pods = client.resource(podKind)
    try {
      return await pods.create(mirror)
    } catch (error) {
      if (!isStatus(error, 'AlreadyExists')) throw error
      return pods.get(namespace, name)
    }
  }
}

const isMirrorOf = (mirror: Pod, { metadata }: Pod): boolean =>
  mirror.metadata?.annotations?.[mirrorAnnotation] === metadata?.annotations?.[hashAnnotation]
