import type { core } from '../../generated/types/index.ts'

/** Of a mirror: what shows in the API a pod that a node has from elsewhere. */
export const mirrorAnnotation = 'kubernetes.io/config.mirror'

export const isMirrorPod = ({ metadata }: core.v1.Pod): boolean =>
  metadata?.annotations?.[mirrorAnnotation] !== undefined
