/** What an agent's configuration may change of how pods run; upstream's defaults where absent. */
export interface PodTuning {
  /** Kernel parameters that pods may set beyond the safe ones: names, or patterns that end in `*`. */
  readonly allowedUnsafeSysctls?: readonly string[]
  /** Containers that name no seccomp profile have the runtime's. */
  readonly seccompDefault?: boolean
}
