import type { core } from '../api/generated/types/index.ts'
import type { Features } from '../apimachinery/feature-gates.ts'
import type { Client } from '../client/client.ts'
import type { InformerFactory } from '../client/informer.ts'
import type { ClusterEvent } from './cluster-event.ts'
import type { NodeInfo } from './node-info.ts'
import type { NodeTable } from './node-table.ts'
import type { PodInfo } from './pod-info.ts'

/** Why a plugin says no. Unresolvable: no eviction on that node would help. */
export interface Rejection {
  readonly resolvable: boolean
  /** Upstream's words, as they are counted in `0/5 nodes are available: 3 Insufficient cpu, …`. */
  readonly reasons: readonly string[]
}

/** Filter for one cycle: undefined admits the node. Called for many nodes; must not allocate when it admits. */
export type Filter = (node: NodeInfo) => Rejection | undefined

export type PreFilterResult =
  | { readonly type: 'skip' }
  | { readonly type: 'reject'; readonly rejection: Rejection }
  /** `nodes`: only these, by name, need be looked at. */
  | { readonly type: 'filter'; readonly filter: Filter; readonly nodes?: ReadonlySet<string> }

export type PreScoreResult =
  | { readonly type: 'skip' }
  | {
      readonly type: 'score'
      /** A whole number; 0 to 100 unless `normalize` brings it there. */
      readonly score: (node: NodeInfo) => number
      readonly normalize?: (scores: Float64Array) => void
    }

/** Whether an event may make a pod that this plugin rejected schedulable. */
export type QueueingHint = (pod: PodInfo, event: ClusterEvent) => boolean

/** What plugins are made with. */
export interface PluginContext {
  readonly client: Client
  /** What plugins ask of it here is waited for before the first pod is scheduled. */
  readonly informers: Pick<InformerFactory, 'informer'>
  readonly features: Features
  readonly nodes: NodeTable
}

/**
 * A scheduling plugin: any of upstream's extension points under their names. PreFilter and PreScore hand back
 * the cycle's Filter and Score as closures, so a cycle's state needs no shared bag. All but bind are synchronous.
 */
export interface Plugin {
  readonly name: string
  /** Queue order: negative when `left` goes first. One plugin of a profile has it. */
  readonly less?: (left: PodInfo, right: PodInfo) => number
  readonly preEnqueue?: (pod: PodInfo) => Rejection | undefined
  readonly preFilter?: (pod: PodInfo) => PreFilterResult
  readonly preScore?: (pod: PodInfo, nodes: readonly NodeInfo[]) => PreScoreResult
  /** Undone by `unreserve` when a later step fails. */
  readonly reserve?: (pod: PodInfo, node: string) => void
  readonly unreserve?: (pod: PodInfo, node: string) => void
  readonly permit?: (pod: PodInfo, node: string) => Rejection | undefined
  readonly preBind?: (pod: PodInfo, node: string) => Promise<void>
  /** True: this plugin has bound the pod. */
  readonly bind?: (pod: PodInfo, node: string) => Promise<boolean>
  readonly postBind?: (pod: PodInfo, node: string) => void
  /** Absent: every event may help. */
  readonly hint?: QueueingHint
}

export interface WeightedPlugin {
  readonly plugin: Plugin
  /** Of its scores; upstream's default. */
  readonly weight: number
}

/** One scheduler as pods name it in spec.schedulerName. */
export interface Profile {
  readonly schedulerName: string
  readonly plugins: readonly WeightedPlugin[]
}

export const maxNodeScore = 100

/** Scales scores to 0…100, upside down where fewer is better; upstream's DefaultNormalizeScore. */
export function normalizeScores(scores: Float64Array, reverse: boolean): void {
  const most = scores.reduce((max, score) => Math.max(max, score), 0)
  scores.forEach((score, index) => {
    const scaled = most === 0 ? 0 : Math.trunc((score * maxNodeScore) / most)
    scores[index] = reverse ? maxNodeScore - scaled : scaled
  })
}

export type Pod = core.v1.Pod
export type Node = core.v1.Node
