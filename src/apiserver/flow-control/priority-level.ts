import type { flowcontrol } from '../../api/generated/types/index.ts'
import type { Host } from '../../base/host.ts'
import { isDealable } from './dealer.ts'
import { Integrator } from './integrator.ts'
import { QueueSet, type Queuing } from './queue-set.ts'
import { SchemaUse } from './schema-use.ts'

type Configuration = flowcontrol.v1.PriorityLevelConfiguration

/** Of a level's seats, what one list may have. */
const widestShare = 0.15
const smoothing = 0.977

/** What a level could have used of seats, over the last periods. */
export interface SeatDemand {
  readonly average: number
  readonly deviation: number
  readonly highWatermark: number
  readonly smoothed: number
}

const noDemand: SeatDemand = { average: 0, deviation: 0, highWatermark: 0, smoothed: 0 }

interface Form {
  readonly queuing: Queuing
  readonly handSize: number
  readonly shares: number
  readonly lendablePercent: number
  readonly borrowingLimitPercent: number | undefined
}

/** Undefined for a configuration that contradicts itself. */
export function levelForm({ metadata, spec }: Configuration): Form | undefined {
  if (spec === undefined) return undefined
  const { type, limited, exempt } = spec
  if ((type === 'Exempt') !== (metadata?.name === 'exempt')) return undefined
  if (type === 'Exempt') {
    if (exempt === undefined || limited !== undefined) return undefined
    const { nominalConcurrencyShares: shares = 0, lendablePercent = 0 } = exempt
    return {
      queuing: { type: 'exempt' },
      handSize: 0,
      shares,
      lendablePercent,
      borrowingLimitPercent: undefined,
    }
  }
  if (limited === undefined || exempt !== undefined) return undefined
  const { nominalConcurrencyShares: shares = 30, lendablePercent = 0, borrowingLimitPercent } = limited
  const common = { shares, lendablePercent, borrowingLimitPercent }
  const queuing = limited.limitResponse?.queuing
  if (limited.limitResponse?.type === 'Reject')
    return queuing === undefined ? { ...common, queuing: { type: 'reject' }, handSize: 0 } : undefined
  const { queues = 0, handSize = 0, queueLengthLimit = 0 } = queuing ?? {}
  if (!isDealable(queues, handSize)) return undefined
  return { ...common, queuing: { type: 'queue', queues, lengthLimit: queueLengthLimit }, handSize }
}

/** A priority level as it is now: its seats, what it lends and borrows, its queues. */
export class PriorityLevel {
  readonly name: string
  readonly queues: QueueSet
  readonly uses = new Map<string, SchemaUse>()
  configuration: Configuration
  form: Form
  /** No object describes it any more, and the last requests are under way. */
  quiescing = false
  demand: SeatDemand = noDemand
  nominalSeats = 0
  minSeats = 0
  maxSeats = 0
  currentSeats = 0
  targetSeats = 0
  /** The widest request; 0: no limit of its own. */
  widestRequest = 0
  readonly #host: Host
  readonly #integrator: Integrator
  #configured = false

  constructor(host: Host, configuration: Configuration, form: Form) {
    this.#host = host
    this.name = configuration.metadata?.name ?? ''
    this.configuration = configuration
    this.form = form
    this.#integrator = new Integrator(host.monotonicMs())
    this.queues = new QueueSet(host, this.#integrator)
  }

  get isExempt(): boolean {
    return this.form.queuing.type === 'exempt'
  }

  useBy(schema: string, onQueued: (length: number) => void): SchemaUse {
    const known = this.uses.get(schema)
    if (known !== undefined) return known
    const use = new SchemaUse(schema, onQueued)
    this.uses.set(schema, use)
    return use
  }

  /** Its part of the server's seats, where all levels together have `shareSum` shares. */
  divide(serverSeats: number, shareSum: number): void {
    const { shares, lendablePercent, borrowingLimitPercent, handSize } = this.form
    const nominal = shareSum === 0 ? 0 : Math.ceil((serverSeats * shares) / shareSum)
    const lendable = Math.round((nominal * lendablePercent) / 100)
    const borrowing =
      borrowingLimitPercent === undefined ? serverSeats : Math.round((nominal * borrowingLimitPercent) / 100)
    this.nominalSeats = nominal
    this.minSeats = nominal - lendable
    this.maxSeats = nominal + borrowing
    this.widestRequest =
      handSize === 0
        ? 0
        : Math.max(1, Math.min(Math.ceil(nominal * widestShare), Math.floor(nominal / handSize)))
    if (!this.#configured) this.currentSeats = nominal - Math.floor(lendable / 2)
    this.#configured = true
  }

  /** Takes in what has been asked for since the last time. */
  measureDemand(): void {
    const { durationMs, average, deviation, max } = this.#integrator.reset(this.#host.monotonicMs())
    const highWatermark = Math.round(max)
    if (durationMs <= 0) {
      this.demand = { ...this.demand, highWatermark }
      return
    }
    const envelope = average + deviation
    const decayed = smoothing * this.demand.smoothed + (1 - smoothing) * envelope
    this.demand = { average, deviation, highWatermark, smoothed: Math.max(envelope, decayed) }
  }

  /** The fewest seats that it can do with now. */
  get minCurrentSeats(): number {
    const { highWatermark } = this.demand
    return Math.max(this.minSeats, this.isExempt ? highWatermark : Math.min(this.nominalSeats, highWatermark))
  }

  setSeats(seats: number): void {
    this.currentSeats = seats
    this.queues.configure(this.form.queuing, seats)
  }
}
