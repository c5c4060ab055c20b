/** What an agent watches of its machine, under upstream's names. */
export const signals = [
  'memory.available',
  'nodefs.available',
  'nodefs.inodesFree',
  'imagefs.available',
  'imagefs.inodesFree',
  'pid.available',
] as const

export type Signal = (typeof signals)[number]

/** Images' writable layers are with images, or with the pods' files: upstream takes these from there, too. */
export const derivedSignals: readonly string[] = ['containerfs.available', 'containerfs.inodesFree']

export type PressureCondition = 'MemoryPressure' | 'DiskPressure' | 'PIDPressure'

/** What runs short: a resource's name, or `inodes`. */
export type StarvedResource = 'memory' | 'ephemeral-storage' | 'inodes' | 'pids'

/** Bytes or inodes, or a share (0 to 1) of what there is. */
export type ThresholdValue = { readonly quantity: number } | { readonly share: number }

/** When pods are evicted: less than `value` is left. */
export interface Threshold {
  readonly signal: Signal
  readonly value: ThresholdValue
  /** For how long it has to be so; 0: at once, and pods get hardly any time to end (a hard threshold). */
  readonly graceMs: number
  /** What is to be won back beyond `value`, once it has come to that. */
  readonly minReclaim?: ThresholdValue
}

export interface EvictionSettings {
  readonly thresholds: readonly Threshold[]
  /** For how long a condition outlasts what it came from. */
  readonly pressureTransitionMs: number
  /** What pods get to end by themselves where a threshold with a grace is met. */
  readonly maxPodGraceSeconds: number
}

const hard = (signal: Signal, value: ThresholdValue): Threshold => ({ signal, value, graceMs: 0 })

/** Upstream's defaults (pkg/kubelet/eviction/defaults_linux.go). */
export const defaultEviction: EvictionSettings = {
  thresholds: [
    hard('memory.available', { quantity: 100 * 1024 ** 2 }),
    hard('nodefs.available', { share: 0.1 }),
    hard('nodefs.inodesFree', { share: 0.05 }),
    hard('imagefs.available', { share: 0.15 }),
    hard('imagefs.inodesFree', { share: 0.05 }),
  ],
  pressureTransitionMs: 5 * 60_000,
  maxPodGraceSeconds: 0,
}

export function conditionOf(signal: Signal): PressureCondition {
  if (signal === 'pid.available') return 'PIDPressure'
  return signal === 'memory.available' ? 'MemoryPressure' : 'DiskPressure'
}

export function resourceOf(signal: Signal): StarvedResource {
  if (signal === 'pid.available') return 'pids'
  if (signal === 'memory.available') return 'memory'
  return signal.endsWith('inodesFree') ? 'inodes' : 'ephemeral-storage'
}

export const quantityOf = (value: ThresholdValue, capacity: number): number =>
  'quantity' in value ? value.quantity : Math.trunc(value.share * capacity)
