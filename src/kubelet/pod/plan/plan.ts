import type { core } from '../../../api/generated/types/index.ts'
import {
  type ContainerResize,
  containerResize,
  type PodResize,
  podLevelChanges,
} from '../../allocation/resize-actions.ts'
import { containerHash } from '../../runtime/labels.ts'
import type { SandboxStatus } from '../../runtime/messages.ts'
import { latestContainer, type ObservedContainer, type ObservedPod } from '../observed-pod.ts'
import { planInitContainers } from './plan-init-containers.ts'
import {
  anyRegularContainerCreated,
  restartsAfterKill,
  restartsWholePod,
  shouldRestart,
} from './restart-policy.ts'

type Container = core.v1.Container
type Pod = core.v1.Pod

export type ProbeKind = 'startup' | 'liveness' | 'readiness'
export type ProbeResult = 'success' | 'failure' | 'unknown'

/** The last settled result of a container's probe; undefined before there is one. */
export type ProbeResults = (kind: ProbeKind, containerId: string) => ProbeResult | undefined

export type KillReason = '' | 'StartupProbe' | 'LivenessProbe' | 'Unknown' | 'RestartAllContainers'

export interface ContainerToKill {
  readonly container: ObservedContainer
  readonly message: string
  readonly reason: KillReason
}

/** What has to happen to a pod, in this order. */
export interface PodActions {
  /** Kill every container and the sandbox; a new one follows if `createSandbox`. */
  readonly killPod: boolean
  readonly createSandbox: boolean
  /** The sandbox to use or to replace; '' if there is none. */
  readonly sandboxId: string
  readonly attempt: number
  readonly kill: readonly ContainerToKill[]
  /** Killed without grace and removed: the pod starts over in its sandbox. */
  readonly reset: readonly ObservedContainer[]
  readonly startEphemeral: readonly Container[]
  /** One after another: each needs the one before it started (or, unless a sidecar, ended). */
  readonly startInit: readonly Container[]
  readonly start: readonly Container[]
  /** What runs on is resized before anything of this starts. */
  readonly resize?: PodResize
}

/** True when nothing is to be done. */
export const isSettled = (actions: PodActions): boolean =>
  !actions.killPod &&
  !actions.createSandbox &&
  actions.resize === undefined &&
  actions.kill.length + actions.reset.length === 0 &&
  actions.startEphemeral.length + actions.startInit.length + actions.start.length === 0

interface SandboxVerdict {
  readonly changed: boolean
  readonly attempt: number
  readonly sandboxId: string
}

const networkMode = (pod: Pod): 'NODE' | 'POD' => (pod.spec?.hostNetwork === true ? 'NODE' : 'POD')

/** Whether the pod needs a new sandbox, and which attempt that is. */
export function sandboxVerdict(pod: Pod, observed: ObservedPod): SandboxVerdict {
  const newest = observed.sandboxes[0]
  if (newest === undefined) return { changed: true, attempt: 0, sandboxId: '' }
  const next = newest.metadata.attempt + 1
  const ready = observed.sandboxes.filter((sandbox) => sandbox.state === 'SANDBOX_READY').length
  if (ready > 1 || newest.state !== 'SANDBOX_READY' || lacksAddress(pod, newest)) {
    return { changed: true, attempt: next, sandboxId: newest.id }
  }
  const mode = newest.linux?.namespaces?.options?.network ?? 'POD'
  if (mode !== networkMode(pod)) return { changed: true, attempt: next, sandboxId: '' }
  return { changed: false, attempt: newest.metadata.attempt, sandboxId: newest.id }
}

const lacksAddress = (pod: Pod, sandbox: SandboxStatus): boolean =>
  networkMode(pod) === 'POD' && sandbox.network !== undefined && sandbox.network.ip === ''

/** The decision about a pod that is to run. Pure. `restartAll` says that it starts over as a whole. */
export function planPod(
  pod: Pod,
  observed: ObservedPod,
  probes: ProbeResults,
  restartAll: boolean = restartsWholePod(pod, observed),
): PodActions {
  const { changed, attempt, sandboxId } = sandboxVerdict(pod, observed)
  const idle: PodActions = {
    killPod: changed,
    createSandbox: changed,
    sandboxId,
    attempt,
    kill: [],
    reset: [],
    startEphemeral: [],
    startInit: [],
    start: [],
  }
  if (restartAll) return { ...idle, killPod: false, createSandbox: false, reset: resetOrder(pod, observed) }
  if (changed) return planNewSandbox(pod, observed, idle)
  const startEphemeral = (pod.spec?.ephemeralContainers ?? []).filter(
    (container) => latestContainer(observed, container.name) === undefined,
  )
  const init = planInitContainers(pod, observed, probes)
  const sofar = {
    ...idle,
    ...resizing(init.resize, init.restartsForResize),
    ...{ startEphemeral, startInit: init.start, kill: init.kill, killPod: init.killPod },
  }
  return init.killPod || !init.initialized ? sofar : planContainers(pod, observed, probes, sofar)
}

const resizing = (containers: readonly ContainerResize[], whole: boolean): Pick<PodActions, 'resize'> =>
  whole || containers.length > 0 ? { resize: { containers, whole } } : {}

/** Those that triggered the restart go last, so that the trigger is seen until the rest is gone. */
function resetOrder(pod: Pod, observed: ObservedPod): readonly ObservedContainer[] {
  const names = [...(pod.spec?.containers ?? []), ...(pod.spec?.initContainers ?? [])].map(({ name }) => name)
  const mine = observed.containers.filter((container) => names.includes(container.name))
  const exited = (container: ObservedContainer): number => (container.state === 'exited' ? 1 : 0)
  return [...mine].sort((a, b) => exited(a) - exited(b) || names.indexOf(a.name) - names.indexOf(b.name))
}

function planNewSandbox(pod: Pod, observed: ObservedPod, idle: PodActions): PodActions {
  const neverRestarts = pod.spec?.restartPolicy === 'Never'
  if (neverRestarts && idle.attempt !== 0 && observed.containers.length > 0) {
    return { ...idle, createSandbox: false }
  }
  const start = (pod.spec?.containers ?? []).filter((container) => {
    const latest = latestContainer(observed, container.name)
    const runsOnce = (container.restartPolicy ?? pod.spec?.restartPolicy) === 'OnFailure'
    return !(runsOnce && latest?.state === 'exited' && latest.exitCode === 0)
  })
  if (start.length === 0 && anyRegularContainerCreated(pod, observed)) {
    return { ...idle, createSandbox: false }
  }
  const first = pod.spec?.initContainers?.[0]
  return first === undefined ? { ...idle, start } : { ...idle, startInit: [first] }
}

function planContainers(
  pod: Pod,
  observed: ObservedPod,
  probes: ProbeResults,
  sofar: PodActions,
): PodActions {
  const kill = [...sofar.kill]
  const start: Container[] = []
  const resize = [...(sofar.resize?.containers ?? [])]
  let whole = podLevelChanges(pod, observed) || sofar.resize?.whole === true
  let kept = 0
  for (const container of pod.spec?.containers ?? []) {
    const latest = latestContainer(observed, container.name)
    if (latest?.state !== 'running') {
      if (!shouldRestart(container, pod, observed)) continue
      start.push(container)
      if (latest?.state === 'unknown') kill.push(unknownKill(latest, 'Container is'))
      continue
    }
    const verdict = killVerdict(container, latest, probes)
    const change = verdict === undefined ? containerResize(pod, container, latest) : undefined
    if (change === 'restart') {
      start.push(container)
      kill.push(resizeKill(latest))
      whole = true
      continue
    }
    if (change !== undefined) resize.push(change)
    if (verdict === undefined) {
      kept++
      continue
    }
    const restarts = verdict.reason === '' || restartsAfterKill(container, pod)
    if (restarts) start.push(container)
    const message = restarts ? `${verdict.message}, will be restarted` : verdict.message
    kill.push({ container: latest, message, reason: verdict.reason })
  }
  const over = kept === 0 && start.length === 0
  const startInit = over ? [] : sofar.startInit
  return { ...sofar, kill, start, killPod: over, startInit, ...resizing(resize, whole) }
}

export const resizeKill = (container: ObservedContainer): ContainerToKill => ({
  container,
  message: `Container ${container.name} resize requires restart`,
  reason: '',
})

export const unknownKill = (container: ObservedContainer, what: string): ContainerToKill => ({
  container,
  message: `${what} in "${container.state}" state, try killing it before restart`,
  reason: 'Unknown',
})

function killVerdict(
  container: Container,
  running: ObservedContainer,
  probes: ProbeResults,
): { readonly message: string; readonly reason: KillReason } | undefined {
  const { name } = container
  if (running.hash !== containerHash(container)) {
    return { message: `Container ${name} definition changed`, reason: '' }
  }
  if (probes('liveness', running.id) === 'failure') {
    return { message: `Container ${name} failed liveness probe`, reason: 'LivenessProbe' }
  }
  if (probes('startup', running.id) === 'failure') {
    return { message: `Container ${name} failed startup probe`, reason: 'StartupProbe' }
  }
  return undefined
}
