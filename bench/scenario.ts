import type { Report } from './report.ts'

export interface BenchOptions {
  /** How many objects of each kind are created. */
  readonly objects: number
  readonly watchers: number
  /** Requests that wait for their answer at any time. */
  readonly flight: number
  /** Only these parts of the scenario; all where empty. */
  readonly parts: readonly string[]
  /** Write a processor profile of every part, and print its heaviest functions. */
  readonly profile: boolean
  /** Of the scheduler: a file or folder in scheduler_perf's form; '': this project's own. */
  readonly workloads: string
  /** Of those, the ones whose `Case/workload` this expression matches; '': those labelled `performance`. */
  readonly only: string
  readonly store: 'lmdb' | 'memory'
  /** Pods are created over HTTPS from a second process. */
  readonly https: boolean
}

export interface Scenario {
  readonly name: string
  /** What `--parts` may name. */
  readonly parts: readonly string[]
  run(options: BenchOptions, report: Report): Promise<void>
}

export const wants = (options: BenchOptions, part: string): boolean =>
  options.parts.length === 0 || options.parts.includes(part)
