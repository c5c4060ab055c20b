import type { core } from '../api/generated/types/index.ts'
import {
  badRequest,
  internalError,
  notFound,
  type StatusError,
  statusError,
} from '../apimachinery/status-error.ts'
import { formatTime } from '../apimachinery/time.ts'
import { type HealthCheck, HealthChecks } from '../base/health-checks.ts'
import { HealthSlis } from '../base/health-slis.ts'
import { messageOf } from '../base/message-of.ts'
import type { LogOptions, LogReader, LogSink } from './logs/log-options.ts'
import { latestContainer, runningContainers } from './pod/observed-pod.ts'
import { allContainersOf } from './pod/plan/restart-policy.ts'
import type { PodContext } from './pod/pod-context.ts'
import type { PodWorker } from './pod/pod-worker.ts'
import type { PodWorkers } from './pod/pod-workers.ts'
import type { ProbeMetrics } from './probes/probe-metrics.ts'
import { runningPods } from './running-pods.ts'
import {
  type ExecSyncResult,
  isRuntimeError,
  type OutputSink,
  type PortSession,
  type StreamRequest,
  type StreamSession,
} from './runtime/runtime.ts'
import type { StatsCollector } from './stats/stats-collector.ts'

export interface PodName {
  readonly namespace: string
  readonly pod: string
}

export interface ContainerName extends PodName {
  readonly container: string
}

export interface KubeletApiOptions {
  readonly context: PodContext
  readonly workers: PodWorkers
  readonly logs: LogReader
  readonly stats: StatsCollector
  /** What must be well for `/healthz`, beside that it answers. */
  readonly checks: readonly HealthCheck[]
}

/** What the API server asks of a node agent; over HTTPS (server/) or in one process. Everything rejects with StatusError. */
export class KubeletApi {
  readonly #context: PodContext
  readonly #workers: PodWorkers
  readonly #logs: LogReader

  /** What the node and its pods use. */
  readonly stats: StatsCollector
  readonly slis = new HealthSlis()
  readonly health: HealthChecks

  constructor({ context, workers, logs, stats, checks }: KubeletApiOptions) {
    this.stats = stats
    this.health = new HealthChecks('healthz', checks, context.logger, this.slis)
    this.#context = context
    this.#workers = workers
    this.#logs = logs
  }

  get probeMetrics(): ProbeMetrics {
    return this.#context.probes.metrics
  }

  /** The pods of the node, each with its newest status. */
  pods(): readonly core.v1.Pod[] {
    return this.#workers.all().map(({ pod }) => this.#withStatus(pod))
  }

  /**
   * Writes a container's log; resolves at its end, of the container if it is followed, or when aborted. `begin`
   * is called when the log has been found: nothing that a client must be told goes wrong after that.
   */
  async containerLogs(
    name: ContainerName,
    options: LogOptions,
    write: LogSink,
    signal: AbortSignal,
    begin: () => void = () => {},
  ): Promise<void> {
    const worker = this.#worker(name)
    if (!allContainersOf(worker.pod).some((container) => container.name === name.container)) {
      throw statusError('NotFound', `container "${name.container}" not found in pod "${name.pod}"`)
    }
    const containerId = this.#loggedContainer(worker, name, options.previous)
    const { runtime } = this.#context
    let logPath: string
    try {
      logPath = (await runtime.containerStatus(containerId)).logPath
    } catch {
      throw badRequest(`unable to retrieve container logs for ${this.#context.runtimeName}://${containerId}`)
    }
    const ended = (): boolean => {
      const found = worker.observed.containers.find(({ id }) => id === containerId)
      return found === undefined || found.state === 'exited'
    }
    begin()
    try {
      await this.#logs.read({ containerId, logPath, ended }, options, write, signal)
    } catch (error) {
      throw badRequest(messageOf(error))
    }
  }

  async exec(
    name: ContainerName,
    command: readonly string[],
    request: StreamRequest,
    output: OutputSink,
  ): Promise<StreamSession> {
    const id = this.#runningContainer(name)
    return this.#ask(() => this.#context.runtime.exec(id, command, request, output))
  }

  /** Runs a command to its end. */
  async run(
    name: ContainerName,
    command: readonly string[],
    timeoutSeconds: number,
  ): Promise<ExecSyncResult> {
    const id = this.#runningContainer(name)
    return this.#ask(() => this.#context.runtime.execSync(id, command, timeoutSeconds))
  }

  async attach(name: ContainerName, request: StreamRequest, output: OutputSink): Promise<StreamSession> {
    const id = this.#runningContainer(name)
    return this.#ask(() => this.#context.runtime.attach(id, request, output))
  }

  async portForward(
    name: PodName,
    port: number,
    output: (data: Uint8Array) => void | Promise<void>,
  ): Promise<PortSession> {
    const worker = this.#worker(name)
    const sandbox = worker.observed.sandboxes.find(({ state }) => state === 'SANDBOX_READY')
    if (sandbox === undefined) throw internalError(`failed to find sandbox of pod "${name.pod}"`)
    return this.#ask(() => this.#context.runtime.portForward(sandbox.id, port, output))
  }

  /** What runs, as the runtime has it: with no more than names, and containers' images. */
  runningPods(): Promise<readonly core.v1.Pod[]> {
    return this.#ask(() => runningPods(this.#context.runtime))
  }

  /** Writes a container's state to an archive, and says where that is. */
  async checkpoint(name: ContainerName, timeoutSeconds: number): Promise<string> {
    const worker = this.#workers.find(name.namespace, name.pod)
    if (worker === undefined) throw statusError('NotFound', 'pod does not exist')
    if (!allContainersOf(worker.pod).some((container) => container.name === name.container))
      throw statusError('NotFound', `container ${name.container} does not exist`)
    const running = runningContainers(worker.observed).find((each) => each.name === name.container)
    if (running === undefined) throw internalError(`container ${name.container} not found`)
    const { host, runtime, files } = this.#context
    const stamp = formatTime(host.now())
    const archive = `checkpoint-${name.pod}_${name.namespace}-${name.container}-${stamp}.tar`
    const location = await files.checkpointPath(archive)
    return this.#ask(async () => {
      await runtime.checkpointContainer(running.id, location, timeoutSeconds)
      return location
    })
  }

  #worker(name: PodName): PodWorker {
    const worker = this.#workers.find(name.namespace, name.pod)
    if (worker === undefined) throw notFound({ group: '', resource: 'pods', name: name.pod })
    return worker
  }

  #withStatus(pod: core.v1.Pod): core.v1.Pod {
    const status = this.#context.statuses.status(pod.metadata?.uid ?? '')
    return status === undefined ? pod : { ...pod, status }
  }

  #runningContainer(name: ContainerName): string {
    const latest = latestContainer(this.#worker(name).observed, name.container)
    if (latest === undefined) {
      throw statusError('NotFound', `container not found ("${name.container}")`)
    }
    return latest.id
  }

  async #ask<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work()
    } catch (error) {
      throw isRuntimeError(error, 'NotFound')
        ? statusError('NotFound', messageOf(error))
        : internalError(messageOf(error))
    }
  }

  /** The id of the container whose log is meant. */
  #loggedContainer(worker: PodWorker, { pod, container }: ContainerName, previous: boolean): string {
    const { status } = this.#withStatus(worker.pod)
    const statuses = [
      ...(status?.containerStatuses ?? []),
      ...(status?.initContainerStatuses ?? []),
      ...(status?.ephemeralContainerStatuses ?? []),
    ]
    const found = statuses.find(({ name }) => name === container)
    const place = `container "${container}" in pod "${pod}"`
    if (found === undefined) throw badRequest(`${place} is not available`)
    const { running, terminated, waiting } = found.state ?? {}
    const last = found.lastState?.terminated
    const id = (text: string | undefined): string => (text ?? '').replace(/^.*:\/\//, '')
    if (previous) {
      if (id(last?.containerID) === '') throw badRequest(`previous terminated ${place} not found`)
      return id(last?.containerID)
    }
    if (running !== undefined) return id(found.containerID)
    const ended = [terminated, last].map((state) => id(state?.containerID)).find((text) => text !== '')
    if (ended !== undefined) return ended
    if (terminated !== undefined || last !== undefined) throw badRequest(`${place} is terminated`)
    throw waitingError(place, waiting?.reason)
  }
}

function waitingError(place: string, reason: string | undefined): StatusError {
  switch (reason) {
    case undefined:
      return badRequest(`${place} is waiting to start - no logs yet`)
    case 'ErrImagePull':
      return badRequest(`${place} is waiting to start: image can't be pulled`)
    case 'ImagePullBackOff':
      return badRequest(`${place} is waiting to start: trying and failing to pull image`)
    default:
      return badRequest(`${place} is waiting to start: ${reason}`)
  }
}
