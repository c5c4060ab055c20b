/** What kept a pod from all nodes, as upstream words it. */
export interface FitError {
  readonly nodes: number
  /** What a PreFilter plugin said of all nodes; reasons are not counted then. */
  readonly preFilter?: string
  /** How many nodes gave each reason. */
  readonly reasons: ReadonlyMap<string, number>
  /** What PostFilter plugins said. */
  readonly postFilter?: string
}

/** `0/5 nodes are available: 3 Insufficient cpu, 2 node(s) were unschedulable. preemption: …` */
export function fitErrorText({ nodes, preFilter = '', reasons, postFilter = '' }: FitError): string {
  const parts = [`0/${nodes} nodes are available:`]
  if (preFilter !== '') parts.push(`${preFilter}.`)
  else {
    const counted = [...reasons].map(([reason, count]) => `${count} ${reason}`).sort()
    if (counted.length > 0) parts.push(`${counted.join(', ')}.`)
  }
  if (postFilter !== '') parts.push(postFilter)
  return parts.join(' ')
}
