import type { core } from '../../api/generated/types/index.ts'
import type { Host, Timer } from '../../base/host.ts'
import type { ProbeKind, ProbeResult } from '../pod/plan/plan.ts'
import type { ProbeOutcome } from './run-probe.ts'

/** What a probe is about, as the pod's last status has it. */
export interface ProbeTarget {
  /** In the runtime; '' before there is a container. */
  readonly containerId: string
  /** Undefined unless it runs. */
  readonly runningSinceMs: number | undefined
  /** Its startup probe, if any, has succeeded. */
  readonly started: boolean
  readonly ready: boolean
}

export interface ProbeWorkerOptions {
  readonly host: Host
  readonly kind: ProbeKind
  readonly probe: core.v1.Probe
  /** The container ran before the agent was started: its state is kept until a probe says otherwise. */
  readonly isOlder: (target: ProbeTarget) => boolean
  readonly run: (target: ProbeTarget) => Promise<ProbeOutcome>
  readonly report: (containerId: string, result: ProbeResult | undefined) => void
}

const initialResults: Readonly<Record<ProbeKind, ProbeResult>> = {
  liveness: 'success',
  readiness: 'failure',
  startup: 'unknown',
}

/** Probes one container over and over and reports results that have reached their threshold. */
export class ProbeWorker {
  readonly #options: ProbeWorkerOptions
  #target: ProbeTarget = { containerId: '', runningSinceMs: undefined, started: false, ready: false }
  #timer: Timer | undefined
  #busy = false
  #stopped = false
  /** Settled for this container: nothing more to learn until there is a new one. */
  #onHold = false
  #lastResult: ProbeResult | undefined
  #run = 0

  constructor(options: ProbeWorkerOptions) {
    this.#options = options
  }

  /** Takes in the container's newest state. */
  see(target: ProbeTarget): void {
    const before = this.#target
    this.#target = target
    if (this.#stopped) return
    if (before.containerId !== target.containerId) this.#adopt(before, target)
    else if (before.runningSinceMs !== undefined && target.runningSinceMs === undefined) {
      this.#options.report(target.containerId, 'failure')
      this.#timer?.cancel()
    } else if (before.runningSinceMs === undefined && target.runningSinceMs !== undefined) {
      this.#schedule(this.#firstDelayMs(target))
    } else if (!before.started && target.started) this.#soon()
    else if (this.#options.kind === 'readiness' && target.started && !target.ready) this.#soon()
  }

  stop(): void {
    this.#stopped = true
    this.#timer?.cancel()
  }

  #adopt(before: ProbeTarget, target: ProbeTarget): void {
    const { kind, report } = this.#options
    if (before.containerId !== '') report(before.containerId, undefined)
    this.#timer?.cancel()
    this.#onHold = false
    this.#lastResult = undefined
    this.#run = 0
    if (target.containerId === '') return
    if (!this.#options.isOlder(target)) report(target.containerId, initialResults[kind])
    else if (kind === 'startup' && target.started) report(target.containerId, 'success')
    if (target.runningSinceMs !== undefined) this.#schedule(this.#firstDelayMs(target))
  }

  #firstDelayMs(target: ProbeTarget): number {
    const { host, probe, isOlder } = this.#options
    if (isOlder(target)) return host.random() * this.#periodMs()
    const sinceMs = host.now() - (target.runningSinceMs ?? host.now())
    return Math.max((probe.initialDelaySeconds ?? 0) * 1000 - sinceMs, 0)
  }

  #periodMs(): number {
    return (this.#options.probe.periodSeconds ?? 10) * 1000
  }

  /** Probes at once where it would have been probed later; its period counts from then on. */
  #soon(): void {
    if (!this.#busy && this.#firstDelayMs(this.#target) === 0) this.#schedule(0)
  }

  #schedule(delayMs: number): void {
    this.#timer?.cancel()
    if (this.#stopped) return
    this.#timer = this.#options.host.schedule(delayMs, () => {
      void this.#tick()
    })
  }

  async #tick(): Promise<void> {
    if (this.#busy) return
    const { kind, run } = this.#options
    const target = this.#target
    const due =
      target.runningSinceMs !== undefined && !this.#onHold && target.started !== (kind === 'startup')
    if (due) {
      this.#busy = true
      const outcome = await run(target)
      this.#busy = false
      if (target.containerId === this.#target.containerId && !this.#stopped) this.#take(outcome)
    }
    if (this.#target.runningSinceMs !== undefined) this.#schedule(this.#periodMs())
  }

  #take(outcome: ProbeOutcome): void {
    const { kind, probe, report } = this.#options
    if (outcome.kind === 'errored') return
    const result: ProbeResult = outcome.kind === 'failure' ? 'failure' : 'success'
    this.#run = this.#lastResult === result ? this.#run + 1 : 1
    this.#lastResult = result
    const threshold = result === 'failure' ? (probe.failureThreshold ?? 3) : (probe.successThreshold ?? 1)
    if (this.#run < threshold) return
    if ((kind === 'liveness' && result === 'failure') || kind === 'startup') {
      this.#onHold = true
      this.#run = 0
    }
    report(this.#target.containerId, result)
  }
}
