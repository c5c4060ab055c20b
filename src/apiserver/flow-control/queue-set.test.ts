import { describe, expect, test } from 'vitest'
import { realHost } from '../../base/host/real-host.ts'
import { VirtualHost } from '../../base/virtual-host.ts'
import { fakeRequest } from '../testing/fake-request.ts'
import { Integrator } from './integrator.ts'
import { QueueSet, type Queuing, type Ticket, type WorkEstimate } from './queue-set.ts'
import { SchemaUse } from './schema-use.ts'

const request = fakeRequest()
const narrow: WorkEstimate = { initialSeats: 1, finalSeats: 0, additionalMs: 0 }

/** A level on virtual time, and clients that send their next request when the last has been answered. */
class Lab {
  readonly host = new VirtualHost({
    seed: 1,
    hop: () => realHost.nextTurn(),
    sha256: (data) => realHost.sha256(data),
  })
  readonly demand = new Integrator(0)
  readonly set = new QueueSet(this.host, this.demand)
  readonly use = new SchemaUse('test', () => {})

  constructor(queuing: Queuing, seats: number) {
    this.set.configure(queuing, seats)
  }

  start(queue: number, work = narrow): Ticket | undefined {
    return this.set.start({ use: this.use, distinguisher: '', hand: [queue], work, request })
  }

  /** Keeps `flight` requests of `tookMs` each at work; gives how many have been answered. */
  client(queue: number, flight: number, tookMs: number, work = narrow): () => number {
    let done = 0
    const send = (): void => {
      const ticket = this.start(queue, work)
      if (ticket === undefined) {
        this.host.schedule(tookMs, send)
        return
      }
      const run = (): void => {
        this.host.schedule(tookMs, () => {
          done++
          this.set.finish(ticket)
          send()
        })
      }
      if (ticket.isExecuting) run()
      else ticket.onDispatch = run
    }
    for (let index = 0; index < flight; index++) send()
    return () => done
  }
}

const queues = (count: number): Queuing => ({ type: 'queue', queues: count, lengthLimit: 50 })

describe('QueueSet', () => {
  test('gives a flow of few requests its half beside one of many', async () => {
    const lab = new Lab(queues(8), 10)
    const flood = lab.client(0, 60, 10)
    const other = lab.client(1, 10, 10)
    await lab.host.advance(60_000)
    expect(flood() + other()).toBe(60_000)
    expect(other() / flood()).toBeGreaterThan(0.95)
    expect(other() / flood()).toBeLessThan(1.05)
  })

  test('leaves what a light flow does not use to the others', async () => {
    const lab = new Lab(queues(8), 10)
    const flood = lab.client(0, 60, 10)
    const light = lab.client(1, 1, 10)
    await lab.host.advance(60_000)
    // It never waits behind the flood for longer than a seat takes to become free.
    expect(light()).toBeGreaterThan(2_900)
    expect(flood() + light()).toBe(60_000)
  })

  test('counts wide requests by their seats', async () => {
    const lab = new Lab(queues(8), 10)
    const wide = lab.client(0, 20, 10, { ...narrow, initialSeats: 5 })
    const others = lab.client(1, 20, 10)
    await lab.host.advance(60_000)
    expect(others() / (wide() * 5)).toBeGreaterThan(0.9)
    expect(others() / (wide() * 5)).toBeLessThan(1.1)
  })

  test('refuses what its queue has no room for', () => {
    const lab = new Lab({ type: 'queue', queues: 1, lengthLimit: 2 }, 1)
    const tickets = [lab.start(0), lab.start(0), lab.start(0), lab.start(0)]
    expect(tickets.map((ticket) => ticket?.isExecuting)).toEqual([true, false, false, undefined])
    expect(lab.use).toMatchObject({ executing: 1, waiting: 2, rejected: { 'queue-full': 1 } })
  })

  test('without queues refuses what has no seat, but lets one that is too wide run alone', () => {
    const lab = new Lab({ type: 'reject' }, 2)
    const wide = lab.start(0, { ...narrow, initialSeats: 5 })
    expect(wide?.isExecuting).toBe(true)
    expect(lab.start(0)).toBeUndefined()
    if (wide !== undefined) lab.set.finish(wide)
    expect([lab.start(0), lab.start(0), lab.start(0)].map((ticket) => ticket?.isExecuting)).toEqual([
      true,
      true,
      undefined,
    ])
    expect(lab.use.rejected['concurrency-limit']).toBe(2)
  })

  test('never holds up who is exempt', () => {
    const lab = new Lab({ type: 'exempt' }, 0)
    for (let index = 0; index < 100; index++) expect(lab.start(0)?.isExecuting).toBe(true)
    expect(lab.set.seatsInUse).toBe(100)
  })

  test('keeps the seats of watches that a write makes work for until they had their events', async () => {
    const lab = new Lab(queues(1), 4)
    const write = lab.start(0, { initialSeats: 1, finalSeats: 4, additionalMs: 50 })
    const next = lab.start(0)
    if (write !== undefined) lab.set.finish(write)
    expect(next?.isExecuting).toBe(false)
    await lab.host.advance(49)
    expect(next?.isExecuting).toBe(false)
    await lab.host.advance(1)
    expect(next?.isExecuting).toBe(true)
  })

  test.each(['at once', 'after a wait'])(
    'lets a write linger longer on fewer seats that runs %s',
    async (when) => {
      const lab = new Lab(queues(1), 8)
      const first = when === 'at once' ? undefined : lab.start(0, { ...narrow, initialSeats: 8 })
      if (when === 'at once') lab.set.configure(queues(1), 2)
      const write = lab.start(0, { initialSeats: 1, finalSeats: 8, additionalMs: 50 })
      lab.set.configure(queues(1), 2)
      if (first !== undefined) lab.set.finish(first)
      expect(write).toMatchObject({
        isExecuting: true,
        maxSeats: 2,
        work: { finalSeats: 2, additionalMs: 200 },
      })
      expect([lab.set.seatsInUse, lab.set.seatsWaiting]).toEqual([2, 0])
      if (write !== undefined) lab.set.finish(write)
      await lab.host.advance(199)
      expect(lab.set.seatsInUse).toBe(2)
      await lab.host.advance(1)
      expect([lab.set.seatsInUse, lab.use.executingSeats]).toEqual([0, 0])
      expect(lab.demand.reset(lab.host.monotonicMs()).max).toBeLessThanOrEqual(16)
    },
  )

  test('giveUp() ends a wait, and says when there is none any more', () => {
    const lab = new Lab(queues(1), 1)
    const running = lab.start(0)
    const waiting = lab.start(0)
    let idle = 0
    lab.set.onIdle = () => idle++
    expect(running !== undefined && lab.set.giveUp(running)).toBe(false)
    expect(waiting !== undefined && lab.set.giveUp(waiting)).toBe(true)
    expect(lab.use).toMatchObject({ waiting: 0, waitingSeats: 0, rejected: { 'time-out': 1 } })
    if (running !== undefined) lab.set.finish(running)
    expect([idle, lab.set.isIdle]).toEqual([1, true])
  })

  test('configure() lets more run at once, and empties queues that are no longer wanted', () => {
    const lab = new Lab(queues(3), 1)
    const first = lab.start(2)
    const second = lab.start(2)
    lab.set.configure(queues(2), 2)
    expect(second?.isExecuting).toBe(true)
    expect(lab.set.dump().queues).toHaveLength(3)
    for (const ticket of [first, second]) if (ticket !== undefined) lab.set.finish(ticket)
    expect(lab.set.dump().queues).toHaveLength(2)
  })

  test('tells how many seats could have been used', async () => {
    const lab = new Lab(queues(1), 1)
    const tickets = [lab.start(0), lab.start(0), lab.start(0)]
    await lab.host.advance(1000)
    for (const ticket of tickets) if (ticket !== undefined) lab.set.finish(ticket)
    await lab.host.advance(1000)
    expect(lab.demand.reset(lab.host.monotonicMs())).toEqual({
      durationMs: 2000,
      average: 1.5,
      deviation: 1.5,
      max: 3,
    })
  })
})
