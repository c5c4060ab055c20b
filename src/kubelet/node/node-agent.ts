import { Node as nodeKind } from '../../api/core/node/kind.ts'
import type { core } from '../../api/generated/types/index.ts'
import { jsonEqual } from '../../apimachinery/json-equal.ts'
import { isStatus } from '../../apimachinery/status-error.ts'
import type { Host } from '../../base/host.ts'
import type { Logger } from '../../base/logger.ts'
import { messageOf } from '../../base/message-of.ts'
import { sleep } from '../../base/sleep.ts'
import type { Client } from '../../client/client.ts'
import type { PressureCondition } from '../eviction/thresholds.ts'
import type { RuntimeStatus } from '../runtime/messages.ts'
import type { Runtime } from '../runtime/runtime.ts'
import type { Machine, MachineInfo } from './machine.ts'
import { conditionChanges } from './node-conditions.ts'
import type { NodeEvent } from './node-events.ts'
import { type NodeSettings, type NodeView, nodeObject, nodeStatus } from './node-object.ts'

type Node = core.v1.Node
type NodeStatus = core.v1.NodeStatus

export interface NodeAgentOptions {
  readonly client: Client
  readonly host: Host
  readonly logger: Logger
  readonly nodeEvent: NodeEvent
  readonly runtime: Runtime
  readonly machine: Machine
  readonly settings: NodeSettings
  /** The runtime's network has come up or gone down. */
  readonly onNetworkChange: () => void
  /** What the machine is short of. */
  readonly pressing: () => ReadonlySet<PressureCondition>
  /** What the node has of devices. */
  readonly extended: () => NodeView['extended']
  /** Why the node is on its way out. */
  readonly shutdownError: () => string | undefined
}

/** Upstream's nodeStatusUpdateFrequency and nodeStatusReportFrequency. */
const defaultLookEveryMs = 10_000
const defaultReportEveryMs = 300_000
/** How soon to look again while the node is not ready. */
const unreadyLookMs = 100
const maxUnreadyLookMs = 1_000
const firstRetryMs = 100
const maxRetryMs = 7_000
const imageListEveryMs = 60_000

/** Registers the node and keeps its status true. */
export class NodeAgent {
  readonly #options: NodeAgentOptions
  readonly #abort = new AbortController()
  #node: Node | undefined
  #info: MachineInfo | undefined
  #runtimeVersion = ''
  #networkError: string | undefined = 'the container runtime has not been asked yet'
  #runtime: RuntimeStatus = { conditions: [], handlers: [] }
  #podCidr = ''
  #isSchedulable = true
  #reportedMs = Number.NEGATIVE_INFINITY
  #images: NodeStatus['images'] = []
  #imagesReadMs = Number.NEGATIVE_INFINITY
  #look = new AbortController()
  #lookedMs: number
  #done: Promise<void> = Promise.resolve()

  constructor(options: NodeAgentOptions) {
    this.#options = options
    this.#lookedMs = options.host.monotonicMs()
  }

  /** The node as last written or seen; undefined before it is registered. */
  get node(): Node | undefined {
    return this.#node
  }

  get networkError(): string | undefined {
    return this.#networkError
  }

  /** What the runtime last said of itself. */
  get runtimeStatus(): RuntimeStatus {
    return this.#runtime
  }

  /** When it last began to look at the node (monotonic). */
  get lookedMs(): number {
    return this.#lookedMs
  }

  /** Resolves when the node is registered. */
  async start(): Promise<void> {
    const { runtime, machine } = this.#options
    const [version, info] = await Promise.all([runtime.version(), machine.info()])
    this.#runtimeVersion = `${version.runtimeName}://${version.runtimeVersion}`
    this.#info = info
    const { podCidr = '' } = this.#options.settings
    if (podCidr !== '') await this.#usePodCidr(podCidr)
    await this.#register()
    this.#done = this.#keepStatus()
  }

  /** Takes in the node's newest state from the API. */
  see(node: Node): void {
    this.#node = node
    const isSchedulable = node.spec?.unschedulable !== true
    if (isSchedulable !== this.#isSchedulable) {
      this.#isSchedulable = isSchedulable
      this.#tell(isSchedulable ? 'NodeSchedulable' : 'NodeNotSchedulable')
    }
    const podCidr = node.spec?.podCIDR ?? ''
    if (podCidr !== '' && podCidr !== this.#podCidr) void this.#usePodCidr(podCidr)
  }

  /** Something that its status shows has changed: it is written at once. */
  lookNow(): void {
    this.#look.abort()
  }

  async stop(): Promise<void> {
    this.#abort.abort()
    this.#look.abort()
    await this.#done
  }

  async #usePodCidr(podCidr: string): Promise<void> {
    this.#podCidr = podCidr
    try {
      await this.#options.runtime.updatePodCidr(podCidr)
      this.#look.abort()
    } catch (error) {
      this.#options.logger.warn('the runtime did not take the pod CIDR', { podCidr, error: messageOf(error) })
    }
  }

  async #register(): Promise<void> {
    const { client, host, logger, settings } = this.#options
    const nodes = client.resource(nodeKind)
    let retryMs = firstRetryMs
    while (!this.#abort.signal.aborted) {
      try {
        if (settings.register === false) this.see(await nodes.get('', settings.nodeName))
        else {
          const wanted = await this.#initial()
          this.#tellConditions({}, wanted.status ?? {})
          this.see(await nodes.create(wanted).catch((error: unknown) => this.#adoptAfter(error)))
        }
        return
      } catch (error) {
        logger.warn('the node could not be registered', { node: settings.nodeName, error: messageOf(error) })
        await sleep(host, retryMs, this.#abort.signal)
        retryMs = Math.min(retryMs * 2, maxRetryMs)
      }
    }
  }

  async #initial(): Promise<Node> {
    const info = this.#info ?? (await this.#options.machine.info())
    return { ...nodeObject(this.#options.settings, info), status: await this.#status({}) }
  }

  /** The node is there from before: its labels follow, its taints stay. */
  async #adoptAfter(error: unknown): Promise<Node> {
    if (!isStatus(error, 'AlreadyExists')) throw error
    const { client, settings } = this.#options
    const nodes = client.resource(nodeKind)
    const existing = await nodes.get('', settings.nodeName)
    const wanted = (await this.#initial()).metadata
    const labels = Object.entries(wanted?.labels ?? {}).filter(
      ([key, value]) => existing.metadata?.labels?.[key] !== value,
    )
    if (labels.length === 0) return existing
    const patch = { metadata: { labels: Object.fromEntries(labels) } }
    return nodes.patch('', settings.nodeName, 'application/strategic-merge-patch+json', patch)
  }

  async #keepStatus(): Promise<void> {
    const { host, logger } = this.#options
    let unreadyMs = unreadyLookMs
    while (!this.#abort.signal.aborted) {
      let waitMs = this.#options.settings.statusEveryMs ?? defaultLookEveryMs
      this.#look = new AbortController()
      this.#lookedMs = host.monotonicMs()
      try {
        await this.#sync()
        if (this.#networkError === undefined) unreadyMs = unreadyLookMs
        else {
          waitMs = unreadyMs
          unreadyMs = Math.min(unreadyMs * 2, maxUnreadyLookMs)
        }
      } catch (error) {
        if (isStatus(error, 'NotFound')) await this.#register()
        else logger.warn('the node status could not be written', { error: messageOf(error) })
      }
      if (this.#abort.signal.aborted) return
      await sleep(host, waitMs, this.#look.signal)
    }
  }

  async #sync(): Promise<void> {
    const { host, client, settings, nodeEvent } = this.#options
    const previous = this.#node?.status ?? {}
    const status = await this.#status(previous)
    const due = host.monotonicMs() - this.#reportedMs >= (settings.reportEveryMs ?? defaultReportEveryMs)
    if (!due && jsonEqual(withoutHeartbeat(previous), withoutHeartbeat(status))) return
    const patch = { status: statusDifference(previous, status) }
    const nodes = client.resource(nodeKind)
    const written = await nodes.patch(
      '',
      settings.nodeName,
      'application/strategic-merge-patch+json',
      patch,
      {
        subresource: 'status',
      },
    )
    this.#reportedMs = host.monotonicMs()
    this.see(written)
    const { bootID = '' } = previous.nodeInfo ?? {}
    const booted = status.nodeInfo?.bootID ?? ''
    if (bootID !== '' && bootID !== booted) {
      const text = `Node ${settings.nodeName} has been rebooted, boot id: ${booted}`
      nodeEvent('Warning', 'Rebooted', text)
    }
    this.#tellConditions(previous, status)
  }

  #tellConditions(before: NodeStatus, now: NodeStatus): void {
    for (const reason of conditionChanges(before.conditions ?? [], now.conditions ?? [])) this.#tell(reason)
  }

  #tell(reason: string): void {
    const { nodeEvent, settings } = this.#options
    nodeEvent('Normal', reason, `Node ${settings.nodeName} status is now: ${reason}`)
  }

  async #status(previous: NodeStatus): Promise<NodeStatus> {
    const { host, machine, runtime, settings } = this.#options
    const info = this.#info ?? (await machine.info())
    const lookMs = host.monotonicMs()
    const readImages = lookMs - this.#imagesReadMs >= imageListEveryMs
    const [state, runtimeStatus, images] = await Promise.all([
      machine.state(),
      runtime.status().catch((error: unknown) => messageOf(error)),
      readImages ? runtime.listImages().catch(() => []) : [],
    ])
    if (typeof runtimeStatus !== 'string') this.#runtime = runtimeStatus
    const errors = this.#errors(runtimeStatus)
    const view = {
      settings,
      info,
      state,
      runtimeVersion: this.#runtimeVersion,
      runtime: this.#runtime,
      images,
      errors,
      pressing: this.#options.pressing(),
      extended: this.#options.extended(),
      previous,
      nowMs: host.now(),
    }
    const status = nodeStatus(view)
    if (readImages) {
      this.#images = status.images
      this.#imagesReadMs = lookMs
    }
    return { ...status, images: this.#images ?? [] }
  }

  /** Why the node is not ready; remembers whether pods can have a network. */
  #errors(status: RuntimeStatus | string): readonly string[] {
    const before = this.#networkError
    const errors: string[] = []
    const unmet = (type: string): string | undefined => {
      if (typeof status === 'string') return undefined
      const found = status.conditions.find((condition) => condition.type === type)
      if (found?.status === true) return undefined
      const { reason = '', message = '' } = found ?? {}
      return `${type}=false reason:${reason} message:${message}`
    }
    if (typeof status === 'string') {
      errors.push(`container runtime is down: ${status}`)
      this.#networkError = status
    } else {
      const runtimeError = unmet('RuntimeReady')
      const networkError = unmet('NetworkReady')
      if (runtimeError !== undefined) errors.push(`container runtime not ready: ${runtimeError}`)
      this.#networkError =
        networkError === undefined ? undefined : `container runtime network not ready: ${networkError}`
      if (this.#networkError !== undefined) errors.push(this.#networkError)
    }
    if ((before === undefined) !== (this.#networkError === undefined)) this.#options.onNetworkChange()
    const shutdownError = this.#options.shutdownError()
    if (shutdownError !== undefined) errors.push(shutdownError)
    return errors
  }
}

/** What is reported at once where it differs. The server leaves out a list that holds nothing. */
const withoutHeartbeat = (status: NodeStatus): NodeStatus => ({
  ...status,
  images: status.images ?? [],
  conditions: (status.conditions ?? []).map(({ lastHeartbeatTime: _, ...condition }) => condition),
})

/** Top-level fields that differ; lists that a strategic merge would merge by key are replaced where entries went. */
function statusDifference(previous: NodeStatus, next: NodeStatus): Readonly<Record<string, unknown>> {
  const patch: Record<string, unknown> = {}
  for (const [field, value] of Object.entries(next)) {
    const before: unknown = Object.entries(previous).find(([name]) => name === field)?.[1]
    if (field !== 'conditions' && !jsonEqual(before, value)) patch[field] = value
  }
  if (patch.addresses !== undefined && (previous.addresses ?? []).length > 0) {
    patch.addresses = [{ $patch: 'replace' }, ...(next.addresses ?? [])]
  }
  for (const field of ['capacity', 'allocatable'] as const)
    if (patch[field] !== undefined)
      patch[field] = { ...goneKeys(previous[field], next[field]), ...next[field] }
  return { ...patch, conditions: next.conditions }
}

/** What a merge has to be told to take away. */
const goneKeys = (previous: object = {}, next: object = {}): Readonly<Record<string, null>> =>
  Object.fromEntries(
    Object.keys(previous)
      .filter((key) => !Object.hasOwn(next, key))
      .map((key) => [key, null]),
  )
