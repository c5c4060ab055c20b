import type { apiregistration } from '../../api/generated/types/index.ts'
import { isStatus } from '../../apimachinery/status-error.ts'
import { formatTime } from '../../apimachinery/time.ts'
import type { Transport } from '../../apimachinery/transport.ts'
import type { Timer } from '../../base/host.ts'
import type { Logger } from '../../base/logger.ts'
import { messageOf } from '../../base/message-of.ts'
import type { ObjectReader } from '../object-reader.ts'
import { typedReader } from '../typed-reader.ts'
import { type Availability, failedDiscovery, passed, unavailability } from './availability.ts'
import type { AvailabilityMetrics } from './availability-metrics.ts'
import type { RemoteClient } from './remote-client.ts'
import {
  type APIService,
  apiServices,
  keyOf,
  type RemoteService,
  type RemoteServices,
} from './remote-services.ts'

export interface AvailabilityCheckerOptions {
  readonly client: RemoteClient
  readonly services: RemoteServices
  readonly reader: ObjectReader
  /** As the server itself. */
  readonly transport: Transport
  readonly logger: Logger
  readonly metrics: AvailabilityMetrics
}

/** All are looked at again that often (upstream's resync). */
const resyncMs = 30_000
/** After a change of services or endpoints. */
const settleMs = 20
const firstRetryMs = 1_000
const attempts = 5

type Condition = apiregistration.v1.APIServiceCondition

/** Keeps the condition `Available` of other servers' APIs true: what the proxy goes by, and `kubectl get apiservices` shows. */
export class AvailabilityChecker {
  readonly #options: AvailabilityCheckerOptions
  readonly #due = new Map<string, Timer>()
  readonly #failures = new Map<string, number>()
  readonly #underWay = new Set<string>()
  #stopped = false

  constructor(options: AvailabilityCheckerOptions) {
    this.#options = options
  }

  /** Returns what ends it. */
  start(): () => void {
    const { services, reader } = this.#options
    const all = (): void => {
      for (const { group, version } of services.list()) this.#schedule(keyOf(group, version), settleMs)
    }
    const stops = [
      services.onChange((key) => this.#schedule(key, settleMs)),
      reader.onChange({ group: '', resource: 'services' }, () => services.isEmpty || all()),
      reader.onChange(
        { group: 'discovery.k8s.io', resource: 'endpointslices' },
        () => services.isEmpty || all(),
      ),
    ]
    all()
    return () => {
      this.#stopped = true
      for (const stop of stops) stop()
      for (const timer of this.#due.values()) timer.cancel()
      this.#due.clear()
    }
  }

  /** The earlier time counts. */
  #schedule(key: string, delayMs: number, later = false): void {
    if (this.#stopped) return
    const waiting = this.#due.get(key)
    if (waiting !== undefined && later) return
    waiting?.cancel()
    const { host } = this.#options.client
    this.#due.set(
      key,
      host.schedule(delayMs, () => {
        this.#due.delete(key)
        void host.track(this.#check(key))
      }),
    )
  }

  async #check(key: string): Promise<void> {
    const [group = '', version = ''] = key.split('/')
    const remote = this.#options.services.find(group, version)
    if (remote === undefined || this.#stopped) {
      this.#failures.delete(key)
      return
    }
    if (this.#underWay.has(key)) return this.#schedule(key, settleMs, true)
    this.#underWay.add(key)
    try {
      const found = unavailability(this.#options.reader, remote) ?? (await this.#ask(remote))
      await this.#write(remote, found)
      const failures = found.reason === 'FailedDiscoveryCheck' ? (this.#failures.get(key) ?? 0) + 1 : 0
      this.#failures.set(key, failures)
      const delayMs = failures === 0 ? resyncMs : Math.min(firstRetryMs * 2 ** (failures - 1), resyncMs)
      this.#schedule(key, delayMs, true)
    } catch (error) {
      this.#options.logger.warn("an API service's condition was not written", { service: remote.name, error })
      this.#schedule(key, firstRetryMs, true)
    } finally {
      this.#underWay.delete(key)
    }
  }

  /** One success of several attempts will do. */
  async #ask(remote: RemoteService): Promise<Availability> {
    const { group, version } = remote
    const target = group === '' ? `/api/${version}` : `/apis/${group}/${version}`
    const attempt = async (): Promise<void> => {
      const { status } = await this.#options.client.get(remote, target, 'application/json')
      if (status < 200 || status >= 300) throw new Error(`bad status from ${target}: ${status}`)
    }
    try {
      await Promise.any(Array.from({ length: attempts }, attempt))
      return passed
    } catch (error) {
      const last = error instanceof AggregateError ? error.errors.at(-1) : error
      return failedDiscovery(messageOf(last))
    }
  }

  async #write({ name }: RemoteService, found: Availability): Promise<void> {
    const { reader, transport, client, metrics } = this.#options
    const object = typedReader<APIService>(reader, apiServices).get('', name)
    if (object?.spec?.service === undefined) return
    const conditions = object.status?.conditions ?? []
    const before = conditions.find(({ type }) => type === 'Available')
    const same =
      before?.status === found.status && before.reason === found.reason && before.message === found.message
    if (same) return
    const kept = before?.status === found.status ? before.lastTransitionTime : undefined
    const lastTransitionTime = kept ?? formatTime(client.host.now())
    const condition: Condition = { type: 'Available', ...found, lastTransitionTime }
    const others = conditions.filter(({ type }) => type !== 'Available')
    const body = { ...object, status: { ...object.status, conditions: [...others, condition] } }
    try {
      await transport.request({
        method: 'PUT',
        path: `/apis/apiregistration.k8s.io/v1/apiservices/${name}/status`,
        body,
      })
    } catch (error) {
      // It has gone, or changed: the change brings the next check.
      if (!isStatus(error, 'Conflict', 'NotFound')) throw error
      return
    }
    if (before?.status === 'True') metrics.lost(name, found.reason)
  }
}
