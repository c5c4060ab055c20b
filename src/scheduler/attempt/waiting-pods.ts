import { goDurationText } from '../../apimachinery/go-duration.ts'
import type { Host, Timer } from '../../base/host.ts'
import type { WaitingPod, WaitingPods } from '../framework.ts'
import type { PodInfo } from '../pod-info.ts'

/** What has become of a permit. `preempted`: the pod is tried again after its back-off. */
export type Permission =
  | { readonly type: 'allowed' }
  | { readonly type: 'rejected' | 'preempted'; readonly plugin: string; readonly message: string }

/** Upstream's longest time for a permit. */
const maxPermitMs = 15 * 60_000

class HeldPod implements WaitingPod {
  readonly pod: PodInfo
  readonly node: string
  readonly permission: Promise<Permission>
  readonly #timers = new Map<string, Timer>()
  readonly #settle: (permission: Permission) => void

  constructor(pod: PodInfo, node: string, waits: ReadonlyMap<string, number>, host: Host) {
    this.pod = pod
    this.node = node
    const { promise, resolve } = Promise.withResolvers<Permission>()
    this.permission = promise
    this.#settle = resolve
    for (const [plugin, wanted] of waits) {
      const waitMs = Math.min(wanted, maxPermitMs)
      const message = `rejected due to timeout after waiting ${goDurationText(waitMs)} at plugin ${plugin}`
      this.#timers.set(
        plugin,
        host.schedule(waitMs, () => this.reject(plugin, message)),
      )
    }
  }

  get pending(): readonly string[] {
    return [...this.#timers.keys()]
  }

  allow(plugin: string): void {
    this.#timers.get(plugin)?.cancel()
    this.#timers.delete(plugin)
    if (this.#timers.size === 0) this.#settle({ type: 'allowed' })
  }

  reject(plugin: string, message: string): void {
    this.end({ type: 'rejected', plugin, message })
  }

  end(permission: Permission): void {
    for (const timer of this.#timers.values()) timer.cancel()
    this.#settle(permission)
  }
}

/** Pods between their reservation and their binding. */
export class PodsOnTheirWay implements WaitingPods {
  readonly #host: Host
  readonly #onEnd: (permission: Permission, waitedMs: number) => void
  readonly #held = new Map<string, HeldPod>()
  /** Pods whose PreBind is under way: what stops it. */
  readonly #preBinding = new Map<string, AbortController>()

  constructor(host: Host, onEnd: (permission: Permission, waitedMs: number) => void = () => {}) {
    this.#host = host
    this.#onEnd = onEnd
  }

  get(uid: string): WaitingPod | undefined {
    return this.#held.get(uid)
  }

  list(): readonly WaitingPod[] {
    return [...this.#held.values()]
  }

  preempt(uid: string, plugin: string): boolean {
    const held = this.#held.get(uid)
    held?.end({ type: 'preempted', plugin, message: 'preempted' })
    if (held !== undefined) return true
    const preBinding = this.#preBinding.get(uid)
    preBinding?.abort(new Error(`preempted by ${plugin}`))
    return preBinding !== undefined
  }

  /** Holds a pod until all plugins allow it, one rejects it, or one's time is over. */
  async hold(pod: PodInfo, node: string, waits: ReadonlyMap<string, number>): Promise<Permission> {
    const held = new HeldPod(pod, node, waits, this.#host)
    this.#held.set(pod.uid, held)
    const startMs = this.#host.monotonicMs()
    try {
      const permission = await held.permission
      this.#onEnd(permission, this.#host.monotonicMs() - startMs)
      return permission
    } finally {
      this.#held.delete(pod.uid)
    }
  }

  /** Lets go of all that are held: nobody decides about them any more. */
  stop(): void {
    for (const held of this.#held.values())
      held.end({ type: 'preempted', plugin: '', message: 'the scheduler has stopped' })
  }

  /** Runs PreBind so that a preemption can stop it; rejects when one has, or when `signal` does. */
  async preBind(
    uid: string,
    signal: AbortSignal,
    run: (signal: AbortSignal) => Promise<void>,
  ): Promise<void> {
    const abort = new AbortController()
    this.#preBinding.set(uid, abort)
    try {
      await run(AbortSignal.any([abort.signal, signal]))
      abort.signal.throwIfAborted()
    } finally {
      this.#preBinding.delete(uid)
    }
  }
}
