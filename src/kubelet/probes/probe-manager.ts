import type { core } from '../../api/generated/types/index.ts'
import { timeMs } from '../../apimachinery/time.ts'
import type { Host } from '../../base/host.ts'
import { containerFieldPath } from '../pod/actions/start-container.ts'
import type { ProbeKind, ProbeResult, ProbeResults } from '../pod/plan/plan.ts'
import { sidecarsOf } from '../pod/plan/restart-policy.ts'
import type { EventSink, PodNetwork } from '../pod/pod-context.ts'
import type { Runtime } from '../runtime/runtime.ts'
import { ProbeMetrics } from './probe-metrics.ts'
import { type ProbeTarget, ProbeWorker } from './probe-worker.ts'
import { type ProbeOutcome, type ProbeRun, runProbe } from './run-probe.ts'

type Container = core.v1.Container
type Pod = core.v1.Pod

export interface ProbeManagerOptions {
  readonly host: Host
  readonly runtime: Runtime
  readonly network: PodNetwork
  readonly events: EventSink
  readonly agentStartMs: number
  /** Answers in place of a real attempt where it returns something: what simulated containers do. */
  readonly simulate?: ((kind: ProbeKind, containerId: string) => ProbeOutcome | undefined) | undefined
}

const kinds: readonly ProbeKind[] = ['startup', 'readiness', 'liveness']
const titles: Readonly<Record<ProbeKind, string>> = {
  startup: 'Startup',
  readiness: 'Readiness',
  liveness: 'Liveness',
}
const restartGraceMs = 10_000

interface PodProbes {
  pod: Pod
  podIp: string
  readonly workers: Map<string, ProbeWorker>
  readonly containerIds: Map<string, string>
}

const probeOf = (container: Container, kind: ProbeKind): core.v1.Probe | undefined =>
  kind === 'startup'
    ? container.startupProbe
    : kind === 'liveness'
      ? container.livenessProbe
      : container.readinessProbe

/** Runs the probes of all pods of a node. */
export class ProbeManager {
  readonly #options: ProbeManagerOptions
  readonly #pods = new Map<string, PodProbes>()
  readonly #results = new Map<string, ProbeResult>()
  readonly #handlers = new Set<(podUid: string) => void>()
  readonly metrics = new ProbeMetrics()

  constructor(options: ProbeManagerOptions) {
    this.#options = options
  }

  /** The last results that reached their threshold. */
  readonly results: ProbeResults = (kind, containerId) => this.#results.get(`${kind}/${containerId}`)

  /** Calls back when a result of a pod's container has changed. */
  onChange(handler: (podUid: string) => void): () => void {
    this.#handlers.add(handler)
    return () => this.#handlers.delete(handler)
  }

  /** Takes in a pod and its newest status; probes that it does not have yet are begun. */
  update(pod: Pod, status: core.v1.PodStatus): void {
    const containers = [...(pod.spec?.containers ?? []), ...sidecarsOf(pod)]
    if (!containers.some((container) => kinds.some((kind) => probeOf(container, kind)))) return
    const uid = pod.metadata?.uid ?? ''
    const probes = this.#pods.get(uid) ?? { pod, podIp: '', workers: new Map(), containerIds: new Map() }
    this.#pods.set(uid, probes)
    probes.pod = pod
    probes.podIp = status.podIP ?? ''
    const statuses = [...(status.containerStatuses ?? []), ...(status.initContainerStatuses ?? [])]
    for (const container of containers) {
      const found = statuses.find(({ name }) => name === container.name)
      if (found === undefined) continue
      const target = targetOf(found)
      for (const kind of kinds) {
        if (probeOf(container, kind) !== undefined) this.#worker(probes, container, kind).see(target)
      }
    }
  }

  /** A pod that ends is no longer restarted by its probes. */
  stopLivenessAndStartup(podUid: string): void {
    for (const [key, worker] of this.#pods.get(podUid)?.workers ?? []) {
      if (!key.startsWith('readiness/')) worker.stop()
    }
  }

  remove(podUid: string): void {
    const probes = this.#pods.get(podUid)
    if (probes === undefined) return
    for (const worker of probes.workers.values()) worker.stop()
    for (const container of [...(probes.pod.spec?.containers ?? []), ...sidecarsOf(probes.pod)])
      for (const kind of kinds) this.metrics.forget(probes.pod, container.name, kind)
    for (const [key, id] of probes.containerIds) this.#results.delete(`${key.split('/')[0]}/${id}`)
    this.#pods.delete(podUid)
  }

  #worker(probes: PodProbes, container: Container, kind: ProbeKind): ProbeWorker {
    const key = `${kind}/${container.name}`
    const existing = probes.workers.get(key)
    if (existing !== undefined) return existing
    const probe = probeOf(container, kind) ?? {}
    const worker = new ProbeWorker({
      host: this.#options.host,
      kind,
      probe,
      isOlder: ({ runningSinceMs }) =>
        runningSinceMs !== undefined && runningSinceMs < this.#options.agentStartMs - restartGraceMs,
      run: ({ containerId }) =>
        this.#attempt(probes, kind, { probe, container, containerId, podIp: probes.podIp }),
      report: (containerId, result) => this.#report(probes, key, containerId, result),
    })
    probes.workers.set(key, worker)
    return worker
  }

  async #attempt(probes: PodProbes, kind: ProbeKind, run: ProbeRun): Promise<ProbeOutcome> {
    const { events, host, network, runtime, simulate } = this.#options
    const beganMs = host.monotonicMs()
    const outcome = simulate?.(kind, run.containerId) ?? (await runProbe(runtime, network, run))
    this.metrics.count(probes.pod, run.container.name, kind, outcome, host.monotonicMs() - beganMs)
    const say = (reason: string, message: string): void => {
      const path = containerFieldPath(probes.pod, run.container.name)
      events.event(probes.pod, 'Warning', reason, message, path)
    }
    const title = titles[kind]
    if (outcome.kind === 'failure') say('Unhealthy', `${title} probe failed: ${outcome.output}`)
    if (outcome.kind === 'warning') say('ProbeWarning', `${title} probe warning: ${outcome.output}`)
    if (outcome.kind === 'errored') {
      say('Unhealthy', `${title} probe errored and resulted in unknown state: ${outcome.output}`)
    }
    return outcome
  }

  #report(probes: PodProbes, key: string, containerId: string, result: ProbeResult | undefined): void {
    const resultKey = `${key.split('/')[0]}/${containerId}`
    const before = this.#results.get(resultKey)
    if (result === undefined) this.#results.delete(resultKey)
    else {
      this.#results.set(resultKey, result)
      probes.containerIds.set(key, containerId)
    }
    const isNews = result !== undefined && result !== before && before !== undefined
    if (isNews) for (const handler of this.#handlers) handler(probes.pod.metadata?.uid ?? '')
  }
}

function targetOf(status: core.v1.ContainerStatus): ProbeTarget {
  const startedAt = status.state?.running?.startedAt
  return {
    containerId: (status.containerID ?? '').replace(/^.*:\/\//, ''),
    runningSinceMs: status.state?.running === undefined ? undefined : timeMs(startedAt ?? ''),
    started: status.started ?? false,
    ready: status.ready,
  }
}
