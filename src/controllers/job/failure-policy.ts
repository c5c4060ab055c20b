import type { batch, core } from '../../api/generated/types/index.ts'
import type { Pod } from './job-pod.ts'

export type Action = 'Count' | 'FailIndex' | 'FailJob' | 'Ignore'

/** What a job's policy makes of a pod that has failed. */
export interface Verdict {
  /** Of the rule that matches; absent where none does. */
  readonly action?: Action
  /** Whether it counts against the limits. */
  readonly counts: boolean
  /** Why the job fails. */
  readonly message?: string
}

type Rule = batch.v1.PodFailurePolicyRule

function matchesCode(exitCode: number, { operator, values }: NonNullable<Rule['onExitCodes']>): boolean {
  if (operator === 'In') return values.includes(exitCode)
  return operator === 'NotIn' && !values.includes(exitCode)
}

/** The first container that ended with a code that the rule is about. */
function matchingContainer(
  { status }: Pod,
  rule: NonNullable<Rule['onExitCodes']>,
): core.v1.ContainerStatus | undefined {
  const statuses = [...(status?.containerStatuses ?? []), ...(status?.initContainerStatuses ?? [])]
  return statuses.find(({ name, state }) => {
    const exitCode = state?.terminated?.exitCode ?? 0
    if (exitCode === 0 || (rule.containerName !== undefined && rule.containerName !== name)) return false
    return matchesCode(exitCode, rule)
  })
}

const matchingCondition = (
  { status }: Pod,
  patterns: NonNullable<Rule['onPodConditions']>,
): core.v1.PodCondition | undefined =>
  status?.conditions?.find((condition) =>
    patterns.some((pattern) => pattern.type === condition.type && pattern.status === condition.status),
  )

/** Why the rule is about the pod; undefined: it is not. */
function matchOf(rule: Rule, pod: Pod, index: number): string | undefined {
  const { namespace, name } = pod.metadata ?? {}
  const which = `matching ${rule.action} rule at index ${index}`
  if (rule.onExitCodes !== undefined) {
    const container = matchingContainer(pod, rule.onExitCodes)
    if (container === undefined) return undefined
    const exitCode = container.state?.terminated?.exitCode
    return `Container ${container.name} for pod ${namespace}/${name} failed with exit code ${exitCode} ${which}`
  }
  const condition = matchingCondition(pod, rule.onPodConditions ?? [])
  return condition && `Pod ${namespace}/${name} has condition ${condition.type} ${which}`
}

/** What the first rule that matches a pod that has failed makes of it (KEP-3329, KEP-3850). */
export function judgeFailure(policy: batch.v1.PodFailurePolicy | undefined, pod: Pod): Verdict {
  for (const [index, rule] of (policy?.rules ?? []).entries()) {
    const message = matchOf(rule, pod, index)
    if (message === undefined) continue
    if (rule.action === 'FailJob') return { action: 'FailJob', counts: true, message }
    if (rule.action === 'Ignore') return { action: 'Ignore', counts: false }
    if (rule.action === 'Count' || rule.action === 'FailIndex') return { action: rule.action, counts: true }
  }
  return { counts: true }
}
