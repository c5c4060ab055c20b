import type { core } from '../../api/generated/types/index.ts'
import { timeMs } from '../../apimachinery/time.ts'

type Pod = core.v1.Pod

/** How long a pod took to start, from its creation on. */
export interface StartTimes {
  readonly totalMs: number
  /** Without pulls of images and init containers; undefined for pods whose volumes others may hold up. */
  readonly ownMs: number | undefined
}

/** Volumes that the agent makes by itself. */
const ownVolumes = ['secret', 'configMap', 'downwardAPI', 'emptyDir', 'projected'] as const

const waitsForOthers = ({ spec }: Pod): boolean =>
  (spec?.volumes ?? []).some((volume) => ownVolumes.every((kind) => volume[kind] === undefined))

const hasStarted = ({ status }: Pod): boolean =>
  (status?.containerStatuses ?? []).length > 0 &&
  (status?.containerStatuses ?? []).every(({ state }) => Boolean(state?.running?.startedAt))

const isUnschedulable = ({ status }: Pod): boolean =>
  (status?.conditions ?? []).some(
    (condition) => condition.type === 'PodScheduled' && condition.status === 'False',
  )

/** How long init containers ran, one after another. */
const initMs = ({ status }: Pod): number =>
  (status?.initContainerStatuses ?? []).reduce((sum, { state }) => {
    const { startedAt, finishedAt } = state?.terminated ?? {}
    return !startedAt || !finishedAt ? sum : sum + Math.max(timeMs(finishedAt) - timeMs(startedAt), 0)
  }, 0)

interface Pull {
  readonly fromMs: number
  readonly untilMs: number
}

/** The time in which at least one image was pulled. */
export function pullingMs(pulls: readonly Pull[]): number {
  let total = 0
  let countedUntilMs = Number.NEGATIVE_INFINITY
  for (const { fromMs, untilMs } of [...pulls].sort((a, b) => a.fromMs - b.fromMs)) {
    total += Math.max(untilMs - Math.max(fromMs, countedUntilMs), 0)
    countedUntilMs = Math.max(countedUntilMs, untilMs)
  }
  return total
}

/** Watches one pod from when the node first sees it; upstream's rules (`pod_startup_latency_tracker.go`). */
export class StartClock {
  readonly #pulls: Pull[] = []
  #isOver: boolean

  /** One that has begun before the agent saw it is not measured. */
  constructor(pod: Pod) {
    this.#isOver = pod.status?.startTime !== undefined || isUnschedulable(pod)
  }

  pulled(fromMs: number, untilMs: number): void {
    if (!this.#isOver) this.#pulls.push({ fromMs, untilMs })
  }

  /** As the API shows it now: its times, once, when all its containers have started. */
  seen(pod: Pod, nowMs: number): StartTimes | undefined {
    if (this.#isOver) return undefined
    const { phase } = pod.status ?? {}
    if (phase === 'Failed' || phase === 'Succeeded') this.#isOver = true
    if (this.#isOver || !hasStarted(pod)) return undefined
    this.#isOver = true
    const totalMs = nowMs - timeMs(pod.metadata?.creationTimestamp ?? '')
    const ownMs = waitsForOthers(pod) ? undefined : totalMs - pullingMs(this.#pulls) - initMs(pod)
    return { totalMs, ownMs }
  }
}
