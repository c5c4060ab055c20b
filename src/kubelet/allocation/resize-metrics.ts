import { initAndMainContainers } from '../../api/core/pod/init-and-main-containers.ts'
import type { core } from '../../api/generated/types/index.ts'
import { compareQuantities } from '../../apimachinery/quantity.ts'
import type { Counter, Metrics } from '../../base/metrics.ts'

type Container = core.v1.Container

/** What has resizes that wait tried again, as upstream names it. */
export type RetryTrigger =
  | 'pod_resized'
  | 'pod_updated'
  | 'pods_added'
  | 'pods_removed'
  | 'pod_terminated'
  | 'periodic_retry'

/** Of all pods of the node now. */
export interface ResizeCounts {
  readonly deferred: number
  readonly infeasible: number
  readonly inProgress: number
}

/** Resizes of pods that run, under upstream's names (pkg/kubelet/metrics/metrics.go). */
export class ResizeMetrics {
  readonly #requested: Counter
  readonly #accepted: Counter
  readonly #infeasible: Counter

  constructor(metrics: Metrics, counts: () => ResizeCounts) {
    this.#requested = metrics.counter({
      name: 'kubelet_container_requested_resizes_total',
      help: "Number of requested resizes, counted at the container level. Different resources on the same container are counted separately. The 'requirement' label refers to 'memory' or 'limits'; the 'operation' label can be one of 'add', 'remove', 'increase' or 'decrease'.",
      labels: ['resource', 'requirement', 'operation'],
    })
    this.#accepted = metrics.counter({
      name: 'kubelet_pod_deferred_accepted_resizes_total',
      help: 'Cumulative number of resizes that were accepted after being deferred.',
      labels: ['retry_trigger'],
    })
    this.#infeasible = metrics.counter({
      name: 'kubelet_pod_infeasible_resizes_total',
      help: 'Number of infeasible resizes for pods.',
      labels: ['reason_detail'],
    })
    const pending = metrics.gauge({
      name: 'kubelet_pod_pending_resizes',
      help: 'Number of pending resizes for pods.',
      labels: ['reason'],
    })
    const inProgress = metrics.gauge({
      name: 'kubelet_pod_in_progress_resizes',
      help: 'Number of in-progress resizes for pods.',
    })
    metrics.onCollect(() => {
      const now = counts()
      pending.set(now.deferred, ['deferred'])
      pending.set(now.infeasible, ['infeasible'])
      inProgress.set(now.inProgress)
    })
  }

  /** The pod's containers ask for other amounts than before. */
  requested(before: core.v1.Pod, now: core.v1.Pod): void {
    const old = new Map(initAndMainContainers(before.spec).map((container) => [container.name, container]))
    for (const container of initAndMainContainers(now.spec)) {
      const was = old.get(container.name)
      if (was !== undefined) this.#changed(was, container)
    }
  }

  /** One that had waited was granted. */
  accepted(trigger: RetryTrigger): void {
    this.#accepted.inc([trigger])
  }

  /** One will never be granted; `detail` is upstream's word for why. */
  infeasible(detail: string): void {
    this.#infeasible.inc([detail])
  }

  #changed(was: Container, now: Container): void {
    for (const resource of ['memory', 'cpu'] as const) {
      for (const requirement of ['requests', 'limits'] as const) {
        const operation = operationOf(
          was.resources?.[requirement]?.[resource],
          now.resources?.[requirement]?.[resource],
        )
        if (operation !== undefined) this.#requested.inc([resource, requirement, operation])
      }
    }
  }
}

/** Nought counts as nothing. */
function operationOf(before = '0', now = '0'): 'add' | 'remove' | 'increase' | 'decrease' | undefined {
  const change = compareQuantities(now, before)
  if (change === 0) return undefined
  if (compareQuantities(before, '0') === 0) return 'add'
  if (compareQuantities(now, '0') === 0) return 'remove'
  return change > 0 ? 'increase' : 'decrease'
}
