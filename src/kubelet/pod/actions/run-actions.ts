import { isSidecar } from '../../../api/core/pod/container-restart.ts'
import type { core } from '../../../api/generated/types/index.ts'
import { groupLags, resizePod } from '../../allocation/resize-pod.ts'
import type { StartClock } from '../../metrics/start-clock.ts'
import { containerHash } from '../../runtime/labels.ts'
import type { SandboxConfig } from '../../runtime/messages.ts'
import { BackOff, type BackOffLimits } from '../back-off.ts'
import { latestContainer, type ObservedContainer, type ObservedPod } from '../observed-pod.ts'
import type { PodActions } from '../plan/plan.ts'
import { ephemeralContainersOf } from '../plan/restart-policy.ts'
import type { PodContext } from '../pod-context.ts'
import { describePod } from '../runtime-config/security-context.ts'
import type { StartFailure } from '../status/container-statuses.ts'
import { createSandbox, prepareClaims, rpcText, sandboxToUse } from './create-sandbox.ts'
import { type PulledVolumes, pullImageVolumes } from './image-volumes.ts'
import { killContainer, killPod } from './kill-containers.ts'
import { containerFieldPath, containerType, startContainer } from './start-container.ts'
import { StartFailureError } from './start-failure.ts'

type Container = core.v1.Container
type Pod = core.v1.Pod

/** What a worker remembers of its pod between syncs. */
export interface PodMemory {
  /** By container name: why it waits. */
  readonly failures: Map<string, StartFailure>
  /** By container name: not to be tried before that time (monotonic). */
  readonly holds: Map<string, number>
  /** (Monotonic.) */
  readonly backOff: BackOff
  /** By container name: when the end of which was first seen (monotonic). */
  readonly ends: Map<string, { readonly id: string; readonly seenMs: number }>
  /** Containers that have ended, by id. */
  readonly ended: Map<string, ObservedContainer>
  /** Measures its start, where somebody wants to know. */
  readonly startClock: StartClock | undefined
}

export const emptyMemory = (
  crashLoop: BackOffLimits | undefined,
  startClock: StartClock | undefined,
): PodMemory => ({
  failures: new Map(),
  holds: new Map(),
  backOff: new BackOff(crashLoop),
  ends: new Map(),
  ended: new Map(),
  startClock,
})

export interface ActionRun {
  readonly context: PodContext
  readonly pod: Pod
  readonly observed: ObservedPod
  readonly actions: PodActions
  readonly memory: PodMemory
  /** The pod is to end: nothing more is started. */
  readonly isOver: () => boolean
  /** A new sandbox is there; resolves to what is observed now. */
  readonly onSandbox: (id: string) => Promise<ObservedPod>
}

export interface ActionResult {
  /** Something was done: look again at once. */
  readonly changed: boolean
  /** All that was done was to start these: only they need to be looked at. */
  readonly onlyStarted?: { readonly sandboxId: string; readonly containerIds: readonly string[] }
  /** When something that failed is to be tried again. */
  readonly retryAfterMs?: number
}

/** Upstream's pause after a failed sync, with its jitter (pkg/kubelet/pod_workers.go). */
export const retryPauseMs = (random: number): number => 10_000 * (1 + 0.5 * random)

/** Executes a plan. Failures to start a container are remembered; those of the sandbox reject. */
export async function runActions(run: ActionRun): Promise<ActionResult> {
  const { context, pod, observed, actions } = run
  if (actions.killPod) {
    if (actions.createSandbox && actions.sandboxId !== '') {
      const text = 'Pod sandbox changed, it will be killed and re-created.'
      context.events.event(pod, 'Normal', 'SandboxChanged', text)
    }
    await killPod(context, pod, observed)
    if (!actions.createSandbox) return { changed: true }
    await removeInitContainers(run, 0)
  } else {
    await killUnwanted(run)
    await reset(run)
    if (actions.reset.length > 0) return { changed: true }
    await removeInitContainers(run, 1)
  }
  if (run.isOver()) return { changed: true }
  const retryAfterMs = await resize(run)
  const started = await start(run)
  return retryAfterMs === undefined
    ? { ...started, changed: started.changed || actions.resize !== undefined }
    : { ...started, retryAfterMs: Math.min(retryAfterMs, started.retryAfterMs ?? retryAfterMs) }
}

/** When to try again what did not succeed; undefined where nothing is left to do. */
async function resize({ context, pod, observed, actions }: ActionRun): Promise<number | undefined> {
  const starts = actions.startInit.length + actions.start.length > 0
  // What ended before it could be resized starts with what was granted: its pod's group has to follow.
  const late = starts && groupLags(context, pod) ? { containers: [], whole: true } : undefined
  const wanted = actions.resize ?? late
  if (wanted === undefined) return undefined
  const killed = new Set(actions.kill.map(({ container }) => container.id))
  const containers = observed.containers.filter(({ id }) => !killed.has(id))
  try {
    await resizePod(context, { pod, observed: { ...observed, containers }, resize: wanted })
    return undefined
  } catch (error) {
    context.allocations.failed(pod, rpcText(error))
    return retryPauseMs(context.host.random())
  }
}

async function killUnwanted({ context, pod, observed, actions }: ActionRun): Promise<void> {
  await Promise.all(
    actions.kill.map(({ container, message, reason }) =>
      killContainer(context, { pod, container, message, reason, podIps: observed.podIps }),
    ),
  )
}

/** The pod starts over: its containers go without grace, one after another. */
async function reset({ context, pod, observed, actions }: ActionRun): Promise<void> {
  for (const container of actions.reset) {
    if (container.state === 'running') {
      await killContainer(context, {
        pod,
        container,
        message: 'killing',
        reason: 'RestartAllContainers',
        podIps: observed.podIps,
        graceSeconds: 0,
      })
    }
    await context.runtime.removeContainer(container.id)
  }
}

/** Of each init container the `keep` newest that ended stay. */
async function removeInitContainers({ context, pod, observed }: ActionRun, keep: number): Promise<void> {
  for (const { name } of pod.spec?.initContainers ?? []) {
    const mine = observed.containers.filter(
      (container) =>
        container.name === name &&
        (keep === 0 || container.state === 'exited' || container.state === 'unknown'),
    )
    for (const container of mine.slice(keep)) {
      await context.runtime.removeContainer(container.id)
      await context.files.removeLog(container.logPath)
    }
  }
}

interface Starter {
  readonly run: ActionRun
  readonly observed: ObservedPod
  readonly sandboxId: string
  readonly sandbox: SandboxConfig
  readonly pullSecrets: readonly core.v1.Secret[]
  readonly imageVolumes: PulledVolumes
  readonly startedIds: string[]
  /** More was done than to start containers. */
  didMore: boolean
  retryAtMs: number
}

async function start(run: ActionRun): Promise<ActionResult> {
  const { context, pod, actions } = run
  const targets = [...actions.startEphemeral, ...actions.startInit, ...actions.start]
  if (targets.length === 0 && !actions.createSandbox) return { changed: actions.kill.length > 0 }
  const sandbox = await sandboxToUse(run)
  let { sandboxId } = actions
  let { observed } = run
  if (actions.createSandbox) {
    await prepareClaims(run)
    sandboxId = await createSandbox(run, sandbox)
    observed = await run.onSandbox(sandboxId)
  }
  const secrets = await pullSecrets(context, pod)
  const starter: Starter = {
    run,
    observed,
    sandboxId,
    sandbox,
    pullSecrets: secrets,
    imageVolumes: await pullImageVolumes(context, pod, sandbox, secrets),
    startedIds: [],
    didMore: actions.kill.length > 0 || (actions.killPod && run.observed.sandboxes.length > 0),
    retryAtMs: Number.POSITIVE_INFINITY,
  }
  const ephemeral = ephemeralContainersOf(pod).filter(({ name }) =>
    actions.startEphemeral.some((container) => container.name === name),
  )
  for (const container of ephemeral) {
    const source = pod.spec?.ephemeralContainers?.find(({ name }) => name === container.name)
    await tryStart(starter, container, source?.targetContainerName)
  }
  for (const container of actions.startInit) {
    const ok = await tryStart(starter, container)
    if (!ok && !isSidecar(container)) return result(starter)
  }
  await startRegular(starter)
  return result(starter)
}

function result({ run, sandboxId, startedIds, didMore, retryAtMs }: Starter): ActionResult {
  const retryAfterMs = Math.max(retryAtMs - run.context.host.monotonicMs(), 0)
  const some = startedIds.length > 0
  return {
    changed: didMore || some || run.actions.createSandbox,
    ...(some && !didMore ? { onlyStarted: { sandboxId, containerIds: startedIds } } : {}),
    ...(Number.isFinite(retryAtMs) ? { retryAfterMs } : {}),
  }
}

/** Side by side, but what comes after one with a postStart hook waits for the hook. */
async function startRegular(starter: Starter): Promise<void> {
  let group: Promise<boolean>[] = []
  for (const container of starter.run.actions.start) {
    group.push(tryStart(starter, container))
    if (container.lifecycle?.postStart !== undefined) {
      await Promise.all(group)
      group = []
    }
  }
  await Promise.all(group)
}

/** Secrets that do not exist are passed over, with an Event. */
async function pullSecrets(context: PodContext, pod: Pod): Promise<readonly core.v1.Secret[]> {
  const names = (pod.spec?.imagePullSecrets ?? []).flatMap(({ name }) => (name ? [name] : []))
  const namespace = pod.metadata?.namespace ?? ''
  const found = await Promise.all(names.map((name) => context.objects.secret(namespace, name)))
  const missing = names.filter((_, index) => found[index] === undefined)
  if (missing.length > 0) {
    const text = `Unable to retrieve some image pull secrets (${missing.join(', ')}); attempting to pull the image may not succeed.`
    context.events.event(pod, 'Warning', 'FailedToRetrieveImagePullSecret', text)
  }
  return found.filter((secret) => secret !== undefined)
}

/** Starts a container unless it is too early; whether it was started. */
async function tryStart(starter: Starter, container: Container, targetName?: string): Promise<boolean> {
  const { run, observed, sandboxId, sandbox } = starter
  const { context, pod, memory } = run
  const { name } = container
  const nowMs = context.host.monotonicMs()
  const hold = memory.holds.get(name) ?? 0
  if (run.isOver()) return false
  if (hold > nowMs) {
    starter.retryAtMs = Math.min(starter.retryAtMs, hold)
    return false
  }
  const type = containerType(pod, name)
  try {
    checkCrashLoop(run, container, observed)
    context.metrics?.startsContainer(type)
    const id = await startContainer(context, {
      pod,
      container,
      observed,
      sandboxId,
      sandbox,
      podIps: observed.podIps,
      pullSecrets: starter.pullSecrets,
      imageVolumes: starter.imageVolumes,
      onPull: (fromMs, untilMs) => memory.startClock?.pulled(fromMs, untilMs),
      ...(targetName === undefined ? {} : { targetName }),
    })
    memory.failures.delete(name)
    memory.holds.delete(name)
    starter.startedIds.push(id)
    return true
  } catch (error) {
    if (!(error instanceof StartFailureError)) throw error
    const pauseMs = error.retryAfterMs ?? retryPauseMs(context.host.random())
    const untilMs = context.host.monotonicMs() + pauseMs
    memory.failures.set(name, { reason: error.reason, message: error.message })
    memory.holds.set(name, untilMs)
    starter.retryAtMs = Math.min(starter.retryAtMs, untilMs)
    // The runtime may hold a container by now that did not start.
    if (error.reason !== 'CrashLoopBackOff') {
      starter.didMore = true
      context.metrics?.containerFailed(type, error.reason)
    }
    return false
  }
}

/** Throws while the container's back-off lasts; else takes its next step. */
function checkCrashLoop(
  { context, pod, memory }: ActionRun,
  container: Container,
  observed: ObservedPod,
): void {
  const latest = latestContainer(observed, container.name)
  const exited = observed.containers.find(({ name, state }) => name === container.name && state === 'exited')
  if (latest === undefined || exited === undefined) return
  const key = `${container.name}/${containerHash(container)}`
  const nowMs = context.host.monotonicMs()
  const endedMs = endSeenMs(memory, exited, nowMs)
  const waitMs = memory.backOff.remainingMs(key, endedMs, nowMs)
  if (waitMs > 0) {
    const place = `${container.name} in pod ${describePod(pod)}`
    const text = `Back-off restarting failed container ${place}`
    context.events.event(pod, 'Warning', 'BackOff', text, containerFieldPath(pod, container.name))
    const delay = goSeconds(memory.backOff.delayMs(key))
    throw new StartFailureError(
      'CrashLoopBackOff',
      `back-off ${delay} restarting failed container=${container.name} pod=${describePod(pod)}`,
      waitMs,
    )
  }
  memory.backOff.step(key, endedMs, nowMs)
}

/** When its end was first seen here: the runtime's own time is of a clock that somebody may have set meanwhile. */
function endSeenMs({ ends }: PodMemory, { id, name }: ObservedContainer, nowMs: number): number {
  const known = ends.get(name)
  if (known?.id === id) return known.seenMs
  ends.set(name, { id, seenMs: nowMs })
  return nowMs
}

/** Whole seconds as Go prints a duration: `10s`, `1m20s`. */
function goSeconds(ms: number): string {
  const seconds = Math.round(ms / 1000)
  return seconds < 60 ? `${seconds}s` : `${Math.floor(seconds / 60)}m${seconds % 60}s`
}
