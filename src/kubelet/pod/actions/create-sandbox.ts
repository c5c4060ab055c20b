import type { core } from '../../../api/generated/types/index.ts'
import { messageOf } from '../../../base/message-of.ts'
import type { SandboxConfig, UserNamespace } from '../../runtime/messages.ts'
import { RuntimeError } from '../../runtime/runtime.ts'
import type { PodActions } from '../plan/plan.ts'
import type { NodeFacts, PodContext } from '../pod-context.ts'
import { withoutCpuLimits } from '../runtime-config/resource-rules.ts'
import { sandboxConfig } from '../runtime-config/sandbox-config.ts'

type Pod = core.v1.Pod

export interface SandboxWork {
  readonly context: PodContext
  readonly pod: Pod
  readonly actions: PodActions
  /** The pod is to end: what fails then is not worth an Event. */
  readonly isOver: () => boolean
}

export const rpcText = (error: unknown): string =>
  error instanceof RuntimeError ? `rpc error: code = ${error.code} desc = ${error.message}` : messageOf(error)

/** Of the pod's RuntimeClass; '' where it has none. */
export async function handlerOf(context: PodContext, { spec }: Pod): Promise<string> {
  return spec?.runtimeClassName ? context.runtimeHandler(spec.runtimeClassName) : ''
}

/** What the runtime says of a pod's handler; undefined where it says nothing. */
export const handlerFeatures = (context: PodContext, handler: string) =>
  context.facts().runtime.handlers.find(({ name }) => name === handler)?.features

async function userNamespace(context: PodContext, pod: Pod): Promise<UserNamespace> {
  const hostUsers = pod.spec?.hostUsers ?? true
  if (!hostUsers) {
    const handler = await handlerOf(context, pod)
    if (handlerFeatures(context, handler)?.userNamespaces !== true) {
      const who = handler === '' ? 'runtime' : `RuntimeClass handler "${handler}"`
      throw new Error(`can't set \`spec.hostUsers: false\`, ${who} does not support user namespaces`)
    }
  }
  return context.userNamespaces.namespace(pod.metadata?.uid ?? '', hostUsers)
}

/** The time of processors that a pod has for itself is not limited. */
function factsFor({ facts, managers }: PodContext, pod: Pod): NodeFacts {
  const now = facts()
  return { ...now, machine: withoutCpuLimits(now.machine, managers.ownsCpus(pod.metadata?.uid ?? '')) }
}

/** What the pod's sandbox is or was made from. */
export async function sandboxToUse(work: SandboxWork): Promise<SandboxConfig> {
  const { context, pod, actions } = work
  const { config, warnings } = await orEvent(work, async () =>
    sandboxConfig(pod, actions.attempt, factsFor(context, pod), {
      logDirectory: context.files.logDirectory(pod),
      cgroupParent: context.cgroups.parent(pod),
      userNamespace: await userNamespace(context, pod),
    }),
  )
  if (actions.createSandbox) {
    for (const text of warnings) context.events.event(pod, 'Warning', 'DNSConfigForming', text)
  }
  return config
}

/** The new sandbox's id. */
export async function createSandbox(work: SandboxWork, config: SandboxConfig): Promise<string> {
  const { context, pod } = work
  const hasUserNamespace = pod.spec?.hostUsers === false
  context.metrics?.startsPod(hasUserNamespace)
  try {
    return await orEvent(work, async () =>
      context.runtime.runPodSandbox(config, await handlerOf(context, pod)),
    )
  } catch (error) {
    context.metrics?.podFailed(hasUserNamespace)
    throw error
  }
}

/** The pod's claims are ready before anything of it is made. */
export async function prepareClaims({ context, pod }: SandboxWork): Promise<void> {
  try {
    await context.managers.prepare(pod)
  } catch (error) {
    const text = `Failed to prepare dynamic resources: ${messageOf(error)}`
    context.events.event(pod, 'Warning', 'FailedPrepareDynamicResources', text)
    throw error
  }
}

async function orEvent<T>(
  { context, pod, actions, isOver }: SandboxWork,
  make: () => Promise<T>,
): Promise<T> {
  try {
    return await make()
  } catch (error) {
    if (actions.createSandbox && !isOver()) {
      const text = `Failed to create pod sandbox: ${rpcText(error)}`
      context.events.event(pod, 'Warning', 'FailedCreatePodSandBox', text)
    }
    throw error
  }
}
