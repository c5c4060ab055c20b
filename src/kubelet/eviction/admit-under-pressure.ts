import type { QosClass } from '../../api/core/pod/qos-class.ts'
import { toleratesTaints } from '../../api/core/pod/tolerations.ts'
import type { core } from '../../api/generated/types/index.ts'
import type { Rejection } from '../admission/admit-pod.ts'
import type { PressureCondition } from './thresholds.ts'

/** A node whose disk is full takes nobody; one that is short of memory alone takes those that have asked for some. */
export function admitUnderPressure(
  pod: core.v1.Pod,
  conditions: ReadonlySet<PressureCondition>,
  qosClass: QosClass,
): Rejection | undefined {
  if (conditions.size === 0) return undefined
  if (!conditions.has('DiskPressure')) {
    if (qosClass !== 'BestEffort') return undefined
    const taint = { key: 'node.kubernetes.io/memory-pressure', effect: 'NoSchedule' }
    if (toleratesTaints(pod.spec?.tolerations, taint)) return undefined
  }
  const message = `The node had condition: [${[...conditions].join(' ')}]. `
  return { reason: 'Evicted', message }
}
