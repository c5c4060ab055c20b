import type { Histogram, Metrics } from '../../base/metrics.ts'
import { StepSamples } from '../metrics/step-samples.ts'
import type { PriorityLevel } from './priority-level.ts'

const requestBuckets = [0, 0.001, 0.003, 0.01, 0.03, 0.1, 0.25, 0.5, 0.75, 1]
const seatBuckets = [0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99, 1]
const demandBuckets = [0.2, 0.4, 0.6, 0.8, 1, 1.2, 1.4, 1.7, 2, 2.8, 4, 6]

/** How full levels are, observed at the end of every nanosecond. */
export interface LevelHistograms {
  readonly requests: Histogram
  readonly seats: Histogram
  readonly demand: Histogram
}

export function levelHistograms(metrics: Metrics): LevelHistograms {
  const histogram = (name: string, help: string, labels: readonly string[], buckets: readonly number[]) =>
    metrics.histogram({
      name: `apiserver_flowcontrol_${name}`,
      help: `Observations, at the end of every nanosecond, of ${help}`,
      labels,
      buckets,
    })
  return {
    requests: histogram(
      'priority_level_request_utilization',
      'number of requests (as a fraction of the relevant limit) waiting or in any stage of execution (but only initial stage for WATCHes)',
      ['phase', 'priority_level'],
      requestBuckets,
    ),
    seats: histogram(
      'priority_level_seat_utilization',
      'utilization of seats for any stage of execution (but only initial stage for WATCHes)',
      ['priority_level', 'phase'],
      seatBuckets,
    ),
    demand: histogram(
      'demand_seats',
      '(the number of seats each priority level could use) / (nominal number of seats for that level)',
      ['priority_level'],
      demandBuckets,
    ),
  }
}

/** Of one level. */
export class LevelSamples {
  readonly #level: PriorityLevel
  readonly #executing: StepSamples
  readonly #waiting: StepSamples
  readonly #seats: StepSamples
  readonly #demand: StepSamples

  constructor({ requests, seats, demand }: LevelHistograms, level: PriorityLevel, nowMs: number) {
    this.#level = level
    const { name } = level
    this.#executing = new StepSamples(requests.with(['executing', name]), nowMs)
    this.#waiting = new StepSamples(requests.with(['waiting', name]), nowMs)
    this.#seats = new StepSamples(seats.with([name, 'executing']), nowMs)
    this.#demand = new StepSamples(demand.with([name]), nowMs)
  }

  /** It is so from now on. */
  take(nowMs: number): void {
    const { queues, nominalSeats, currentSeats, form } = this.#level
    const { queuing } = form
    // A level without seats has nothing to be a part of.
    const seats = Math.max(1, currentSeats)
    const places = queuing.type === 'queue' ? queuing.queues * queuing.lengthLimit : 0
    this.#executing.set(queues.executing / seats, nowMs)
    this.#waiting.set(queues.waiting / Math.max(1, places), nowMs)
    this.#seats.set(queues.seatsInUse / seats, nowMs)
    this.#demand.set((queues.seatsInUse + queues.seatsWaiting) / Math.max(1, nominalSeats), nowMs)
  }
}
