import { ProgramError, type RunProgram, runProgram } from '../../base/host/run-program.ts'
import type { Host, Timer } from '../../base/host.ts'
import type { Logger } from '../../base/logger.ts'
import type { Metrics } from '../../base/metrics.ts'
import type { InformerFactory } from '../../client/informer.ts'
import { compilePolicies, type PolicyWorld } from './compile-policies.ts'
import { InformedWorld, type NewPod } from './informed-world.ts'
import { createPolicyMetrics, type PolicyMetrics } from './policy-metrics.ts'
import { PolicyTable, type TableChange } from './policy-table.ts'
import { policyTableName, removePolicyTable } from './remove-policy-table.ts'
import type { TableContent } from './table-content.ts'

export interface PolicyAgentOptions {
  /** May list and watch NetworkPolicies, Pods and Namespaces of the whole cluster. */
  readonly informers: InformerFactory
  readonly host: Host
  readonly logger: Logger
  readonly metrics: Metrics
  readonly nodeName: string
  /** As of the network agent: it names the table. */
  readonly networkName: string
  /** Where each node answers for cluster DNS itself: pods may speak to it where they may speak to DNS' pods. */
  readonly dnsAddress?: string
  /** How programs are run; on the machine itself when absent. */
  readonly run?: RunProgram
}

export interface RunningPolicyAgent {
  /** Resolves when the policies are in force for the first time. */
  readonly inForce: Promise<void>
  /**
   * Resolves when what policies say of a new pod is in force for its addresses, at once where none selects it;
   * rejects where that takes too long. Addresses are asked for only where there are policies.
   */
  admit(pod: NewPod, addresses: () => Promise<readonly string[]>): Promise<void>
  /** Rules stay in force unless `cleanUp` says that the node's part of the cluster ends. */
  stop(options: { readonly cleanUp: boolean }): Promise<void>
}

/** A busy agent rests so many times as long as its last turn took, so that it never eats the node. */
const restPerWork = 4
const longestRestMs = 1_000
/** Changes that come together are written together. */
const shortestRestMs = 20
/** A look whether the table is still there: other programs flush the whole ruleset on a reload. */
const checkPeriodMs = 30_000
/** Thousands of pods on a slow machine take seconds. */
const transactionTimeoutMs = 60_000
/** A pod that cannot be isolated for so long is tried again from the beginning. */
const longestAdmissionMs = 20_000
const firstRetryMs = 100
const longestRetryMs = 30_000

/** Keeps the node's table in step with policies, pods and namespaces. One transaction at a time. */
class PolicyAgent implements RunningPolicyAgent {
  readonly #options: PolicyAgentOptions
  readonly #run: RunProgram
  readonly #world: InformedWorld
  readonly #metrics: PolicyMetrics
  readonly #tableName: string
  readonly #table: PolicyTable
  readonly #first = Promise.withResolvers<void>()
  readonly #waiting = new Map<NewPod, () => void>()
  #running: Promise<void> | undefined
  #timer: Timer | undefined
  #dirty = false
  #needFull = true
  /** There is a table of ours. */
  #hasTable = false
  #failures = 0
  #notBeforeMs = 0
  #nextCheckMs = Number.POSITIVE_INFINITY
  #stopped = false

  constructor(options: PolicyAgentOptions) {
    this.#options = options
    this.#run = options.run ?? runProgram
    this.#metrics = createPolicyMetrics(options.metrics)
    this.#tableName = policyTableName(options.networkName)
    this.#table = new PolicyTable(this.#tableName)
    this.#first.promise.catch(() => {})
    const changed = (): void => {
      this.#dirty = true
      this.#wake()
    }
    this.#world = new InformedWorld({ ...options, changed })
  }

  get inForce(): Promise<void> {
    return this.#first.promise
  }

  async admit(pod: NewPod, addresses: () => Promise<readonly string[]>): Promise<void> {
    const { host } = this.#options
    const late = Promise.withResolvers<never>()
    const timer = host.schedule(longestAdmissionMs, () =>
      late.reject(new Error('the rules of network policies are not in force yet')),
    )
    const over = new AbortController()
    try {
      await Promise.race([this.#isolated(pod, addresses, over.signal), late.promise])
    } catch (error) {
      this.#world.takeAddresses(pod)
      throw error
    } finally {
      over.abort()
      timer.cancel()
      this.#waiting.delete(pod)
    }
  }

  /** `over`: nobody waits any more, and the addresses may be those of a sandbox that is gone. */
  async #isolated(
    pod: NewPod,
    addresses: () => Promise<readonly string[]>,
    over: AbortSignal,
  ): Promise<void> {
    await this.#first.promise
    if (over.aborted || !this.#world.followsPods) return
    const known = await addresses()
    if (over.aborted) return
    this.#world.giveAddresses(pod, known)
    if (this.#world.isSelected(pod) === false) return
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#waiting.set(pod, resolve)
    this.#dirty = true
    this.#wake()
    await promise
  }

  async stop({ cleanUp }: { readonly cleanUp: boolean }): Promise<void> {
    this.#stopped = true
    this.#world.stop()
    this.#timer?.cancel()
    this.#first.reject(new Error('the agent of network policies is stopped'))
    await this.#running
    if (cleanUp) await removePolicyTable(this.#options.networkName, this.#run)
  }

  #wake(): void {
    if (this.#stopped || this.#running !== undefined) return
    const { host } = this.#options
    const idleUntilMs = Math.min(this.#nextCheckMs, this.#table.nextStaleChainAtMs ?? this.#nextCheckMs)
    const atMs = this.#dirty ? this.#notBeforeMs : Math.max(this.#notBeforeMs, idleUntilMs)
    this.#timer?.cancel()
    if (atMs === Number.POSITIVE_INFINITY) return
    this.#timer = host.schedule(Math.max(atMs - host.monotonicMs(), 0), () => {
      this.#timer = undefined
      this.#running = host.track(this.#turn()).finally(() => {
        this.#running = undefined
        this.#wake()
      })
    })
  }

  async #turn(): Promise<void> {
    const { host, logger } = this.#options
    const startMs = host.monotonicMs()
    try {
      await this.#check(startMs)
      await this.#apply(this.#table.sweep(startMs))
      const { world } = this.#world
      if (this.#dirty && world !== undefined) {
        this.#dirty = false
        const known = [...this.#waiting].filter(([pod]) => this.#world.isSelected(pod) !== undefined)
        await this.#sync(world)
        for (const [, admitted] of known) admitted()
        this.#metrics.syncSeconds.observe((host.monotonicMs() - startMs) / 1000)
        this.#first.resolve()
      }
      this.#failures = 0
      const endMs = host.monotonicMs()
      const restMs = Math.min((endMs - startMs) * restPerWork, longestRestMs)
      this.#notBeforeMs = endMs + Math.max(restMs, shortestRestMs)
    } catch (error) {
      this.#metrics.syncFailures.inc()
      this.#dirty = true
      this.#needFull = true
      const retryMs = Math.min(firstRetryMs * 2 ** this.#failures++, longestRetryMs)
      this.#notBeforeMs = host.monotonicMs() + retryMs
      logger.error('the rules of network policies could not be written', { retryMs, error })
    }
  }

  async #sync(world: PolicyWorld): Promise<void> {
    const content = compilePolicies(world)
    this.#count(world, content)
    if (this.#needFull || content === undefined || !this.#hasTable) {
      if (!this.#needFull && content === undefined && !this.#hasTable) return
      await this.#apply(this.#table.full(content))
      this.#needFull = false
      this.#hasTable = content !== undefined
    } else await this.#apply(this.#table.incremental(content, this.#options.host.monotonicMs()))
    this.#nextCheckMs = this.#hasTable
      ? this.#options.host.monotonicMs() + checkPeriodMs
      : Number.POSITIVE_INFINITY
  }

  async #apply(change: TableChange | undefined): Promise<void> {
    if (change === undefined) return
    const { commands } = change
    if (commands.length > 0) {
      const input = `${commands.join('\n')}\n`
      await this.#run('nft', ['-f', '-'], { input, timeoutMs: transactionTimeoutMs })
    }
    change.commit()
  }

  async #check(nowMs: number): Promise<void> {
    if (nowMs < this.#nextCheckMs) return
    this.#nextCheckMs = nowMs + checkPeriodMs
    if (await this.#isThere()) return
    this.#options.logger.warn('the table of network policies was removed by someone else; it is written anew')
    this.#needFull = true
    this.#dirty = true
  }

  async #isThere(): Promise<boolean> {
    try {
      await this.#run('nft', ['list', 'chain', ...this.#tableName.split(' '), 'forward'])
      return true
    } catch (error) {
      if (error instanceof ProgramError && error.exitCode !== undefined) return false
      throw error
    }
  }

  #count({ policies }: PolicyWorld, content: TableContent | undefined): void {
    this.#metrics.policies.set(policies.length)
    for (const direction of ['ingress', 'egress']) {
      const sizes = ['4', '6'].map(
        (family) => content?.containers.get(`${direction}-${family}`)?.elements.size ?? 0,
      )
      this.#metrics.isolatedAddresses.set(
        sizes.reduce((a, b) => a + b),
        [direction],
      )
    }
  }
}

/** Enforces NetworkPolicies on this node's pods, in a table of nftables of its own. Returns at once. */
export function startPolicyAgent(options: PolicyAgentOptions): RunningPolicyAgent {
  return new PolicyAgent(options)
}
