import type { FileSystemState, MachineState } from '../node/machine.ts'
import {
  conditionOf,
  type EvictionSettings,
  type PressureCondition,
  quantityOf,
  type Signal,
  type Threshold,
} from './thresholds.ts'

export interface Observation {
  readonly available: number
  readonly capacity: number
}

export type Observations = ReadonlyMap<Signal, Observation>

/** What is remembered between two looks. */
export interface SignalMemory {
  /** Thresholds that are met, and since when. */
  readonly metSinceMs: ReadonlyMap<Threshold, number>
  readonly lastSeenMs: ReadonlyMap<PressureCondition, number>
}

export const noMemory: SignalMemory = { metSinceMs: new Map(), lastSeenMs: new Map() }

export interface Watched {
  readonly memory: SignalMemory
  readonly conditions: ReadonlySet<PressureCondition>
  /** What has to be won back, the most urgent first. */
  readonly met: readonly Threshold[]
}

function fileSystem(name: 'nodefs' | 'imagefs', state: FileSystemState): readonly [Signal, Observation][] {
  const inodes: readonly [Signal, Observation][] =
    state.inodes > 0 ? [[`${name}.inodesFree`, { available: state.freeInodes, capacity: state.inodes }]] : []
  return [[`${name}.available`, { available: state.availableBytes, capacity: state.bytes }], ...inodes]
}

const processes = ({ processes: counted }: MachineState): readonly [Signal, Observation][] =>
  counted === undefined
    ? []
    : [['pid.available', { available: counted.max - counted.running, capacity: counted.max }]]

/** Images share the disk of the pods where they have none of their own: what is short there is short for both. */
export function observe(state: MachineState, memoryBytes: number): Observations {
  return new Map<Signal, Observation>([
    ['memory.available', { available: state.availableMemoryBytes, capacity: memoryBytes }],
    ...fileSystem('nodefs', state.nodeFs),
    ...fileSystem('imagefs', state.imageFs ?? state.nodeFs),
    ...processes(state),
  ])
}

export function isMet(
  { signal, value, minReclaim }: Threshold,
  seen: Observations,
  reclaimed: boolean,
): boolean {
  const observation = seen.get(signal)
  if (observation === undefined) return false
  const { available, capacity } = observation
  const more = reclaimed && minReclaim !== undefined ? quantityOf(minReclaim, capacity) : 0
  return available < quantityOf(value, capacity) + more
}

/** What follows from the newest look (pkg/kubelet/eviction): pure, and all times are the caller's. */
export function watchSignals(
  { thresholds, pressureTransitionMs }: EvictionSettings,
  before: SignalMemory,
  seen: Observations,
  nowMs: number,
): Watched {
  // What was met and acted upon stays so until its least reclaim has been won.
  const acted = (threshold: Threshold): boolean => {
    const sinceMs = before.metSinceMs.get(threshold)
    return sinceMs !== undefined && nowMs - sinceMs >= threshold.graceMs
  }
  const all = thresholds.filter((threshold) => isMet(threshold, seen, acted(threshold)))
  const metSinceMs = new Map(all.map((threshold) => [threshold, before.metSinceMs.get(threshold) ?? nowMs]))
  const lastSeenMs = new Map(before.lastSeenMs)
  for (const { signal } of all) lastSeenMs.set(conditionOf(signal), nowMs)
  for (const [condition, ms] of lastSeenMs)
    if (nowMs - ms >= pressureTransitionMs) lastSeenMs.delete(condition)
  const due = all.filter((threshold) => nowMs - (metSinceMs.get(threshold) ?? nowMs) >= threshold.graceMs)
  const urgency = ({ signal }: Threshold): number => (signal === 'memory.available' ? 0 : 1)
  return {
    memory: { metSinceMs, lastSeenMs },
    conditions: new Set(lastSeenMs.keys()),
    met: due.toSorted((a, b) => urgency(a) - urgency(b)),
  }
}
