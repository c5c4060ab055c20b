import type { KubernetesObject } from '../../apimachinery/meta.ts'
import type { Delay } from './delay.ts'
import type { Selector } from './selector.ts'

/** Calls of the runtime on a pod's way that a stage can make slow or fail. */
export const callNames = ['pullImage', 'runPodSandbox', 'createContainer', 'startContainer'] as const
export type CallName = (typeof callNames)[number]

export const probeKinds = ['startup', 'liveness', 'readiness'] as const

/** What befalls containers of a pod. */
export interface PodEffect {
  /** By name; all where absent. */
  readonly containers?: readonly string[]
  /** Those that run end. */
  readonly exit?: {
    readonly code: number
    readonly reason?: string
    readonly message?: string
    readonly outOfMemory: boolean
  }
  /** Those that fail from then on, until the container ends; the others succeed. */
  readonly failingProbes?: readonly string[]
  /** Lines that they write. */
  readonly output: readonly string[]
}

/** A call of the runtime takes the stage's delay, and fails where there is an error. */
export interface CallEffect {
  readonly name: CallName
  readonly containers?: readonly string[]
  readonly error?: string
}

export interface NodeEffect {
  /** Its agent ends as in a power cut, or starts again and finds its containers. */
  readonly agent?: 'stopped' | 'running'
  /** Why the runtime is not ready; '': it is. */
  readonly runtimeError?: string
  /** What others than pods hold of it. */
  readonly foreignMemoryBytes?: number
  readonly foreignDiskBytes?: number
}

/** What a stage does to its object in the API. */
export interface ApiEffect {
  readonly event?: { readonly type: 'Normal' | 'Warning'; readonly reason: string; readonly message: string }
  readonly finalizers?: {
    readonly add: readonly string[]
    readonly remove: readonly string[]
    readonly empty: boolean
  }
  readonly delete: boolean
}

/** A stage as read: KWOK's Stage, with `simulate` in place of templates of statuses. */
export interface Stage extends ApiEffect {
  readonly name: string
  readonly kind: 'Pod' | 'Node'
  readonly selects: Selector
  readonly weight: (object: KubernetesObject) => number
  readonly delayMs: Delay
  readonly pod?: PodEffect
  readonly call?: CallEffect
  readonly node?: NodeEffect
}
