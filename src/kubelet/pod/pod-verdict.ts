/** Why the agent itself ends a pod: the reason and message of its Failed phase. */
export interface PodVerdict {
  readonly reason: string
  readonly message: string
  readonly graceSeconds?: number
  /** The pod shows that it was disrupted (condition DisruptionTarget). */
  readonly isDisruption?: boolean
  /** Its containers go at once, for what they take of the disk. */
  readonly removesContainers?: boolean
}

export const deadlineExceeded: PodVerdict = {
  reason: 'DeadlineExceeded',
  message: 'Pod was active on the node longer than the specified deadline',
}
