import type { coordination, core } from '../../api/generated/types/index.ts'
import { isStatus } from '../../apimachinery/status-error.ts'
import { formatMicroTime } from '../../apimachinery/time.ts'
import type { Host } from '../../base/host.ts'
import type { Logger } from '../../base/logger.ts'
import { messageOf } from '../../base/message-of.ts'
import { sleep } from '../../base/sleep.ts'
import type { Client } from '../../client/client.ts'
import { renewLease } from '../../reconcile/renew-lease.ts'

type Lease = coordination.v1.Lease

export interface NodeLeaseOptions {
  readonly client: Client
  readonly host: Host
  readonly logger: Logger
  readonly nodeName: string
  /** Upstream's default where undefined; renewed at a quarter of it. */
  readonly durationSeconds: number | undefined
  /** Its owner, once it is registered. */
  readonly node: () => core.v1.Node | undefined
}

const namespace = 'kube-node-lease'
/** Upstream's nodeLeaseDurationSeconds. */
const defaultDurationSeconds = 40
const renewEveryShare = 0.25
const firstRetryMs = 200
const maxRetryMs = 7_000

/** Tells the cluster every so often that the node is alive (KEP-589). */
export class NodeLease {
  readonly #options: NodeLeaseOptions
  readonly #durationSeconds: number
  readonly #abort = new AbortController()
  #lease: Lease | undefined
  #done: Promise<void> = Promise.resolve()

  constructor(options: NodeLeaseOptions) {
    this.#options = options
    this.#durationSeconds = options.durationSeconds ?? defaultDurationSeconds
  }

  start(): void {
    this.#done = this.#renew()
  }

  async stop(): Promise<void> {
    this.#abort.abort()
    await this.#done
  }

  async #renew(): Promise<void> {
    const { client, host, logger, nodeName } = this.#options
    const own = { client, namespace, name: nodeName, renewed: (lease: Lease) => this.#renewed(lease) }
    let retryMs = firstRetryMs
    while (!this.#abort.signal.aborted) {
      let waitMs = this.#durationSeconds * 1000 * renewEveryShare
      try {
        this.#lease = await renewLease(own, this.#lease)
        retryMs = firstRetryMs
      } catch (error) {
        // The next attempt reads it anew, or finds that it must be made.
        this.#lease = undefined
        waitMs = retryMs
        retryMs = Math.min(retryMs * 2, maxRetryMs)
        if (!isStatus(error, 'Conflict', 'NotFound')) {
          logger.warn('the node lease could not be renewed', { node: nodeName, error: messageOf(error) })
        }
      }
      await sleep(host, waitMs, this.#abort.signal)
    }
  }

  #renewed(lease: Lease): Lease {
    const { host, node, nodeName } = this.#options
    const owner = node()?.metadata
    const owned = owner?.uid !== undefined && (lease.metadata?.ownerReferences ?? []).length === 0
    return {
      ...lease,
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: {
        ...lease.metadata,
        name: nodeName,
        namespace,
        ...(owned
          ? { ownerReferences: [{ apiVersion: 'v1', kind: 'Node', name: nodeName, uid: owner.uid }] }
          : {}),
      },
      spec: {
        ...lease.spec,
        holderIdentity: nodeName,
        leaseDurationSeconds: this.#durationSeconds,
        renewTime: formatMicroTime(host.now()),
      },
    }
  }
}
