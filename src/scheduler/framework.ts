import type { core, scheduling } from '../api/generated/types/index.ts'
import type { Features } from '../apimachinery/feature-gates.ts'
import type { Host } from '../base/host.ts'
import type { Logger } from '../base/logger.ts'
import type { Metrics } from '../base/metrics.ts'
import type { Client } from '../client/client.ts'
import type { AnyKind, InformerFactory } from '../client/informer.ts'
import type { Report } from '../client/series-recorder.ts'
import type { ClusterEvent, EventRegistration } from './cluster-event.ts'
import type { Extender } from './extender/extender.ts'
import type { NodeInfo } from './node-info.ts'
import type { NodeTable } from './node-table.ts'
import type { PodInfo } from './pod-info.ts'
import type { QueuedPod } from './queue/queued-pod.ts'

/** Why a plugin says no. Unresolvable: no eviction on that node would help. */
export interface Rejection {
  readonly resolvable: boolean
  /** Upstream's words, as they are counted in `0/5 nodes are available: 3 Insufficient cpu, …`. */
  readonly reasons: readonly string[]
  /** True: the pod waits for something else than room (upstream's Pending); it is tried without back-off then. */
  readonly pending?: true
}

/** Filter for one cycle: undefined admits the node. Called for many nodes; must not allocate when it admits. */
export type Filter = (node: NodeInfo) => Rejection | undefined

export type PreScoreResult =
  | { readonly type: 'skip' }
  | {
      readonly type: 'score'
      /** A whole number; 0 to 100 unless `normalize` brings it there. */
      readonly score: (node: NodeInfo) => number
      /** By place in PreScore's `nodes`. */
      readonly normalize?: (scores: Float64Array) => void
    }

/** A permit that is not given yet: the pod is held, reserved, until `waiting.allow` or `reject`, at most so long. */
export interface PermitWait {
  readonly waitMs: number
}

/** The points after Filter: a plugin has them itself, or hands them back from PreFilter as closures over its state. */
export interface LaterPoints {
  readonly preScore?: (pod: PodInfo, nodes: readonly NodeInfo[]) => PreScoreResult
  /** Undone by `unreserve` when a later step fails. */
  readonly reserve?: (pod: PodInfo, node: string) => Rejection | undefined
  /** May be called without a `reserve` before it. */
  readonly unreserve?: (pod: PodInfo, node: string) => void
  readonly permit?: (pod: PodInfo, node: string) => Rejection | PermitWait | undefined
  /** False: `preBind` has nothing to do for this pod (upstream's PreBindPreFlight). Absent: it has, where there is one. */
  readonly needsPreBind?: (pod: PodInfo, node: string) => boolean
  /** A rejection of its promise ends the attempt; the pod is tried again after its back-off. */
  readonly preBind?: (pod: PodInfo, node: string, signal: AbortSignal) => Promise<void>
  readonly postBind?: (pod: PodInfo, node: string) => void
}

/** What PreFilter has worked out for one pod: it lives as long as the attempt, binding included. */
export interface PreparedFilter extends LaterPoints {
  readonly type: 'filter'
  readonly filter: Filter
  /** Only these nodes, by name, need be looked at. */
  readonly nodes?: ReadonlySet<string>
  /**
   * "And if this pod were there (were gone)?" Called after the node's own picture (its pods and columns) has changed so;
   * each call is taken back by its opposite. Only for filters that keep sums over nodes in their closure: what a filter
   * reads from the node or the table is right already. Upstream's PreFilterExtensions.
   */
  readonly addPod?: (pod: PodInfo, node: NodeInfo) => void
  readonly removePod?: (pod: PodInfo, node: NodeInfo) => void
  /** The pod as it counts once it is assumed there: what was found for it may take something of the node too. Undefined: as ever. */
  readonly countedOn?: (node: string) => PodInfo | undefined
}

/** Skip: nothing to filter for this pod; the plugin's own later points still hold. A thrown error ends the attempt. */
export type PreFilterResult =
  | { readonly type: 'skip' }
  | { readonly type: 'reject'; readonly rejection: Rejection }
  | PreparedFilter

/** Why a node was refused, and by which plugin. */
export interface Refusal {
  readonly plugin: string
  readonly rejection: Rejection
}

/** Nodes among which the pods of a group are placed (upstream's Placement). */
export interface Placement {
  readonly name: string
  readonly nodes: readonly NodeInfo[]
}

/** A placement with those pods of the group that would have a place there. */
export interface ProposedPlacement extends Placement {
  readonly pods: readonly PodInfo[]
}

/** A pod group whose pods look for nodes. */
export interface GroupToPlace {
  /** Undefined: it is not known here. */
  readonly group: scheduling.v1alpha2.PodGroup | undefined
  /** Those of its pods that have a node. */
  readonly placed: readonly { readonly pod: core.v1.Pod; readonly node: string }[]
}

/** Points for placements of a group: 0 to 100, once `normalize` has had them. */
export interface PlacementScore {
  readonly score: (group: GroupToPlace, proposal: ProposedPlacement) => number
  /** By place among the placements. */
  readonly normalize?: (scores: Float64Array) => void
}

/** An attempt for which no node was found, as PostFilter plugins see it. */
export interface FailedAttempt {
  readonly pod: PodInfo
  /** Those that may be looked at. */
  readonly nodes: readonly NodeInfo[]
  /** Every known node's refusal. */
  readonly refusalOf: (node: NodeInfo) => Refusal
  /** Runs all filters anew against the table as it is (or as it is supposed), with the pods that are nominated to the node. */
  readonly check: (node: NodeInfo) => Rejection | undefined
  /** Changes the picture until taken back: what the node's columns, pods and all filters of this attempt say. */
  readonly suppose: SupposedPods
  /** Lets other work run; the picture does not change meanwhile. */
  readonly breathe: () => Promise<void>
}

/** See `PreparedFilter.addPod`. Every call must be taken back before the attempt ends, or others breathe. */
export interface SupposedPods {
  add(pod: PodInfo, node: NodeInfo): void
  remove(pod: PodInfo, node: NodeInfo): void
}

export type PostFilterResult =
  /** Room will be made there. */
  | { readonly type: 'nominate'; readonly node: string }
  /** `forget`: an earlier nomination holds no more; without it, it stays. */
  | { readonly type: 'unschedulable'; readonly message: string; readonly forget: boolean }

/** Pods that are on their way to a node but not bound yet. */
export interface WaitingPods {
  /** One that a permit holds. */
  get(uid: string): WaitingPod | undefined
  list(): readonly WaitingPod[]
  /** Ends the attempt of one that nothing has been written for yet: it backs off and is tried again. False: too late, or it is not on its way. */
  preempt(uid: string, plugin: string): boolean
}

export interface WaitingPod {
  readonly pod: PodInfo
  readonly node: string
  /** Names of the plugins that have not allowed it yet. */
  readonly pending: readonly string[]
  allow(plugin: string): void
  reject(plugin: string, message: string): void
}

/** Pods for which room is being made: filters count them on their node, for pods of no higher priority. */
export interface NominatedPods {
  on(node: string): readonly PodInfo[]
}

/** What plugins are made with, one plugin for each profile that has it. */
export interface PluginContext {
  readonly client: Client
  /** Whatever a plugin asks of it while it is made is in its cache before the first pod is tried. */
  readonly informers: Pick<InformerFactory, 'informer'>
  readonly host: Host
  readonly logger: Logger
  readonly features: Features
  /** See SchedulerOptions. */
  readonly serves?: (kind: AnyKind) => boolean
  readonly nodes: NodeTable
  readonly nominated: NominatedPods
  readonly waiting: WaitingPods
  readonly extenders: readonly Extender[]
  readonly metrics: Metrics
  /** Writes an event. */
  readonly report: (report: Omit<Report, 'reportingController'>) => void
  /** No room is kept for the pod any more. */
  readonly denominate: (pod: PodInfo) => void
  /** The profile's name in pods' `spec.schedulerName`. */
  readonly schedulerName: string
  /** Tries these pods (by uid) now, whatever holds them back, gates apart. */
  readonly activate: (uids: readonly string[]) => void
  /** Something changed that no informer tells of: moves pods as an event does. */
  readonly requeue: (event: ClusterEvent) => void
}

/**
 * A scheduling plugin: any of upstream's extension points under their names. PreFilter and PreScore hand back
 * the cycle's Filter and Score as closures, so a cycle's state needs no shared bag. A cycle is synchronous up to
 * Permit, but for PostFilter.
 */
export interface Plugin extends LaterPoints {
  readonly name: string
  /** Queue order: negative when `left` goes first. One plugin of a profile has it. */
  readonly less?: (left: QueuedPod, right: QueuedPod) => number
  /**
   * Beside `less`, for an order that changes while pods wait: pods of one flow (by name) keep their order among each other,
   * between flows `less` is asked anew for each pod that is taken.
   */
  readonly flow?: (pod: PodInfo) => string
  readonly preEnqueue?: (pod: PodInfo) => Rejection | undefined
  readonly preFilter?: (pod: PodInfo) => PreFilterResult
  readonly postFilter?: (attempt: FailedAttempt) => Promise<PostFilterResult>
  /** Which parts of `parent` a group may be placed in; the first plugin of a profile that has it is asked. Throws where that cannot be told. */
  readonly placementGenerate?: (group: GroupToPlace, parent: Placement) => readonly Placement[]
  readonly placementScore?: PlacementScore
  /** Its PreBind may run at the same time as those of its neighbours in the profile that say so, too. */
  readonly preBindsBeside?: true
  /** True: this plugin has bound the pod. */
  readonly bind?: (pod: PodInfo, node: string) => Promise<boolean>
  /**
   * What this plugin's Filter and Score (before `normalize`) of a node depend on, beside the node itself (what its
   * generation stands for), as a JSON value: pods with equal values get equal answers, and share them. Undefined for a
   * pod, or absent: they depend on more, such as other nodes or kinds. Upstream's SignPod (KEP-5598).
   */
  readonly sign?: (pod: PodInfo) => unknown
  /** What may help a pod that this plugin refused. Absent: everything; empty: nothing does. */
  readonly events?: readonly EventRegistration[]
}

export interface WeightedPlugin {
  readonly plugin: Plugin
  /** Of its scores; upstream's default. */
  readonly weight: number
}

export const maxNodeScore = 100

/** Scales scores to 0…100, upside down where fewer is better; upstream's DefaultNormalizeScore. */
export function normalizeScores(scores: Float64Array, reverse: boolean): void {
  let most = 0
  for (const score of scores) if (score > most) most = score
  for (let index = 0; index < scores.length; index++) {
    const scaled = most === 0 ? 0 : Math.trunc(((scores[index] ?? 0) * maxNodeScore) / most)
    scores[index] = reverse ? maxNodeScore - scaled : scaled
  }
}
