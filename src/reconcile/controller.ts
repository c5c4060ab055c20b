import type { KindDeclaration } from '../apimachinery/define-kind.ts'
import type { KubernetesObject } from '../apimachinery/meta.ts'
import type { Host } from '../base/host.ts'
import type { Logger } from '../base/logger.ts'
import type { Metrics } from '../base/metrics.ts'
import type { Client } from '../client/client.ts'
import type { AnyKind, Indexers, InformerFactory, InformerOptions, Lister } from '../client/informer.ts'

export type { AnyKind }

/** What to do with a key after a reconcile; errors are thrown and retried with back-off. */
export type Outcome = { readonly requeueAfterMs?: number }

export const done: Outcome = {}
export const requeueAfter = (delayMs: number): Outcome => ({ requeueAfterMs: delayMs })

/** Thrown to be called again with back-off when there is nothing wrong, only too early. */
export class RetryError extends Error {
  override readonly name = 'RetryError'
}

/** `namespace/name`, or `name` for cluster-scoped kinds. */
export type Key = string

/** Further objects whose changes concern a key. */
export interface WatchDeclaration<T extends KubernetesObject = KubernetesObject> {
  readonly kind: KindDeclaration<T>
  /** Which objects of the kind this controller sees at all, here and in its cache; all where absent. */
  readonly selection?: InformerOptions
  /** The keys to reconcile when `object` changes (called with the old and the new state alike). */
  readonly keys: (object: T, context: ReconcileContext) => readonly Key[]
  /** Changes for which it says false are not looked at. */
  readonly when?: (object: T | undefined, old: T | undefined) => boolean
  /** Time in which such changes gather before their keys are queued; none where absent. */
  readonly delayMs?: number
}

// biome-ignore lint/suspicious/noExplicitAny: watches of different kinds in one list; each is called only with objects of its own
export type AnyWatch = WatchDeclaration<any>

/** A watch, typed by its kind. */
export const watching = <T extends KubernetesObject>(watch: WatchDeclaration<T>): AnyWatch => watch

/** Indices that a controller looks objects up by. */
export interface IndexDeclaration<T extends KubernetesObject = KubernetesObject> {
  readonly kind: KindDeclaration<T>
  readonly indexers: Indexers<T>
}

// biome-ignore lint/suspicious/noExplicitAny: indices of different kinds in one list; each is given only objects of its own
export type AnyIndex = IndexDeclaration<any>

/** Indices, typed by their kind. */
export const indexing = <T extends KubernetesObject>(
  kind: KindDeclaration<T>,
  indexers: Indexers<T>,
): AnyIndex => ({ kind, indexers })

/** A caches' view: every kind that the controller declared, nothing else (asking for another is a defect). */
export interface Caches {
  of<T extends KubernetesObject>(kind: KindDeclaration<T>): Lister<T>
}

export interface EventRecorder {
  /** An Event about `object` (or with `fieldPath` about a part of it), aggregated and rate-limited as upstream's recorder. Never throws, never waits. */
  event(
    object: KubernetesObject,
    type: 'Normal' | 'Warning',
    reason: string,
    message: string,
    fieldPath?: string,
  ): void
}

export interface ReconcileContext {
  readonly cache: Caches
  /** Every write through it is waited for in the caches before the key's next reconcile. */
  readonly api: Client
  readonly events: EventRecorder
  readonly host: Host
  readonly logger: Logger
  readonly metrics: Metrics
  /** Aborts when the controller stops or loses its lease. */
  readonly signal: AbortSignal
}

/** How long a key that fails waits: `baseMs`, doubled with each failure, at most `maxMs`. */
export interface BackOff {
  readonly baseMs: number
  readonly maxMs: number
}

/** What a controller may do beyond reading what it reconciles, owns and watches: upstream's verbs per resource; its RBAC role is derived from this. */
export interface Permission {
  readonly group: string
  readonly resources: readonly string[]
  readonly verbs: readonly string[]
}

export interface ControllerDeclaration<T extends KubernetesObject = KubernetesObject> {
  /** Upstream's name without `-controller`: `deployment`; also the work queue's name in metrics. */
  readonly name: string
  /** `source.component` of its events; its name with `-controller` where absent. */
  readonly reportsAs?: string
  /** Absent: keys come from `watches` and `setUp` alone. */
  readonly reconciles?: KindDeclaration<T>
  /** Kinds whose objects carry a controller owner reference to `reconciles`. */
  readonly owns?: readonly AnyKind[]
  readonly watches?: readonly AnyWatch[]
  /** Kinds that are only read from the cache. */
  readonly reads?: readonly AnyKind[]
  readonly indexers?: readonly AnyIndex[]
  readonly permissions?: readonly Permission[]
  /** Keys reconciled at the same time; upstream's default (5) where absent. */
  readonly workers?: number
  /** Upstream's 5 ms to 1000 s where absent. */
  readonly backOff?: BackOff
  /** Rest between two reconciles of one key, in which what happens to it gathers; none where absent. A key at rest is reconciled at once. */
  readonly spacingMs?: number
  /** When it says false for a change of `reconciles`, the key is not queued. */
  readonly when?: (object: T | undefined, old: T | undefined) => boolean
  /** Called once, before the caches are filled, by controllers that follow more than declared kinds. */
  setUp?(setup: ControllerSetup): void
  reconcile(key: Key, context: ReconcileContext): Promise<Outcome>
}

/** What a controller with a state of its own (a graph, a table of timers) is given to follow the world. */
export interface ControllerSetup {
  readonly informers: InformerFactory
  readonly host: Host
  readonly logger: Logger
  readonly metrics: Metrics
  readonly events: EventRecorder
  readonly signal: AbortSignal
  readonly enqueue: (key: Key, delayMs?: number) => void
  /** Workers start only when these are in step with the server. */
  readonly waitFor: (synced: Promise<unknown>) => void
}

// biome-ignore lint/suspicious/noExplicitAny: controllers of different kinds in one list; the harness gives each only its own objects
export type AnyController = ControllerDeclaration<any>

/** What the events of a controller say that they are from. */
export const reporterOf = ({ name, reportsAs = `${name}-controller` }: AnyController): string => reportsAs

/** A declaration, typed by what it reconciles. `startController` (the harness) runs it. */
export function defineController<T extends KubernetesObject>(
  declaration: ControllerDeclaration<T>,
): ControllerDeclaration<T> {
  return declaration
}
