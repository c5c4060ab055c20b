import type { core } from '../../generated/types/index.ts'

/** All containers that a pod is made with: its init containers, in their order, and the others. */
export const initAndMainContainers = (spec: core.v1.PodSpec | undefined): readonly core.v1.Container[] => [
  ...(spec?.initContainers ?? []),
  ...(spec?.containers ?? []),
]
