import { Pod } from '../../api/core/pod/kind.ts'
import { isPodReady, withPodCondition } from '../../api/core/pod/pod-state.ts'
import type { core, policy } from '../../api/generated/types/index.ts'
import { budgetsOf } from '../../api/policy/pod-disruption-budget/budgets-of.ts'
import { disruptionAllowed, syncFailed } from '../../api/policy/pod-disruption-budget/disruption-allowed.ts'
import { PodDisruptionBudget } from '../../api/policy/pod-disruption-budget/kind.ts'
import { jsonEqual } from '../../apimachinery/json-equal.ts'
import { goSelector, labelMatcherOf } from '../../apimachinery/selectors/label-selector.ts'
import { withStatusCondition } from '../../apimachinery/status-conditions.ts'
import { isStatus } from '../../apimachinery/status-error.ts'
import { defined } from '../../base/defined.ts'
import { messageOf } from '../../base/message-of.ts'
import {
  type AnyController,
  defineController,
  done,
  type Key,
  type Outcome,
  type ReconcileContext,
  requeueAfter,
  watching,
} from '../../reconcile/controller.ts'
import type { KindSource } from '../../reconcile/kind-source.ts'
import { controllerOf, keyOf, splitKey } from '../../reconcile/owner-references.ts'
import { expectedPods, scaledKinds } from './expected-pods.ts'
import { countsByScale, desiredHealthy, planBudget } from './plan-budget.ts'
import { disruptionStaleAtMs } from './stale-condition.ts'

type Budget = policy.v1.PodDisruptionBudget
type PodType = core.v1.Pod

/** Keys of pods start with it, others are those of budgets. */
const podPrefix = 'pod:'

/** In which changes of many pods gather; far below what anyone waits before trying an eviction again. */
const spacingMs = 20

/** Whether a change of a pod can change what budgets count. */
const countsOtherwise = (pod: PodType | undefined, old: PodType | undefined): boolean =>
  pod === undefined ||
  old === undefined ||
  isPodReady(pod) !== isPodReady(old) ||
  pod.metadata?.deletionTimestamp !== old.metadata?.deletionTimestamp ||
  controllerOf(pod)?.uid !== controllerOf(old)?.uid ||
  !jsonEqual(pod.metadata?.labels, old.metadata?.labels)

const budgetsFor = (pod: PodType, { cache }: Pick<ReconcileContext, 'cache'>): readonly Budget[] => {
  const budgets = cache.of(PodDisruptionBudget).list(pod.metadata?.namespace ?? '')
  return budgets.length === 0 ? budgets : budgetsOf(pod, budgets)
}

function podsOf({ spec, metadata }: Budget, { cache }: ReconcileContext): readonly PodType[] {
  const matcher = labelMatcherOf(spec?.selector)
  if ('error' in matcher) throw new Error(matcher.error)
  const pods = cache.of(Pod).list(metadata?.namespace ?? '')
  return pods.filter((pod) => matcher.matches(pod.metadata?.labels))
}

/** Says in the budget's status which evictions are allowed, and takes back what was said of pods that stay. */
export function disruptionController(kinds: KindSource): AnyController {
  function selected(budget: Budget, context: ReconcileContext): readonly PodType[] {
    try {
      const pods = podsOf(budget, context)
      if (pods.length === 0) context.events.event(budget, 'Normal', 'NoPods', 'No matching pods found')
      return pods
    } catch (error) {
      context.events.event(budget, 'Warning', 'NoPods', `Failed to get pods: ${messageOf(error)}`)
      throw error
    }
  }

  async function count(budget: Budget, pods: readonly PodType[], context: ReconcileContext) {
    const { events } = context
    try {
      if (!countsByScale(budget)) {
        const counted = budget.spec?.minAvailable === undefined ? 0 : pods.length
        return { expectedPods: counted, desiredHealthy: desiredHealthy(budget, counted) }
      }
      const { count: expected, unmanaged } = await expectedPods(pods, kinds, context)
      if (unmanaged.length > 0) {
        const selector = goSelector(budget.spec?.selector ?? {})
        const message = `Pods selected by this PodDisruptionBudget (selector: ${selector}) were found to be unmanaged. As a result, the status of the PDB cannot be calculated correctly, which may result in undefined behavior. To account for these pods please set ".spec.minAvailable" field of the PDB to an integer value.`
        events.event(budget, 'Warning', 'UnmanagedPods', message)
      }
      return { expectedPods: expected, desiredHealthy: desiredHealthy(budget, expected) }
    } catch (error) {
      const message = `Failed to calculate the number of expected pods: ${messageOf(error)}`
      events.event(budget, 'Warning', 'CalculateExpectedPodCountFailed', message)
      throw error
    }
  }

  async function update(budget: Budget, context: ReconcileContext): Promise<Outcome> {
    const { api, events, host } = context
    const pods = selected(budget, context)
    const expected = await count(budget, pods, context)
    const nowMs = host.now()
    const { status, notDeleted, recheckMs } = planBudget(budget, pods, expected, nowMs)
    const namespace = budget.metadata?.namespace ?? ''
    for (const pod of notDeleted) {
      // Upstream's text has the namespace in place of the name.
      const message = `Pod was expected by PDB ${namespace}/${namespace} to be deleted but it wasn't`
      events.event(pod, 'Warning', 'NotDeleted', message)
    }
    if (status !== undefined) await api.resource(PodDisruptionBudget).updateStatus({ ...budget, status })
    // Only what is over is forgotten: the deadline's own millisecond is not.
    return recheckMs === undefined ? done : requeueAfter(recheckMs - nowMs + 1)
  }

  /** Where nothing can be counted, no eviction is allowed. */
  async function fail(budget: Budget, error: unknown, { api, host }: ReconcileContext): Promise<void> {
    const { status = {} } = budget
    const { observedGeneration } = status
    const condition = defined({
      type: disruptionAllowed,
      status: 'False',
      reason: syncFailed,
      message: messageOf(error),
      observedGeneration,
    })
    const conditions = withStatusCondition(status.conditions, condition, host.now())
    const failed = { ...budget, status: { ...status, disruptionsAllowed: 0, conditions } }
    if (!jsonEqual(failed.status, status)) await api.resource(PodDisruptionBudget).updateStatus(failed)
  }

  async function reconcileBudget(key: Key, context: ReconcileContext): Promise<Outcome> {
    const budget = context.cache.of(PodDisruptionBudget).get(...splitKey(key))
    if (budget === undefined) return done
    try {
      return await update(budget, context)
    } catch (error) {
      if (!isStatus(error, 'Conflict')) await fail(budget, error, context)
      // Upstream waits for the next change of a pod, which may not come: what passes is tried again here.
      throw error
    }
  }

  async function reconcilePod(key: Key, context: ReconcileContext): Promise<Outcome> {
    const { cache, api, events, host } = context
    const pod = cache.of(Pod).get(...splitKey(key))
    if (pod === undefined) return done
    const [first, second] = budgetsFor(pod, context)
    if (second !== undefined) {
      const { namespace, name } = pod.metadata ?? {}
      const message = `Pod "${namespace}"/"${name}" matches multiple PodDisruptionBudgets.  Chose "${first?.metadata?.name}" arbitrarily.`
      events.event(pod, 'Warning', 'MultiplePodDisruptionBudgets', message)
    }
    const staleAtMs = disruptionStaleAtMs(pod)
    if (staleAtMs === undefined) return done
    if (staleAtMs > host.now()) return requeueAfter(staleAtMs - host.now())
    const condition = defined({
      type: 'DisruptionTarget',
      status: 'False',
      observedGeneration: pod.metadata?.generation,
    })
    const conditions = withPodCondition(pod.status?.conditions, condition, host.now())
    await api.resource(Pod).updateStatus({ ...pod, status: { ...pod.status, conditions } })
    return done
  }

  return defineController({
    name: 'disruption',
    reportsAs: 'controllermanager',
    reconciles: PodDisruptionBudget,
    watches: [
      watching({
        kind: Pod,
        when: countsOtherwise,
        keys: (pod, context) => {
          const budgets = budgetsFor(pod, context)
          return budgets.length > 1 ? [podPrefix + keyOf(pod), ...budgets.map(keyOf)] : budgets.map(keyOf)
        },
      }),
      watching({
        kind: Pod,
        when: (pod, old) =>
          pod !== undefined && (old === undefined || pod.status?.conditions !== old.status?.conditions),
        keys: (pod) => (disruptionStaleAtMs(pod) === undefined ? [] : [podPrefix + keyOf(pod)]),
      }),
    ],
    reads: scaledKinds,
    permissions: [
      { group: 'policy', resources: ['poddisruptionbudgets/status'], verbs: ['update'] },
      { group: '', resources: ['pods/status'], verbs: ['update', 'patch'] },
      { group: '*', resources: ['*/scale'], verbs: ['get'] },
    ],
    spacingMs,
    reconcile: (key, context) =>
      key.startsWith(podPrefix)
        ? reconcilePod(key.slice(podPrefix.length), context)
        : reconcileBudget(key, context),
  })
}
