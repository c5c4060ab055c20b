import { computeAmounts } from '../allocation/granted-resources.ts'
import { containerFacts, containerNameLabel, podUidLabel } from '../runtime/labels.ts'
import type { ContainerState, ContainerStatus, SandboxStatus } from '../runtime/messages.ts'
import { isRuntimeError, type Runtime } from '../runtime/runtime.ts'
import type { ObservedContainer, ObservedPod, ObservedState } from './observed-pod.ts'
import { apiSignal } from './runtime-config/stop-signal.ts'

const states: Readonly<Record<ContainerState, ObservedState>> = {
  CONTAINER_CREATED: 'created',
  CONTAINER_RUNNING: 'running',
  CONTAINER_EXITED: 'exited',
  CONTAINER_UNKNOWN: 'unknown',
}

const fromNs = (ns: number): number => Math.floor(ns / 1e6)

/** What has vanished between the list and the look is left out. */
async function unlessGone<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work
  } catch (error) {
    if (isRuntimeError(error, 'NotFound')) return undefined
    throw error
  }
}

/** Reads a container's termination message: from its file, or from its log where its policy says so. */
export type TerminationReader = (status: ContainerStatus) => Promise<string>

/**
 * Asks the runtime for everything of one pod. `known` are statuses of containers that have ended, which do not
 * change any more; it is filled as they are seen.
 */
export async function observePod(
  runtime: Runtime,
  podUid: string,
  known: Map<string, ObservedContainer>,
  terminationMessage: TerminationReader,
): Promise<ObservedPod> {
  const labelSelector = { [podUidLabel]: podUid }
  const [sandboxes, containers] = await Promise.all([
    runtime.listPodSandbox({ labelSelector }),
    runtime.listContainers({ labelSelector }),
  ])
  const [sandboxStatuses, observed] = await Promise.all([
    Promise.all(sandboxes.map((sandbox) => unlessGone(runtime.podSandboxStatus(sandbox.id)))),
    Promise.all(
      containers.map(async (container) => {
        const ended = known.get(container.id)
        if (ended !== undefined) return ended
        const status = await unlessGone(runtime.containerStatus(container.id))
        if (status === undefined) return undefined
        const message = status.state === 'CONTAINER_EXITED' ? await terminationMessage(status) : ''
        const seen = convert(status, container.podSandboxId, message)
        if (seen.state === 'exited') known.set(seen.id, seen)
        return seen
      }),
    ),
  ])
  const present = new Set(containers.map((container) => container.id))
  for (const id of known.keys()) if (!present.has(id)) known.delete(id)
  const newest = sandboxStatuses.filter((status) => status !== undefined).sort(bySandboxAge)
  return {
    sandboxes: newest,
    containers: observed.filter((container) => container !== undefined).sort(byContainerAge),
    podIps: addresses(newest[0]),
  }
}

/** What a look at one new sandbox and some new containers adds: cheaper than asking for everything again. Undefined when some of it has ended already: then everything is to be asked for. */
export async function observeNew(
  runtime: Runtime,
  before: ObservedPod,
  made: { readonly sandboxId: string; readonly containerIds: readonly string[]; readonly isNew: boolean },
): Promise<ObservedPod | undefined> {
  const [sandbox, statuses] = await Promise.all([
    made.isNew ? unlessGone(runtime.podSandboxStatus(made.sandboxId)) : before.sandboxes[0],
    Promise.all(made.containerIds.map((id) => unlessGone(runtime.containerStatus(id)))),
  ])
  const alive = statuses.filter((status) => status !== undefined && status.state !== 'CONTAINER_EXITED')
  if (sandbox === undefined || alive.length < statuses.length) return undefined
  const fresh = alive.flatMap((status) => (status === undefined ? [] : [convert(status, made.sandboxId, '')]))
  const sandboxes = made.isNew ? [sandbox, ...before.sandboxes].sort(bySandboxAge) : before.sandboxes
  return {
    sandboxes,
    containers: [...fresh, ...before.containers].sort(byContainerAge),
    podIps: addresses(sandboxes[0]),
  }
}

const bySandboxAge = (a: SandboxStatus, b: SandboxStatus): number =>
  b.createdAt - a.createdAt || b.metadata.attempt - a.metadata.attempt

const byContainerAge = (a: ObservedContainer, b: ObservedContainer): number =>
  b.createdAtMs - a.createdAtMs || b.restartCount - a.restartCount

function addresses(sandbox: SandboxStatus | undefined): readonly string[] {
  const network = sandbox?.network
  if (sandbox?.state !== 'SANDBOX_READY' || network === undefined || network.ip === '') return []
  return [network.ip, ...network.additionalIps.map(({ ip }) => ip)]
}

function convert(status: ContainerStatus, sandboxId: string, terminationMessage: string): ObservedContainer {
  const facts = containerFacts(status.annotations)
  const ended = status.state === 'CONTAINER_EXITED'
  const texts = ended ? [status.message, terminationMessage].filter((text) => text !== '') : []
  const resources = status.resources?.linux
  const user = status.user?.linux
  const stopSignal = apiSignal(status.stopSignal)
  return {
    id: status.id,
    name: status.labels[containerNameLabel] ?? status.metadata.name,
    sandboxId,
    state: states[status.state],
    hash: facts.hash,
    restartCount: facts.restartCount,
    image: status.image?.image ?? '',
    imageId: status.imageRef,
    createdAtMs: fromNs(status.createdAt),
    startedAtMs: fromNs(status.startedAt),
    finishedAtMs: fromNs(status.finishedAt),
    exitCode: status.exitCode,
    reason: ended ? status.reason : '',
    message: texts.join(': '),
    mounts: status.mounts,
    logPath: status.logPath,
    madeWith: facts.resources,
    amounts: computeAmounts(facts.resources.container, facts.resources.pod),
    ...(resources === undefined ? {} : { resources }),
    ...(user === undefined ? {} : { user }),
    ...(stopSignal === undefined ? {} : { stopSignal }),
  }
}
