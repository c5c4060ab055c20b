import type { core } from '../../../api/generated/types/index.ts'
import { sleep } from '../../../base/sleep.ts'
import { type ObservedContainer, type ObservedPod, runningContainers } from '../observed-pod.ts'
import type { KillReason } from '../plan/plan.ts'
import { findContainer } from '../plan/restart-policy.ts'
import type { PodContext } from '../pod-context.ts'
import { runLifecycleHook } from './lifecycle-hooks.ts'
import { containerFieldPath } from './start-container.ts'
import { TerminationOrder } from './termination-order.ts'

type Container = core.v1.Container
type Pod = core.v1.Pod

/** Even a container without grace gets that long between its signal and its end (pkg/kubelet/kuberuntime). */
const minimumGraceSeconds = 2

export interface KillWork {
  readonly pod: Pod
  readonly container: Pick<ObservedContainer, 'id' | 'name'>
  /** '' for the usual one. */
  readonly message: string
  readonly reason: KillReason
  readonly podIps: readonly string[]
  /** Instead of the pod's grace period. */
  readonly graceSeconds?: number | undefined
  readonly order?: TerminationOrder | undefined
}

/** The seconds that a container may take to end. */
export function gracePeriodSeconds(pod: Pod, container: Container | undefined, reason: KillReason): number {
  const deletion = pod.metadata?.deletionGracePeriodSeconds
  if (deletion !== undefined) return deletion
  const own = pod.spec?.terminationGracePeriodSeconds
  if (own === undefined) return minimumGraceSeconds
  const probe =
    reason === 'StartupProbe'
      ? container?.startupProbe
      : reason === 'LivenessProbe'
        ? container?.livenessProbe
        : undefined
  return probe?.terminationGracePeriodSeconds ?? own
}

/** Runs the preStop hook, waits for the container's turn, and stops it; resolves when it has ended. */
export async function killContainer(context: PodContext, work: KillWork): Promise<void> {
  const { pod, order } = work
  const { id, name } = work.container
  const container = findContainer(pod, name)
  let graceSeconds = work.graceSeconds ?? gracePeriodSeconds(pod, container, work.reason)
  const message = work.message === '' ? `Stopping container ${name}` : work.message
  context.events.event(pod, 'Normal', 'Killing', message, containerFieldPath(pod, name))
  const hook = container?.lifecycle?.preStop
  if (container !== undefined && hook !== undefined && graceSeconds > 0) {
    graceSeconds -= await runPreStop(context, { ...work, spec: container, hook }, graceSeconds)
  }
  if (order !== undefined && graceSeconds > 0) {
    const startMs = context.host.monotonicMs()
    await Promise.race([order.turn(name), sleep(context.host, graceSeconds * 1000, order.overSignal(name))])
    graceSeconds -= Math.floor((context.host.monotonicMs() - startMs) / 1000)
  }
  await context.runtime.stopContainer(id, Math.max(graceSeconds, minimumGraceSeconds))
  order?.ended(name)
}

/** The whole seconds that it took. */
async function runPreStop(
  context: PodContext,
  work: KillWork & { readonly spec: Container; readonly hook: core.v1.LifecycleHandler },
  graceSeconds: number,
): Promise<number> {
  const { pod, spec, hook, podIps } = work
  const startMs = context.host.monotonicMs()
  const over = new AbortController()
  const ran = runLifecycleHook(context, {
    pod,
    container: spec,
    id: work.container.id,
    hook,
    podIps,
    signal: over.signal,
  }).then((failure) => {
    if (failure === undefined) return
    context.logger.warn('a preStop hook failed', { pod: pod.metadata?.name, container: spec.name })
    const path = containerFieldPath(pod, spec.name)
    context.events.event(pod, 'Warning', 'FailedPreStopHook', 'PreStopHook failed', path)
  })
  await Promise.race([ran, sleep(context.host, graceSeconds * 1000, over.signal)])
  over.abort()
  return Math.floor((context.host.monotonicMs() - startMs) / 1000)
}

/** Kills all running containers, sidecars after the others, then stops the sandboxes. Rejects with the first failure. */
export async function killPod(
  context: PodContext,
  pod: Pod,
  observed: ObservedPod,
  graceSeconds?: number,
): Promise<void> {
  const running = runningContainers(observed)
  const order = new TerminationOrder(pod, running)
  await Promise.all(
    running.map((container) =>
      killContainer(context, {
        pod,
        container,
        message: '',
        reason: '',
        podIps: observed.podIps,
        graceSeconds,
        order,
      }),
    ),
  )
  await Promise.all(observed.sandboxes.map((sandbox) => context.runtime.stopPodSandbox(sandbox.id)))
}
