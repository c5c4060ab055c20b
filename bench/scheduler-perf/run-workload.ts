import { mkdirSync, writeFileSync } from 'node:fs'
import { Session } from 'node:inspector/promises'
import { dirname } from 'node:path'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { Pod } from '../../src/api/core/pod/kind.ts'
import { keepInFlight } from '../load/keep-in-flight.ts'
import { type BenchCluster, startBenchCluster } from './bench-cluster.ts'
import { type Collected, Collector } from './collector.ts'
import { inNamespace } from './objects.ts'
import { PodWatch } from './pod-watch.ts'
import type { Workload } from './read-workloads.ts'
import { RemoteCreator } from './remote-creator.ts'
import { type CreatePods, inFlight, Run } from './run.ts'

export interface RunOptions {
  readonly store: 'lmdb' | 'memory'
  /** Pods are created over HTTPS from a second process; else without sockets. */
  readonly https: boolean
  /** Where a processor profile of what is measured goes; absent: none is taken. */
  readonly profileFile: string | undefined
}

export interface Outcome {
  readonly collected: readonly Collected[]
  readonly loopP99Ms: number
  /** From the start of the cluster to its end. */
  readonly tookMs: number
}

const createHere =
  ({ client }: BenchCluster): CreatePods =>
  async (manifest, namespace, count) => {
    await keepInFlight(count, inFlight, async (index) => {
      await client.resource(Pod).create(inNamespace(manifest.object(index, count), namespace))
    })
  }

const resolutionMs = 2

/** What is looked at while pods are measured. */
class Looking {
  readonly delay = monitorEventLoopDelay({ resolution: resolutionMs })
  readonly #session = new Session()
  readonly #file: string | undefined

  constructor(file: string | undefined) {
    this.#file = file
  }

  get loopP99Ms(): number {
    return this.delay.percentile(99) / 1e6 - resolutionMs
  }

  async begin(): Promise<void> {
    if (this.#file !== undefined) {
      this.#session.connect()
      await this.#session.post('Profiler.enable')
      await this.#session.post('Profiler.start')
    }
    this.delay.enable()
  }

  async end(): Promise<void> {
    this.delay.disable()
    if (this.#file === undefined) return
    const { profile } = await this.#session.post('Profiler.stop')
    this.#session.disconnect()
    mkdirSync(dirname(this.#file), { recursive: true })
    writeFileSync(this.#file, JSON.stringify(profile))
  }
}

/** Runs a workload on a cluster of its own. */
export async function runWorkload(workload: Workload, options: RunOptions): Promise<Outcome> {
  const startMs = performance.now()
  const { featureGates, schedulerConfig } = workload
  const cluster = await startBenchCluster({ store: options.store, featureGates, schedulerConfig })
  const remote = options.https ? new RemoteCreator(cluster.kubeconfigFile) : undefined
  try {
    const looking = new Looking(options.profileFile)
    const pods = new PodWatch(cluster.informers)
    const collector = new Collector(pods, cluster.durations, looking)
    const run = new Run(cluster, pods, collector, remote?.create ?? createHere(cluster))
    for (const operation of workload.operations) await operation(run)
    await run.end()
    const { loopP99Ms } = looking
    return { collected: collector.results, loopP99Ms, tookMs: performance.now() - startMs }
  } finally {
    remote?.stop()
    await cluster.stop()
  }
}
