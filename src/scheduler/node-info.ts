import type { core } from '../api/generated/types/index.ts'
import type { PodInfo } from './pod-info.ts'

/** A node and the pods that are on it, or assumed to be. Numbers that filters read are in NodeTable's columns, at `index`. */
export interface NodeInfo {
  readonly name: string
  readonly index: number
  readonly node: core.v1.Node
  /** By uid. */
  readonly pods: ReadonlyMap<string, PodInfo>
  /** Allocatable and requested amounts beyond cpu, memory and ephemeral storage. */
  readonly extended: ReadonlyMap<string, { readonly allocatable: number; readonly requested: number }>
}
