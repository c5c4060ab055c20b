import type { core } from '../../api/generated/types/index.ts'

type Pod = core.v1.Pod

/** Where static pods come from (the annotation `kubernetes.io/config.source`). */
export type StaticSource = 'file' | 'http'

export const hashAnnotation = 'kubernetes.io/config.hash'
export const sourceAnnotation = 'kubernetes.io/config.source'
export const seenAnnotation = 'kubernetes.io/config.seen'

/** A pod that the node has from elsewhere than the API. */
export const isStaticPod = ({ metadata }: Pod): boolean => {
  const source = metadata?.annotations?.[sourceAnnotation]
  return source !== undefined && source !== 'api'
}
