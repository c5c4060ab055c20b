import type { ImagePolicy } from '../images/image-collector.ts'
import type { PullVerification } from '../images/pull-records.ts'
import type { BackOffLimits } from './back-off.ts'

/** What an agent's configuration may change of how pods run; upstream's defaults where absent. */
export interface PodTuning {
  /** Kernel parameters that pods may set beyond the safe ones: names, or patterns that end in `*`. */
  readonly allowedUnsafeSysctls?: readonly string[]
  /** Containers that name no seccomp profile have the runtime's. */
  readonly seccompDefault?: boolean
  readonly crashLoop?: BackOffLimits
  /** How many images are pulled at a time, where that is not one; all that are wanted when absent. */
  readonly maxParallelPulls?: number
  readonly imagePolicy?: ImagePolicy
  /** Who has to show credentials for an image that is there; `none`: the gate KubeletEnsureSecretPulledImages is off. */
  readonly pullVerification?: PullVerification | 'none'
}
