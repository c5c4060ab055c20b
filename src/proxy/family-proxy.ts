import type { core, discovery } from '../api/generated/types/index.ts'
import type { RunProgram } from '../base/host/run-program.ts'
import type { Host, Timer } from '../base/host.ts'
import type { Logger } from '../base/logger.ts'
import type { Lister } from '../client/informer.ts'
import { type BaseRulesOptions, baseCommands, tableOf } from './base-rules.ts'
import type { Place } from './choose-endpoints.ts'
import { type CompileOptions, compileService } from './compile-service.ts'
import { ConntrackCleaner } from './conntrack-cleaner.ts'
import { endpointsByPort, portKey } from './endpoint.ts'
import type { HealthState } from './health.ts'
import { familyWords, type IpFamily } from './ip-family.ts'
import { NftTable } from './nft-table.ts'
import type { ProxyMetrics } from './proxy-metrics.ts'
import type { RuleFragment } from './rule-fragment.ts'
import { RuleState } from './rule-state.ts'
import { type ServicePort, servicePorts } from './service-port.ts'

export const slicesOfService = 'proxy/service'

export interface FamilyProxyOptions {
  readonly family: IpFamily
  readonly services: Lister<core.v1.Service>
  /** With the index `slicesOfService`. */
  readonly slices: Lister<discovery.v1.EndpointSlice>
  readonly base: Omit<BaseRulesOptions, 'family' | 'serviceCidrs'>
  readonly nodeName: string
  readonly nodeAddress: string
  /** Least time from the start of one transaction to the next. */
  readonly minSyncPeriodMs: number
  readonly host: Host
  readonly logger: Logger
  readonly metrics: ProxyMetrics
  readonly health: HealthState
  readonly run: RunProgram
}

/** A busy proxy rests so many times as long as its last transaction took, so that it never eats the node. */
const restPerWork = 4

/** No change waits longer for another one's sake: upstream's least time between two transactions. */
const longestRestMs = 1_000

/** Upstream's: everything is written anew once an hour, whatever happened to the table meanwhile. */
const fullSyncPeriodMs = 3_600_000

/** A look whether the table is still there: other programs flush the whole ruleset on a reload. */
const checkPeriodMs = 30_000

/** Services compiled in one turn of the event loop; the API server may live in the same process. */
const servicesPerTurn = 50

const firstRetryMs = 100
const longestRetryMs = 30_000

interface Change {
  /** When the endpoints' controller saw the reason for the change. */
  readonly triggeredMs: number | undefined
}

/** Keeps one address family's table in step with Services and EndpointSlices. One transaction at a time. */
export class FamilyProxy {
  readonly #options: FamilyProxyOptions
  readonly #table: NftTable
  readonly #state: RuleState
  readonly #conntrack: ConntrackCleaner
  readonly #dirty = new Map<string, Change[]>()
  /** Service → the owners of its fragments. */
  readonly #owners = new Map<string, readonly string[]>()
  readonly #withoutLocal = { internal: new Set<string>(), external: new Set<string>() }
  readonly #firstSync = Promise.withResolvers<void>()
  #place: Place
  #serviceCidrs: readonly string[] = []
  #started = false
  #stopped = false
  #running: Promise<void> | undefined
  #timer: Timer | undefined
  #notBeforeMs = 0
  #needFull = true
  #failures = 0
  #lastFullMs = 0
  #lastCheckMs = 0

  constructor(options: FamilyProxyOptions) {
    this.#options = options
    this.#table = new NftTable(options.family, options.run)
    this.#state = new RuleState(tableOf(options.family), familyWords[options.family].address)
    this.#conntrack = new ConntrackCleaner(options)
    this.#place = { nodeName: options.nodeName, zone: '' }
    this.#firstSync.promise.catch(() => {})
  }

  /** Resolves when the rules are in force for the first time; rejects when stopped before. */
  get inForce(): Promise<void> {
    return this.#firstSync.promise
  }

  /** To be called once the caches are filled: earlier, rules would be written for half of the Services. */
  start(): void {
    this.#started = true
    this.#queue()
  }

  serviceChanged(service: string, triggeredMs?: number): void {
    const changes = this.#dirty.get(service)
    if (changes === undefined) this.#dirty.set(service, [{ triggeredMs }])
    else changes.push({ triggeredMs })
    if (this.#started) this.#queue()
  }

  placeIs(zone: string): void {
    if (zone === this.#place.zone) return
    this.#place = { ...this.#place, zone }
    for (const service of this.#owners.keys()) this.serviceChanged(service)
  }

  /** Where cluster IPs come from, of this family. */
  serviceCidrsAre(cidrs: readonly string[]): void {
    if (cidrs.join() === this.#serviceCidrs.join()) return
    this.#serviceCidrs = cidrs
    this.#needFull = true
    if (this.#started) this.#queue()
  }

  async stop(options: { readonly cleanUp: boolean }): Promise<void> {
    this.#stopped = true
    this.#timer?.cancel()
    this.#firstSync.reject(new Error('the proxy is stopped'))
    await this.#running
    if (options.cleanUp) await this.#table.remove()
  }

  #queue(): void {
    const { family, health, metrics, host } = this.#options
    health.queued(family)
    metrics.lastQueued.set(host.now() / 1000, [family])
    this.#wakeAt(this.#notBeforeMs)
  }

  #wakeAt(atMs: number): void {
    if (this.#stopped || this.#running !== undefined) return
    const { host } = this.#options
    this.#timer?.cancel()
    this.#timer = host.schedule(Math.max(atMs - host.monotonicMs(), 0), () => {
      this.#timer = undefined
      this.#running = host.track(this.#turn()).finally(() => {
        this.#running = undefined
        this.#wakeAt(this.#nextMs())
      })
    })
  }

  /** When there is something to do next. */
  #nextMs(): number {
    const checkMs = this.#lastCheckMs + checkPeriodMs
    if (this.#dirty.size > 0 || this.#needFull) return this.#notBeforeMs
    return Math.max(this.#notBeforeMs, Math.min(checkMs, this.#state.nextStaleChainAtMs ?? checkMs))
  }

  async #turn(): Promise<void> {
    const { host } = this.#options
    const startMs = host.monotonicMs()
    try {
      await this.#sweep(startMs)
      await this.#check(startMs)
      if (this.#needFull || this.#dirty.size > 0) await this.#sync()
      this.#failures = 0
      const endMs = host.monotonicMs()
      const restMs = Math.min((endMs - startMs) * restPerWork, longestRestMs)
      this.#notBeforeMs = Math.max(startMs + this.#options.minSyncPeriodMs, endMs + restMs)
    } catch (error) {
      this.#failed(error)
    }
  }

  #failed(error: unknown): void {
    const { family, metrics, logger, host } = this.#options
    metrics.syncFailures.inc([family])
    this.#needFull = true
    const retryMs = Math.min(firstRetryMs * 2 ** this.#failures, longestRetryMs)
    this.#failures++
    logger.error('the rules of Services could not be written', { family, retryMs, error })
    this.#notBeforeMs = host.monotonicMs() + retryMs
  }

  async #sweep(nowMs: number): Promise<void> {
    const sweep = this.#state.sweep(nowMs)
    if (sweep === undefined) return
    try {
      await this.#table.apply(sweep.commands)
      sweep.commit()
    } catch (error) {
      const { family, metrics, logger } = this.#options
      metrics.cleanUpFailures.inc([family])
      logger.warn('chains that nothing uses could not be deleted', { family, error })
      this.#needFull = true
    }
  }

  async #check(nowMs: number): Promise<void> {
    if (nowMs - this.#lastFullMs >= fullSyncPeriodMs) this.#needFull = true
    if (this.#needFull || nowMs - this.#lastCheckMs < checkPeriodMs) return
    this.#lastCheckMs = nowMs
    if (await this.#table.isThere()) return
    this.#options.logger.warn('the table of Services was removed by someone else; it is written anew', {
      family: this.#options.family,
    })
    this.#needFull = true
  }

  async #sync(): Promise<void> {
    const { family, host, metrics, health, base } = this.#options
    const startMs = host.monotonicMs()
    const full = this.#needFull
    const changes = [...this.#dirty]
    this.#dirty.clear()
    metrics.endpointChangesPending.set(0)
    metrics.serviceChangesPending.set(0)
    for (const [index, [service]] of changes.entries()) {
      this.#compile(service)
      if ((index + 1) % servicesPerTurn === 0) await host.nextTurn()
    }
    if (full) {
      const fixed = baseCommands({ ...base, family, serviceCidrs: this.#serviceCidrs })
      // What another proxy left may not fit; then nothing of it is kept, session affinity included.
      const rebuild = this.#failures > 0
      const existing = rebuild ? { serviceChains: [], affinitySets: [] } : await this.#table.existingNames()
      const change = this.#state.full(rebuild ? [...this.#table.removal, ...fixed] : fixed, existing, startMs)
      await this.#table.apply(change.commands)
      change.commit()
      this.#needFull = false
      this.#lastFullMs = startMs
      this.#lastCheckMs = startMs
    } else if (this.#state.hasChanges) {
      const change = this.#state.incremental(startMs)
      if (change.commands.length > 0) await this.#table.apply(change.commands)
      change.commit()
    }
    health.updated(family)
    this.#measure(
      full,
      host.monotonicMs() - startMs,
      changes.flatMap(([, each]) => each),
    )
    this.#firstSync.resolve()
    this.#conntrack.cleanIfNeeded()
  }

  #measure(full: boolean, tookMs: number, changes: readonly Change[]): void {
    const { family, metrics, host } = this.#options
    const detail = full ? metrics.fullSyncSeconds : metrics.partialSyncSeconds
    metrics.syncSeconds.observe(tookMs / 1000, [family])
    detail.observe(tookMs / 1000, [family])
    metrics.lastSync.set(host.now() / 1000, [family])
    metrics.noLocalEndpoints.set(this.#withoutLocal.internal.size, ['internal', family])
    metrics.noLocalEndpoints.set(this.#withoutLocal.external.size, ['external', family])
    for (const { triggeredMs } of changes) {
      if (triggeredMs === undefined) continue
      metrics.networkProgrammingSeconds.observe((host.now() - triggeredMs) / 1000, [family])
    }
  }

  #compile(key: string): void {
    const { family, nodeName, nodeAddress, base, services, slices } = this.#options
    const [namespace = '', name = ''] = key.split('/')
    const service = services.get(namespace, name)
    const ours = service === undefined ? [] : servicePorts(service, family)
    const ports = ours.filter(({ clusterIp }) => !base.nodeLocalAddresses.includes(clusterIp))
    const endpoints = endpointsByPort(slices.byIndex(slicesOfService, key), family, nodeName)
    const { pods } = base
    const options: CompileOptions = {
      ...{ family, place: this.#place, nodeAddress },
      ...(pods === undefined ? {} : { pods }),
    }
    const owners = new Set<string>()
    for (const port of ports) {
      const owner = `${key}:${portKey(port.portName, port.protocol)}`
      owners.add(owner)
      const found = endpoints.get(portKey(port.portName, port.protocol)) ?? []
      const fragment = compileService(port, found, options)
      this.#state.set(owner, fragment)
      this.#conntrack.set(owner, port, found)
      this.#countWithoutLocal(owner, port, fragment)
    }
    for (const owner of this.#owners.get(key) ?? []) {
      if (owners.has(owner)) continue
      this.#state.set(owner, undefined)
      this.#conntrack.remove(owner)
      this.#withoutLocal.internal.delete(owner)
      this.#withoutLocal.external.delete(owner)
    }
    if (owners.size === 0) this.#owners.delete(key)
    else this.#owners.set(key, [...owners])
  }

  #countWithoutLocal(owner: string, port: ServicePort, fragment: RuleFragment): void {
    const dropped = fragment.elements.filter(({ value }) => value === 'drop')
    const isInternal = (key: string): boolean => key.startsWith(`${port.clusterIp} `)
    const count = (set: Set<string>, counts: boolean): void => {
      if (counts) set.add(owner)
      else set.delete(owner)
    }
    count(
      this.#withoutLocal.internal,
      dropped.some(({ key }) => isInternal(key)),
    )
    count(
      this.#withoutLocal.external,
      dropped.some(({ key }) => !isInternal(key)),
    )
  }
}
