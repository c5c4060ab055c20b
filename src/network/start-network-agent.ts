import { Node } from '../api/core/node/kind.ts'
import type { core } from '../api/generated/types/index.ts'
import { formatTime } from '../apimachinery/time.ts'
import { type RunProgram, runProgram } from '../base/host/run-program.ts'
import type { Host, Timer } from '../base/host.ts'
import type { Logger } from '../base/logger.ts'
import type { Client } from '../client/client.ts'
import type { InformerFactory } from '../client/informer.ts'
import { internalIpOf, podCidrsOf } from './peer-routes.ts'
import { PodNetwork, type PodNetworkOptions } from './pod-network.ts'

export interface NetworkAgentOptions {
  readonly client: Client
  readonly informers: InformerFactory
  readonly host: Host
  readonly logger: Logger
  readonly nodeName: string
  /** The node's InternalIP, an address of one of its interfaces. */
  readonly nodeAddress: string
  /** Unique on the machine, at most 32 letters, digits, `-` and `_`: it names the CNI network and an nftables table. */
  readonly networkName: string
  /** Addresses of all pods: `10.244.0.0/16`. */
  readonly clusterCidr: string
  /** Addresses of Services: `10.96.0.0/12`. */
  readonly serviceCidrs: readonly string[]
  /** The runtime's private CNI `conf_dir`; the plugins `ptp`, `host-local`, `portmap`, `bandwidth` and `loopback` are in its `bin_dir`. */
  readonly confDir: string
  /** A folder of the node, for the addresses that pods have. */
  readonly stateDir: string
  /** Where it is known before the Node says so. */
  readonly podCidr?: string
  readonly mtu?: number
  /** How programs are run; on the machine itself when absent. */
  readonly run?: RunProgram
}

export interface NetworkAgent {
  /** Resolves to the node's pod CIDR when pods can start; rejects when stopped before. */
  readonly ready: Promise<string>
  /** What it made stays, unless `cleanUp` says that the node's part of the cluster ends. */
  stop(options: { readonly cleanUp: boolean }): Promise<void>
}

const firstRetryMs = 200
const longestRetryMs = 30_000

/** What of a Node matters to routes; most of its changes are heartbeats. */
function placeOf(node: core.v1.Node | undefined): string {
  if (node === undefined) return ''
  return [node.metadata?.uid, internalIpOf(node), ...podCidrsOf(node)].join(' ')
}

/** Follows the Nodes, and brings the kernel's state after them, one step at a time. */
class Agent implements NetworkAgent {
  readonly #options: NetworkAgentOptions
  readonly #network: PodNetwork
  readonly #ready = Promise.withResolvers<string>()
  readonly #unsubscribe: () => void
  #podCidr: string | undefined
  #inForce: string | undefined
  /** The Node that says that its network is up. */
  #reportedUid: string | undefined
  #dirty = true
  #failures = 0
  #running: Promise<void> | undefined
  #retry: Timer | undefined
  #stopped = false

  constructor(options: NetworkAgentOptions) {
    this.#options = options
    const { informers, nodeName } = options
    const network: PodNetworkOptions = { ...options, run: options.run ?? runProgram }
    this.#network = new PodNetwork(network)
    this.#podCidr = options.podCidr
    this.#ready.promise.catch(() => {})
    this.#unsubscribe = informers.informer(Node).onChange((node, old) => {
      if (placeOf(node) === placeOf(old)) return
      if (node?.metadata?.name === nodeName) this.#podCidr = podCidrsOf(node)[0] ?? this.#podCidr
      this.#dirty = true
      this.#wake()
    })
    this.#wake()
  }

  get ready(): Promise<string> {
    return this.#ready.promise
  }

  async stop(options: { readonly cleanUp: boolean }): Promise<void> {
    this.#stopped = true
    this.#unsubscribe()
    this.#retry?.cancel()
    this.#ready.reject(new Error('the network agent is stopped'))
    await this.#running
    if (options.cleanUp) await this.#network.remove()
  }

  #wake(): void {
    if (this.#stopped || this.#running !== undefined || this.#retry !== undefined) return
    this.#running = this.#options.host.track(this.#turn()).finally(() => {
      this.#running = undefined
      if (this.#dirty) this.#wake()
    })
  }

  async #turn(): Promise<void> {
    const { informers, host, logger } = this.#options
    this.#dirty = false
    try {
      const podCidr = this.#podCidr
      if (podCidr !== undefined && podCidr !== this.#inForce) {
        await this.#network.setUp(podCidr)
        this.#inForce = podCidr
        this.#ready.resolve(podCidr)
        logger.info('pods get addresses', { podCidr })
      }
      if (this.#inForce !== undefined) await this.#report()
      if (this.#inForce !== undefined) await this.#network.routeServices()
      await this.#network.routeTo(informers.informer(Node).lister.list())
      this.#failures = 0
    } catch (error) {
      const retryMs = Math.min(firstRetryMs * 2 ** this.#failures++, longestRetryMs)
      logger.error('the pod network could not be set up', { retryMs, error })
      if (this.#stopped) return
      this.#retry = host.schedule(retryMs, () => {
        this.#retry = undefined
        this.#dirty = true
        this.#wake()
      })
    }
  }

  /** Says on the Node that its pods are reachable, as network add-ons do. */
  async #report(): Promise<void> {
    const { client, informers, nodeName, host, logger } = this.#options
    const uid = informers.informer(Node).lister.get('', nodeName)?.metadata?.uid
    // Not registered yet, where its CIDR was known beforehand.
    if (uid === undefined || uid === this.#reportedUid) return
    const now = formatTime(host.now())
    const condition = {
      type: 'NetworkUnavailable',
      status: 'False',
      reason: 'PodNetworkIsUp',
      message: 'pods of this node have addresses and routes',
      lastHeartbeatTime: now,
      lastTransitionTime: now,
    }
    const patch = { status: { conditions: [condition] } }
    try {
      const type = 'application/strategic-merge-patch+json'
      await client.resource(Node).patch('', nodeName, type, patch, { subresource: 'status' })
      this.#reportedUid = uid
    } catch (error) {
      logger.warn('the Node does not say that its network is up', { error })
    }
  }
}

/** Sets up the pod network of this node and keeps the routes to the others. Returns at once. */
export function startNetworkAgent(options: NetworkAgentOptions): NetworkAgent {
  return new Agent(options)
}
