import type { core, policy } from '../../api/generated/types/index.ts'
import { budgetsOf } from '../../api/policy/pod-disruption-budget/budgets-of.ts'
import {
  allowedCondition,
  syncFailed,
  withAllowedCondition,
} from '../../api/policy/pod-disruption-budget/disruption-allowed.ts'
import { goQuote } from '../../apimachinery/go-text.ts'
import {
  forbidden,
  isStatus,
  notFound,
  type StatusError,
  statusError,
} from '../../apimachinery/status-error.ts'
import { formatTime } from '../../apimachinery/time.ts'
import { everything } from '../cache/selection.ts'
import type { Resource } from './resource.ts'
import { rewriteObject } from './rewrite.ts'

type Budget = policy.v1.PodDisruptionBudget

/** Evictions that the controller has not seen the end of; more are refused (upstream's MaxDisruptedPodSize). */
const maxDisruptedPods = 2000

const budgetsName = 'policy/v1/poddisruptionbudgets'

/** The budget that counts the pod, if any does. Throws where several do. */
export function budgetOf({ context }: Resource, pod: core.v1.Pod): Budget | undefined {
  const resource = context.builtIn.get(budgetsName)
  if (resource === undefined) return undefined
  const { objects } = resource.cache.select({ ...everything, namespace: pod.metadata?.namespace ?? '' })
  const budgets = budgetsOf(
    pod,
    objects.map((record) => resource.read(record) as Budget),
  )
  if (budgets.length < 2) return budgets[0]
  throw statusError(
    '',
    'This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.',
  )
}

/** Whether a pod that is not ready may go without being counted (KEP-3017). */
export function allowsUnready({ spec, status = {} }: Budget): boolean {
  if (spec?.unhealthyPodEvictionPolicy === 'AlwaysAllow') return true
  const { currentHealthy = 0, desiredHealthy = 0 } = status
  return currentHealthy >= desiredHealthy && desiredHealthy > 0
}

function refusal(cause: string, retryAfterSeconds?: number): StatusError {
  const message = "Cannot evict pod as it would violate the pod's disruption budget."
  const causes = [{ reason: 'DisruptionBudget', message: cause }]
  return statusError('TooManyRequests', message, {
    causes,
    ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }),
  })
}

export const stillProcessed = (name: string): StatusError =>
  refusal(`The disruption budget ${name} is still being processed by the server.`, 10)

/** Why no disruption is allowed, in upstream's words. */
function whyNone(name: string, status: policy.v1.PodDisruptionBudgetStatus): string {
  const { currentHealthy = 0, desiredHealthy = 0 } = status
  const { status: state, reason, message = '' } = allowedCondition(status) ?? {}
  const says = state === 'False' && message !== ''
  if (says && reason === syncFailed)
    return `The disruption budget ${name} does not allow evicting pods currently because it failed sync: ${message}`
  if (currentHealthy <= desiredHealthy)
    return `The disruption budget ${name} needs ${desiredHealthy} healthy pods and has ${currentHealthy} currently`
  return says
    ? `The disruption budget ${name} does not allow evicting pods currently (${reason}): ${message}`
    : `The disruption budget ${name} does not allow evicting pods currently`
}

/** The budget with one disruption less, and the pod among those that are about to go. Throws where it allows none. */
function withDisruptionOf(podName: string, budget: Budget, nowMs: number): Budget {
  const { metadata, status = {} } = budget
  const { name = '', generation = 0 } = metadata ?? {}
  const { observedGeneration = 0, disruptionsAllowed = 0, disruptedPods = {} } = status
  if (observedGeneration < generation) throw stillProcessed(name)
  const subject = { group: 'policy', resource: 'poddisruptionbudget', name }
  if (disruptionsAllowed < 0) throw forbidden(subject, 'pdb disruptions allowed is negative')
  if (Object.keys(disruptedPods).length > maxDisruptedPods)
    throw forbidden(subject, 'DisruptedPods map too big - too many evictions not confirmed by PDB controller')
  if (disruptionsAllowed === 0) throw refusal(whyNone(name, status))
  const taken = {
    ...status,
    disruptionsAllowed: disruptionsAllowed - 1,
    disruptedPods: { ...disruptedPods, [podName]: formatTime(nowMs) },
  }
  return { ...budget, status: disruptionsAllowed === 1 ? withAllowedCondition(taken, nowMs) : taken }
}

/** Takes one disruption from the budget for the pod; the controller gives it back should the pod not go. */
export async function takeDisruption(
  { context }: Resource,
  budget: Budget,
  podName: string,
  dryRun: boolean,
): Promise<void> {
  const resource = context.builtIn.get(budgetsName)
  if (resource === undefined) return
  const { namespace = '', name = '' } = budget.metadata ?? {}
  try {
    await rewriteObject(resource, namespace, name, dryRun, (live) => {
      if (live === undefined) throw notFound(resource.subject(name))
      return withDisruptionOf(podName, live as Budget, context.host.now())
    })
  } catch (error) {
    if (!isStatus(error, 'Conflict')) throw error
    const message = `Timeout: couldn't update PodDisruptionBudget ${goQuote(name)} due to conflicts`
    throw statusError('Timeout', message, { retryAfterSeconds: 10 })
  }
}
