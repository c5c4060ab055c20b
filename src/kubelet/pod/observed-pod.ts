import type { ComputeAmounts } from '../allocation/granted-resources.ts'
import type { MadeWith } from '../runtime/labels.ts'
import type { ContainerResources, Mount, SandboxStatus } from '../runtime/messages.ts'

export type ObservedState = 'created' | 'running' | 'exited' | 'unknown'

/** One container, running or dead, as the runtime shows it. */
export interface ObservedContainer {
  readonly id: string
  readonly name: string
  readonly sandboxId: string
  readonly state: ObservedState
  /** What `containerHash` gave when it was created. */
  readonly hash: string
  readonly restartCount: number
  readonly image: string
  readonly imageId: string
  readonly createdAtMs: number
  readonly startedAtMs: number
  readonly finishedAtMs: number
  readonly exitCode: number
  readonly reason: string
  /** With the termination message once it has ended. */
  readonly message: string
  readonly mounts: readonly Mount[]
  readonly logPath: string
  /** As the runtime tells them; not all do. */
  readonly resources?: ContainerResources
  /** As the API has it; not all runtimes tell. */
  readonly stopSignal?: string
  readonly madeWith: MadeWith
  /** What it was made with, or resized to. */
  readonly amounts: ComputeAmounts
  readonly user?: {
    readonly uid: number
    readonly gid: number
    readonly supplementalGroups: readonly number[]
  }
}

/** All that the runtime holds of one pod. */
export interface ObservedPod {
  /** Newest first. */
  readonly sandboxes: readonly SandboxStatus[]
  /** Newest first, of all sandboxes. */
  readonly containers: readonly ObservedContainer[]
  /** Of the newest sandbox when it is ready. */
  readonly podIps: readonly string[]
  /** The pod's own requests and limits that are in force; undefined where nobody has counted them. */
  readonly podLevel?: ComputeAmounts
}

export const nothingObserved: ObservedPod = { sandboxes: [], containers: [], podIps: [] }

/** The newest container of that name. */
export const latestContainer = (observed: ObservedPod, name: string): ObservedContainer | undefined =>
  observed.containers.find((container) => container.name === name)

export const runningContainers = (observed: ObservedPod): readonly ObservedContainer[] =>
  observed.containers.filter((container) => container.state === 'running' || container.state === 'unknown')
