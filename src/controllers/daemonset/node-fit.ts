import { admitsNode } from '../../api/core/pod/node-affinity.ts'
import { untoleratedTaint } from '../../api/core/pod/tolerations.ts'
import type { apps, core } from '../../api/generated/types/index.ts'
import { tolerationsOf } from './daemon-pod.ts'

export interface NodeFit {
  /** A pod is to be there. */
  readonly shouldRun: boolean
  /** One that is there may stay. */
  readonly mayStay: boolean
}

const no: NodeFit = { shouldRun: false, mayStay: false }

/** Whether a node is one of the set's, by its template's node name, selector, affinity and tolerations. */
export function nodeFit(set: apps.v1.DaemonSet, node: core.v1.Node): NodeFit {
  const spec = set.spec?.template.spec
  const wanted = spec?.nodeName ?? ''
  if (wanted !== '' && wanted !== node.metadata?.name) return no
  if (spec !== undefined && !admitsNode({ spec }, node)) return no
  const tolerations = tolerationsOf(set)
  const taints = node.spec?.taints
  if (untoleratedTaint(taints, tolerations, ['NoSchedule', 'NoExecute']) === undefined)
    return { shouldRun: true, mayStay: true }
  return {
    shouldRun: false,
    mayStay: untoleratedTaint(taints, tolerations, ['NoExecute']) === undefined,
  }
}
