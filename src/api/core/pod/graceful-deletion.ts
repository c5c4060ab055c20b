import type { GracefulDeletion } from '../../../apimachinery/define-kind.ts'
import type { core } from '../../generated/types/index.ts'
import { isPodTerminal } from './pod-state.ts'

/** A pod on a node gets its grace; one that never ran, or has ended, goes at once. */
export function podGracefulDeletion(
  pod: core.v1.Pod,
  requestedSeconds: number | undefined,
): GracefulDeletion {
  if ((pod.spec?.nodeName ?? '') === '' || isPodTerminal(pod)) return { gracePeriodSeconds: 0 }
  const seconds = requestedSeconds ?? pod.spec?.terminationGracePeriodSeconds ?? 0
  return { gracePeriodSeconds: seconds < 0 ? 1 : seconds }
}
