import { assert } from '../../base/assert.ts'
import type { Host } from '../../base/host.ts'
import type { ServerRequest } from '../request.ts'
import type { Integrator } from './integrator.ts'
import type { SchemaUse } from './schema-use.ts'

/** What a request is expected to occupy. */
export interface WorkEstimate {
  /** While it runs. */
  readonly initialSeats: number
  /** Afterwards, for `additionalMs`: what it makes others do, such as watches. */
  readonly finalSeats: number
  readonly additionalMs: number
}

/** How a priority level treats what exceeds its seats. `exempt`: nothing ever does. */
export type Queuing =
  | { readonly type: 'exempt' }
  | { readonly type: 'reject' }
  | { readonly type: 'queue'; readonly queues: number; readonly lengthLimit: number }

/** How long a request is taken to last until it is known. Upstream's, in seconds. */
const estimatedServiceSeconds = 0.003

class Queue {
  readonly waiting: Ticket[] = []
  readonly executing = new Set<Ticket>()
  /** Virtual time at which its next request would begin. */
  nextDispatch = 0
  seatsInUse = 0
  /** Of those that wait: seats, and seat-seconds. */
  seatsWaiting = 0
  workWaiting = 0

  get isActive(): boolean {
    return this.waiting.length > 0 || this.executing.size > 0
  }
}

/** A request's place in a level: from `start` until it is finished or given up. */
export class Ticket {
  readonly use: SchemaUse
  readonly distinguisher: string
  /** Narrower than estimated where its level has shrunk since. */
  work: WorkEstimate
  /** Seat-seconds, as estimated. */
  readonly totalWork: number
  readonly arrivedMs: number
  readonly arrivedVirtual: number
  readonly queue: Queue | undefined
  readonly request: ServerRequest
  startedMs: number | undefined
  /** Called once, when one that had to wait may run. */
  onDispatch: (() => void) | undefined

  constructor(
    flow: Arrival,
    queue: Queue | undefined,
    arrived: { readonly ms: number; readonly virtual: number },
  ) {
    const { initialSeats, finalSeats, additionalMs } = flow.work
    this.use = flow.use
    this.distinguisher = flow.distinguisher
    this.request = flow.request
    this.work = flow.work
    this.totalWork = initialSeats * estimatedServiceSeconds + (finalSeats * additionalMs) / 1000
    this.queue = queue
    this.arrivedMs = arrived.ms
    this.arrivedVirtual = arrived.virtual
  }

  get maxSeats(): number {
    return Math.max(this.work.initialSeats, this.work.finalSeats)
  }

  /** What lingers on more seats than there are works on those as long as makes the same work. To be called before it has any. */
  fit(limit: number): void {
    const { finalSeats, additionalMs } = this.work
    if (finalSeats <= limit) return
    this.work = { ...this.work, finalSeats: limit, additionalMs: (additionalMs * finalSeats) / limit }
  }

  get isExecuting(): boolean {
    return this.startedMs !== undefined
  }
}

export interface Arrival {
  readonly use: SchemaUse
  readonly distinguisher: string
  /** The queues that its flow may use. */
  readonly hand: readonly number[]
  readonly work: WorkEstimate
  readonly request: ServerRequest
}

export interface QueueDump {
  readonly waiting: readonly Ticket[]
  readonly executing: readonly Ticket[]
  readonly nextDispatch: number
  readonly seatsInUse: number
  readonly initialSeats: number
  readonly maxSeats: number
  readonly work: number
}

/**
 * The requests of one priority level: fair queuing for server requests, as KEP-1040 and upstream's
 * `fairqueuing/queueset` have it. Virtual time passes for a queue that is active at the rate at which it would be
 * served if all active queues shared the seats evenly; the queue whose next request would be finished first in that
 * time goes first.
 */
export class QueueSet {
  readonly #host: Host
  readonly #demand: Integrator
  readonly #queues: Queue[] = []
  readonly #queueless = new Set<Ticket>()
  #queuing: Queuing = { type: 'reject' }
  #limit = 0
  #virtual = 0
  #lastMs: number
  #robin = 0
  #enqueues = 0
  #activeQueues = 0
  /** Of queues alone. */
  #queueSeats = 0
  waiting = 0
  executing = 0
  seatsInUse = 0
  seatsWaiting = 0
  /** Called whenever what waits or runs has changed. */
  onChange: (nowMs: number) => void = () => {}
  /** Called whenever the last request has gone. */
  onIdle: () => void = () => {}

  constructor(host: Host, demand: Integrator) {
    this.#host = host
    this.#demand = demand
    this.#lastMs = host.monotonicMs()
  }

  get isIdle(): boolean {
    return this.waiting === 0 && this.executing === 0
  }

  get virtualTime(): number {
    return this.#virtual
  }

  /** Queues that are too many stay until they are empty. */
  configure(queuing: Queuing, limit: number): void {
    this.#sync()
    this.#queuing = queuing
    this.#limit = limit
    if (queuing.type === 'queue') while (this.#queues.length < queuing.queues) this.#queues.push(new Queue())
    this.#dispatchAll()
  }

  /** A ticket that runs already, or waits for `onDispatch`; undefined when it is refused. */
  start(arrival: Arrival): Ticket | undefined {
    const nowMs = this.#sync()
    const queuing = this.#queuing
    if (queuing.type !== 'queue') {
      const ticket = new Ticket(arrival, undefined, { ms: nowMs, virtual: this.#virtual })
      if (!this.#canTake(ticket.maxSeats)) {
        arrival.use.rejected['concurrency-limit']++
        return undefined
      }
      this.#queueless.add(ticket)
      this.#execute(ticket, nowMs)
      return ticket
    }
    const queue = this.#choose(arrival.hand)
    if (this.seatsInUse >= this.#limit && queue.waiting.length >= queuing.lengthLimit) {
      arrival.use.rejected['queue-full']++
      return undefined
    }
    const ticket = new Ticket(arrival, queue, { ms: nowMs, virtual: this.#virtual })
    if (!queue.isActive) {
      queue.nextDispatch = this.#virtual
      this.#activeQueues++
    }
    if (this.waiting === 0 && this.seatsInUse < this.#limit && this.#canTake(ticket.maxSeats)) {
      // Nobody waits, so that it would be chosen at once.
      this.#occupy(queue, ticket, nowMs)
      return ticket
    }
    this.#enqueue(queue, ticket, nowMs)
    this.#dispatchAll()
    return ticket
  }

  /** One that has run has ended. */
  finish(ticket: Ticket): void {
    const nowMs = this.#sync()
    const { queue, startedMs } = ticket
    assert(startedMs !== undefined, 'a request ends that has never begun')
    this.executing--
    if (queue === undefined) this.#queueless.delete(ticket)
    else {
      queue.executing.delete(ticket)
      if (!queue.isActive) this.#activeQueues--
      const tookSeconds = (nowMs - startedMs) / 1000
      queue.nextDispatch -= ticket.work.initialSeats * (estimatedServiceSeconds - tookSeconds)
      this.#boundNextDispatch(queue)
    }
    const { additionalMs } = ticket.work
    if (additionalMs <= 0) {
      this.#release(ticket, 1, nowMs)
      this.#dispatchAll()
    } else {
      ticket.use.executing--
      this.#host.schedule(additionalMs, () => {
        this.#release(ticket, 0, this.#sync())
        this.#dispatchAll()
      })
    }
    if (this.isIdle) this.onIdle()
  }

  /** One that waits has waited too long, or its client has gone. False: it runs already. */
  giveUp(ticket: Ticket): boolean {
    const { queue } = ticket
    const at = queue?.waiting.indexOf(ticket) ?? -1
    if (queue === undefined || at < 0) return false
    const nowMs = this.#sync()
    queue.waiting.splice(at, 1)
    this.#unqueue(queue, ticket)
    if (!queue.isActive) this.#activeQueues--
    this.#noteDemand(nowMs)
    this.#boundNextDispatch(queue)
    ticket.use.rejected['time-out']++
    if (this.isIdle) this.onIdle()
    return true
  }

  dump(): { readonly queues: readonly QueueDump[]; readonly queueless: readonly Ticket[] } {
    return {
      queues: this.#queues.map((queue) => ({
        waiting: [...queue.waiting],
        executing: [...queue.executing],
        nextDispatch: queue.nextDispatch,
        seatsInUse: queue.seatsInUse,
        initialSeats: queue.waiting.reduce((sum, { work }) => sum + work.initialSeats, 0),
        maxSeats: queue.seatsWaiting,
        work: queue.workWaiting,
      })),
      queueless: [...this.#queueless],
    }
  }

  #sync(): number {
    const nowMs = this.#host.monotonicMs()
    if (this.#activeQueues > 0) {
      const rate = Math.min(this.#queueSeats, this.#limit) / this.#activeQueues
      this.#virtual += (rate * (nowMs - this.#lastMs)) / 1000
    }
    this.#lastMs = nowMs
    return nowMs
  }

  #noteDemand(nowMs: number): void {
    this.#demand.set(this.seatsInUse + this.seatsWaiting, nowMs)
    this.onChange(nowMs)
  }

  #canTake(seats: number): boolean {
    if (this.#queuing.type === 'exempt') return true
    // What is wider than the whole level runs alone.
    if (seats > this.#limit) return this.executing === 0
    return this.seatsInUse + seats <= this.#limit
  }

  /** The queue of the hand with the least work; each time another card is looked at first. */
  #choose(hand: readonly number[]): Queue {
    const offset = this.#enqueues++ % hand.length
    let best: Queue | undefined
    for (let at = 0; at < hand.length; at++) {
      const queue = this.#queues[hand[(offset + at) % hand.length] ?? 0]
      if (queue === undefined) continue
      if (best === undefined || queue.workWaiting < best.workWaiting) best = queue
      if (best.workWaiting === 0) break
    }
    assert(best !== undefined, 'a hand was dealt from another deck')
    return best
  }

  #enqueue(queue: Queue, ticket: Ticket, nowMs: number): void {
    queue.waiting.push(ticket)
    queue.seatsWaiting += ticket.maxSeats
    queue.workWaiting += ticket.totalWork
    this.#queueSeats += ticket.maxSeats
    this.waiting++
    this.seatsWaiting += ticket.maxSeats
    this.#noteDemand(nowMs)
    ticket.use.waiting++
    ticket.use.waitingSeats += ticket.maxSeats
    ticket.use.onQueued(queue.waiting.length)
    this.#boundNextDispatch(queue)
  }

  #unqueue(queue: Queue, ticket: Ticket): void {
    queue.seatsWaiting -= ticket.maxSeats
    queue.workWaiting = queue.waiting.length === 0 ? 0 : queue.workWaiting - ticket.totalWork
    this.#queueSeats -= ticket.maxSeats
    this.waiting--
    this.seatsWaiting -= ticket.maxSeats
    ticket.use.waiting--
    ticket.use.waitingSeats -= ticket.maxSeats
  }

  #dispatchAll(): void {
    while (this.waiting > 0 && this.seatsInUse < this.#limit && this.#dispatchOne());
  }

  #dispatchOne(): boolean {
    const at = this.#nextQueue()
    const queue = this.#queues[at]
    const ticket = queue?.waiting[0]
    if (queue === undefined || ticket === undefined) return false
    if (!this.#canTake(ticket.maxSeats)) {
      ticket.use.unaccommodated++
      return false
    }
    this.#robin = at
    queue.waiting.shift()
    this.#unqueue(queue, ticket)
    this.#occupy(queue, ticket, this.#lastMs)
    this.#boundNextDispatch(queue)
    ticket.onDispatch?.()
    return true
  }

  /** The index of the queue whose oldest request would be finished first, round robin among equals. */
  #nextQueue(): number {
    const count = this.#queues.length
    let least = Number.POSITIVE_INFINITY
    let found = -1
    for (let step = 1; step <= count; step++) {
      const at = (this.#robin + step) % count
      const queue = this.#queues[at]
      const oldest = queue?.waiting[0]
      if (queue === undefined || oldest === undefined) continue
      const finish = queue.nextDispatch + oldest.totalWork
      if (finish < least) {
        least = finish
        found = at
      }
    }
    return found
  }

  #occupy(queue: Queue, ticket: Ticket, nowMs: number): void {
    ticket.fit(this.#limit)
    queue.executing.add(ticket)
    queue.seatsInUse += ticket.maxSeats
    this.#queueSeats += ticket.maxSeats
    queue.nextDispatch += ticket.totalWork
    this.#execute(ticket, nowMs)
  }

  #execute(ticket: Ticket, nowMs: number): void {
    ticket.startedMs = nowMs
    this.executing++
    this.seatsInUse += ticket.maxSeats
    ticket.use.dispatched++
    ticket.use.executing++
    ticket.use.executingSeats += ticket.maxSeats
    this.#noteDemand(nowMs)
  }

  #release(ticket: Ticket, requests: number, nowMs: number): void {
    const { queue, maxSeats } = ticket
    this.seatsInUse -= maxSeats
    ticket.use.executing -= requests
    ticket.use.executingSeats -= maxSeats
    this.#noteDemand(nowMs)
    if (queue === undefined) return
    queue.seatsInUse -= maxSeats
    this.#queueSeats -= maxSeats
    const wanted = this.#queuing.type === 'queue' ? this.#queuing.queues : 0
    if (this.#queues.length > wanted && !queue.isActive) {
      const at = this.#queues.indexOf(queue)
      // Seats that linger may outlive their queue.
      if (at < 0) return
      this.#queues.splice(at, 1)
      if (this.#robin >= at) this.#robin--
    }
  }

  /** A queue's next request cannot have begun before it came. */
  #boundNextDispatch(queue: Queue): void {
    const oldest = queue.waiting[0]
    if (oldest !== undefined && queue.nextDispatch < oldest.arrivedVirtual)
      queue.nextDispatch = oldest.arrivedVirtual
  }
}
