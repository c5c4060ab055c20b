import type { AnyKind } from '../../client/informer.ts'
import { type ClusterEvent, type EventRegistration, matchesRegistration } from '../cluster-event.ts'
import type { Plugin } from '../framework.ts'
import { hasFailed, type QueuedPod } from './queued-pod.ts'

/** What becomes of a pod when something happens: it stays, comes after its back-off, or at once. */
export type Requeueing = 'stay' | 'back-off' | 'at-once'

/** Calls a hint, and perhaps measures it. */
export type AskHint = (plugin: string, event: string, hint: () => boolean) => boolean

const askPlainly: AskHint = (_plugin, _event, hint) => hint()

/** Which events each plugin of a profile waits for. */
export class EventHints {
  /** By plugin; undefined: it takes any event for help. */
  readonly #events: ReadonlyMap<string, readonly EventRegistration[] | undefined>

  constructor(plugins: readonly Plugin[]) {
    this.#events = new Map(plugins.map(({ name, events }) => [name, events]))
  }

  /** Of all events that plugins wait for. */
  get kinds(): readonly AnyKind[] {
    return [...this.#events.values()].flatMap((registered) => (registered ?? []).map(({ kind }) => kind))
  }

  /** Whether the plugin has registered for such an event: before any pod is looked at. */
  isInterested(plugin: string, event: ClusterEvent): boolean {
    if (event.kind === undefined) return true
    const registered = this.#events.get(plugin)
    return registered === undefined || registered.some((one) => matchesRegistration(one, event))
  }

  /** Whether any plugin has registered for such an event. */
  isAwaited(event: ClusterEvent): boolean {
    for (const plugin of this.#events.keys()) if (this.isInterested(plugin, event)) return true
    return false
  }

  /** What `event` means for a pod that was refused. */
  requeueing(pod: QueuedPod, event: ClusterEvent, ask: AskHint = askPlainly): Requeueing {
    if (hasFailed(pod)) return 'back-off'
    if (event.kind === undefined) {
      const target = event.object?.metadata?.uid
      return target === undefined || target === pod.info.uid ? 'back-off' : 'stay'
    }
    for (const plugin of pod.pendingPlugins) if (this.#mayHelp(plugin, pod, event, ask)) return 'at-once'
    for (const plugin of pod.unschedulablePlugins)
      if (this.#mayHelp(plugin, pod, event, ask)) return 'back-off'
    return 'stay'
  }

  #mayHelp(plugin: string, { info }: QueuedPod, event: ClusterEvent, ask: AskHint): boolean {
    const registered = this.#events.get(plugin)
    if (registered === undefined) return true
    try {
      return registered.some(
        (one) => matchesRegistration(one, event) && ask(plugin, event.label, () => one.mayHelp(info, event)),
      )
    } catch {
      // A hint that fails must not leave the pod behind for ever.
      return true
    }
  }
}
