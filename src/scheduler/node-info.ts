import type { core } from '../api/generated/types/index.ts'
import type { PodInfo } from './pod-info.ts'

/** An image that some node has. One object for all nodes that have it. */
export interface ImageState {
  readonly sizeBytes: number
  /** Names of the nodes that have it. */
  readonly nodes: ReadonlySet<string>
}

/**
 * A node and the pods that are on it, or assumed to be. One object for as long as the node is known; what it says
 * changes in place. Numbers that filters read are in NodeTable's columns, at `index`.
 */
export interface NodeInfo {
  readonly name: string
  /** Another one when a node has left. */
  readonly index: number
  readonly node: core.v1.Node
  /** By uid. */
  readonly pods: ReadonlyMap<string, PodInfo>
  /** Those of `pods` with any affinity or anti-affinity to pods. */
  readonly podsWithAffinity: ReadonlySet<PodInfo>
  readonly podsWithRequiredAntiAffinity: ReadonlySet<PodInfo>
  /** Allocatable and requested amounts beyond cpu, memory and ephemeral storage. */
  readonly extended: ReadonlyMap<string, { readonly allocatable: number; readonly requested: number }>
  /** By each of the image's names. */
  readonly images: ReadonlyMap<string, ImageState>
  /** How many of the pods use a claim, by its `namespace/name`. */
  readonly claims: ReadonlyMap<string, number>
}
