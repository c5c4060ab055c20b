import type { core } from '../../../api/generated/types/index.ts'
import type { NumaMask } from './numa-mask.ts'

type Pod = core.v1.Pod
type Container = core.v1.Container

/** Nodes that something could come from. */
export interface TopologyHint {
  /** Absent: any. */
  readonly affinity?: NumaMask
  /** It is as near together as what is asked for can be. */
  readonly preferred: boolean
}

/** By resource; undefined for one that does not care, none where nothing can serve it. */
export type ResourceHints = ReadonlyMap<string, readonly TopologyHint[] | undefined>

/** Where a container's resources are to come from. */
export type AffinityStore = (podUid: string, containerName: string) => TopologyHint

/** Gives containers what there are only so many of, near together. */
export interface HintProvider {
  hints(pod: Pod, container: Container): ResourceHints
  /** For all containers of a pod together. */
  podHints(pod: Pod): ResourceHints
  /** Rejects with AdmissionError, or with what else went wrong, which is not expected. */
  allocate(pod: Pod, container: Container): Promise<void>
}

/** A pod is not taken, for a reason that users know. */
export class AdmissionError extends Error {
  override readonly name = 'AdmissionError'
  readonly reason: string
  constructor(reason: string, message: string) {
    super(message)
    this.reason = reason
  }
}
