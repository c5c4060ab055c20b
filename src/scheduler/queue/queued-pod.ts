import type { PodInfo } from '../pod-info.ts'

/** A pod that waits for a node, with the history of its attempts. The queue changes it in place. */
export interface QueuedPod {
  info: PodInfo
  /** In the order in which they came: the last word between pods that are equal otherwise. */
  readonly sequence: number
  /** When it was put into a queue last, by the wall clock. */
  timestampMs: number
  /** When it could first be tried; undefined for one that has been gated all the time. */
  firstTriedMs: number | undefined
  attempts: number
  /** Attempts that found no node: what the back-off grows with. */
  unschedulableCount: number
  /** Attempts in a row that ended with an error. */
  errorCount: number
  /** Worked out once for each attempt. */
  backOffUntilMs: number | undefined
  /** Names of the plugins that refused it last. */
  unschedulablePlugins: ReadonlySet<string>
  /** Of plugins that wait for something: what helps them brings the pod back without back-off. */
  pendingPlugins: ReadonlySet<string>
  /** The plugin that keeps it out of the queue; '' when none does. */
  gatedBy: string
  /** It came back after the longest time that a pod may be unschedulable, not by an event. */
  flushed: boolean
}

export function newQueuedPod(info: PodInfo, sequence: number, nowMs: number): QueuedPod {
  return {
    info,
    sequence,
    timestampMs: nowMs,
    firstTriedMs: undefined,
    attempts: 0,
    unschedulableCount: 0,
    errorCount: 0,
    backOffUntilMs: undefined,
    unschedulablePlugins: new Set(),
    pendingPlugins: new Set(),
    gatedBy: '',
    flushed: false,
  }
}

/** It has been refused by no plugin: an error has brought it back. */
export const hasFailed = ({ unschedulablePlugins, pendingPlugins }: QueuedPod): boolean =>
  unschedulablePlugins.size === 0 && pendingPlugins.size === 0
