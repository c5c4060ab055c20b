import type { core } from '../../api/generated/types/index.ts'

/** The pod is removed now, after the node has been missing for a while, or not. */
export type Verdict = 'now' | 'missing node' | 'keep'

const outOfServiceTaint = 'node.kubernetes.io/out-of-service'

export const isReady = ({ status }: core.v1.Node): boolean =>
  status?.conditions?.some((condition) => condition.type === 'Ready' && condition.status === 'True') === true

/** Whether nobody is left who would end the pod. `node` is the one that it is bound to, if that exists. */
export function whyRemove(pod: core.v1.Pod, node: core.v1.Node | undefined): Verdict {
  const isTerminating = pod.metadata?.deletionTimestamp !== undefined
  if ((pod.spec?.nodeName ?? '') === '') return isTerminating ? 'now' : 'keep'
  if (node === undefined) return 'missing node'
  const isOut = node.spec?.taints?.some(({ key }) => key === outOfServiceTaint)
  return isTerminating && !isReady(node) && isOut ? 'now' : 'keep'
}

/** Ended pods beyond the threshold: evicted ones first, then the oldest. */
export function excessTerminated(pods: readonly core.v1.Pod[], threshold: number): readonly core.v1.Pod[] {
  const excess = pods.length - threshold
  if (threshold <= 0 || excess <= 0) return []
  const rank = ({ metadata, status }: core.v1.Pod): string => {
    const isEvicted = status?.phase === 'Failed' && status.reason === 'Evicted'
    return `${isEvicted ? 0 : 1} ${metadata?.creationTimestamp ?? ''} ${metadata?.name}`
  }
  return pods
    .map((pod) => ({ pod, rank: rank(pod) }))
    .sort((a, b) => (a.rank < b.rank ? -1 : 1))
    .slice(0, excess)
    .map(({ pod }) => pod)
}
