import { performance } from 'node:perf_hooks'
import { percentile } from '../load/keep-in-flight.ts'
import { residentMemory } from '../server/process-figures.ts'
import type { DurationFigures, Durations } from './durations.ts'
import type { PodSelection, PodWatch } from './pod-watch.ts'
import { type Throughput, ThroughputSamples } from './throughput.ts'

/** What was collected between the start and the end of one measurement. */
export interface Collected extends DurationFigures {
  readonly name: string
  readonly pods: number
  /** Undefined: too short for upstream's way to count. */
  readonly throughput: Throughput | undefined
  /** All pods by the time from the first to the last. */
  readonly overall: number
  readonly processorMsPerPod: number
  /** Of pods that were sent evenly: from the request that creates one until the scheduler's cache has it with its node. */
  readonly arrivalP50Ms?: number
  readonly arrivalP99Ms?: number
  /** Resident, without the store's mapped file. */
  readonly memoryMiB: number
}

/** Upstream's throughputSampleInterval. */
const sampleMs = 1_000

/** Begins and ends measurements; one at a time. */
export class Collector {
  readonly results: Collected[] = []
  readonly #pods: PodWatch
  readonly #durations: Durations
  /** Called around each measurement. */
  readonly #around: { begin(): Promise<void>; end(name: string): Promise<void> }
  #end: (() => Collected) | undefined
  /** When the pods were sent whose way is measured, by namespace and name. */
  readonly #sent = new Map<string, number>()

  constructor(
    pods: PodWatch,
    durations: Durations,
    around: { begin(): Promise<void>; end(name: string): Promise<void> },
  ) {
    this.#pods = pods
    this.#durations = durations
    this.#around = around
  }

  /** The request that creates this pod is about to leave. */
  sent(namespace: string, name: string): void {
    this.#sent.set(`${namespace}/${name}`, performance.now())
  }

  async start(name: string, selection: PodSelection): Promise<void> {
    if (this.#end !== undefined) throw new Error('a measurement begins before the last one has ended')
    await this.#around.begin()
    const samples = new ThroughputSamples()
    const before = process.cpuUsage()
    let count = 0
    let firstMs = 0
    let lastMs = 0
    this.#durations.begin()
    this.#sent.clear()
    const waits: number[] = []
    const leave = this.#pods.onPlaced(selection, ({ metadata }) => {
      lastMs = performance.now()
      if (count++ === 0) firstMs = lastMs
      const sentMs = this.#sent.get(`${metadata?.namespace}/${metadata?.name}`)
      if (sentMs !== undefined) waits.push(lastMs - sentMs)
    })
    // Those that have one already are none of this measurement.
    count = 0
    const timer = setInterval(() => samples.take(count, performance.now()), sampleMs)
    this.#end = () => {
      clearInterval(timer)
      leave()
      const { user, system } = process.cpuUsage(before)
      return {
        name,
        pods: count,
        throughput: samples.result,
        overall: (count * 1_000) / (lastMs - firstMs),
        ...this.#durations.figures,
        ...(waits.length === 0
          ? {}
          : { arrivalP50Ms: percentile(waits, 0.5), arrivalP99Ms: percentile(waits, 0.99) }),
        processorMsPerPod: (user + system) / 1_000 / count,
        memoryMiB: residentMemory(process.pid).withoutStoreMiB,
      }
    }
  }

  async stop(): Promise<void> {
    if (this.#end === undefined) throw new Error('no measurement has begun')
    const collected = this.#end()
    this.#end = undefined
    await this.#around.end(collected.name)
    this.results.push(collected)
  }
}
