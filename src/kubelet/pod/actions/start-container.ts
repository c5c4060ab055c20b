import type { core } from '../../../api/generated/types/index.ts'
import { defined } from '../../../base/defined.ts'
import { messageOf } from '../../../base/message-of.ts'
import { containerEnvironment } from '../../environment/environment.ts'
import { expand } from '../../environment/expand.ts'
import type { PodPlace } from '../../environment/field-reference.ts'
import type { ContainerType } from '../../metrics/pod-metrics.ts'
import { withGrant } from '../../resources/container-grant.ts'
import { containerAnnotations, containerLabels } from '../../runtime/labels.ts'
import type {
  ContainerConfig,
  Image,
  ImageSpec,
  Mount,
  SandboxConfig,
  UserNamespace,
} from '../../runtime/messages.ts'
import { isStaticPod } from '../../static/static-annotations.ts'
import { latestContainer, type ObservedContainer, type ObservedPod } from '../observed-pod.ts'
import type { PodContext } from '../pod-context.ts'
import { containerResources } from '../runtime-config/container-resources.ts'
import { podHostname } from '../runtime-config/pod-network-identity.ts'
import {
  containerSecurityContext,
  type ImageUser,
  verifyNonRoot,
} from '../runtime-config/security-context.ts'
import { runtimeSignal } from '../runtime-config/stop-signal.ts'
import { handlerFeatures, handlerOf } from './create-sandbox.ts'
import { imageVolumesOf, type PulledVolumes } from './image-volumes.ts'
import { killContainer } from './kill-containers.ts'
import { runLifecycleHook } from './lifecycle-hooks.ts'
import { StartFailureError } from './start-failure.ts'

type Container = core.v1.Container
type Pod = core.v1.Pod

export interface StartWork {
  readonly pod: Pod
  readonly container: Container
  readonly observed: ObservedPod
  readonly sandboxId: string
  readonly sandbox: SandboxConfig
  readonly podIps: readonly string[]
  readonly pullSecrets: readonly core.v1.Secret[]
  readonly imageVolumes: PulledVolumes
  /** For an ephemeral container: whose processes it shares. */
  readonly targetName?: string
  /** Told of a pull of its image. */
  readonly onPull?: (fromMs: number, untilMs: number) => void
}

/** Where an Event about a container points: `spec.containers{web}`. */
export function containerFieldPath(pod: Pod, name: string): string {
  const lists = {
    container: 'containers',
    init_container: 'initContainers',
    ephemeral_container: 'ephemeralContainers',
  } as const
  return `spec.${lists[containerType(pod, name)]}{${name}}`
}

export function containerType({ spec }: Pod, name: string): ContainerType {
  if ((spec?.containers ?? []).some((container) => container.name === name)) return 'container'
  const init = (spec?.initContainers ?? []).some((container) => container.name === name)
  return init ? 'init_container' : 'ephemeral_container'
}

/** Pulls, creates and starts one container and runs its postStart hook; its id. Rejects with StartFailureError. */
export async function startContainer(context: PodContext, work: StartWork): Promise<string> {
  const { pod, container } = work
  const event = (type: 'Normal' | 'Warning', reason: string, message: string): void =>
    context.events.event(pod, type, reason, message, containerFieldPath(pod, container.name))
  const failed = (reason: string, error: unknown): StartFailureError => {
    const message = messageOf(error)
    event('Warning', 'Failed', `Error: ${message}`)
    return new StartFailureError(reason, message)
  }
  const imageVolumes = mountedImages(work, event)
  const image = await ensureImage(context, work, event)
  let config: ContainerConfig
  try {
    config = await containerConfig(context, work, image, imageVolumes)
  } catch (error) {
    throw failed('CreateContainerConfigError', error)
  }
  let id: string
  try {
    id = await context.runtime.createContainer(work.sandboxId, config, work.sandbox)
  } catch (error) {
    throw failed('CreateContainerError', error)
  }
  event('Normal', 'Created', 'Container created')
  try {
    await context.runtime.startContainer(id)
  } catch (error) {
    throw failed('RunContainerError', error)
  }
  event('Normal', 'Started', 'Container started')
  await runPostStart(context, work, id)
  return id
}

async function ensureImage(
  context: PodContext,
  work: StartWork,
  event: (type: 'Normal' | 'Warning', reason: string, message: string) => void,
): Promise<Image> {
  try {
    return await context.images.ensure({
      ...work,
      event,
      ...defined({ onPull: work.onPull }),
      runtimeHandler: await handlerOf(context, work.pod),
    })
  } catch (error) {
    if (error instanceof StartFailureError) event('Warning', 'Failed', `Error: ${error.reason}`)
    throw error
  }
}

async function runPostStart(context: PodContext, work: StartWork, id: string): Promise<void> {
  const { pod, container } = work
  const hook = container.lifecycle?.postStart
  if (hook === undefined) return
  const failure = await runLifecycleHook(context, { pod, container, id, hook, podIps: work.podIps })
  if (failure === undefined) return
  const path = containerFieldPath(pod, container.name)
  context.events.event(pod, 'Warning', 'FailedPostStartHook', 'PostStartHook failed', path)
  const started = { id, name: container.name }
  await killContainer(context, {
    pod,
    container: started,
    message: 'FailedPostStartHook',
    reason: '',
    podIps: work.podIps,
  })
  throw new StartFailureError('PostStartHookError', failure)
}

function mountedImages(
  { container, imageVolumes }: StartWork,
  event: (type: 'Normal' | 'Warning', reason: string, message: string) => void,
): ReadonlyMap<string, ImageSpec> {
  try {
    return imageVolumesOf(container, imageVolumes)
  } catch (error) {
    if (error instanceof StartFailureError) event('Warning', 'Failed', `Error: ${error.reason}`)
    throw error
  }
}

async function containerConfig(
  context: PodContext,
  work: StartWork,
  image: Image,
  imageVolumes: ReadonlyMap<string, ImageSpec>,
): Promise<ContainerConfig> {
  const { pod, container, observed, podIps } = work
  const facts = context.facts()
  const namespace = pod.metadata?.namespace ?? ''
  const place: PodPlace = {
    hostIps: facts.nodeIps,
    podIps: pod.spec?.hostNetwork === true ? facts.nodeIps : podIps,
    allocatable: facts.allocatable,
  }
  const services = context.serviceVariables(namespace, pod.spec?.enableServiceLinks ?? true, isStaticPod(pod))
  const [environment, logs] = await Promise.all([
    services.then((variables) =>
      containerEnvironment({
        ...{ pod, container, place, objects: context.objects, services: variables },
        fileVariable: (reference) => context.files.fileVariable(pod, reference),
      }),
    ),
    context.files.prepareLogs(pod, container.name),
  ])
  const user: ImageUser =
    image.uid !== undefined
      ? { uid: image.uid.value, username: '' }
      : image.username === ''
        ? { uid: 0, username: '' }
        : { username: image.username }
  verifyNonRoot(pod, container, user)
  const latest = latestContainer(observed, container.name)
  const restartCount = latest === undefined ? logs : latest.restartCount + 1
  const identity = podHostname(pod, facts.dns.domain)
  const userns = work.sandbox.linux.securityContext.namespaceOptions?.usernsOptions
  const mounts = await context.files.containerMounts({
    ...{ pod, container, environment, identity, imageVolumes, podIps: place.podIps },
    canMountRecursivelyReadOnly: await canMountRecursivelyReadOnly(context, pod, container),
  })
  const security = containerSecurityContext(pod, container, user, facts.security, targetOf(work)?.id)
  const grant = await context.managers.grant(pod, container)
  const fill = (text: string): string => expand(text, (name) => environment.get(name))
  const encoder = new TextEncoder()
  const stopSignal = container.lifecycle?.stopSignal
  const config: ContainerConfig = {
    metadata: { name: container.name, attempt: restartCount },
    image: { image: image.id, userSpecifiedImage: container.image ?? '' },
    command: (container.command ?? []).map(fill),
    args: (container.args ?? []).map(fill),
    workingDir: container.workingDir ?? '',
    envs: [...environment].map(([key, value]) => ({ key, value: encoder.encode(value) })),
    mounts: userns?.mode === 'POD' ? mounts.map((mount) => withIds(mount, userns)) : mounts,
    labels: containerLabels(pod, container.name),
    annotations: containerAnnotations(pod, container, restartCount),
    logPath: `${container.name}/${restartCount}.log`,
    stdin: container.stdin ?? false,
    stdinOnce: container.stdinOnce ?? false,
    tty: container.tty ?? false,
    ...(stopSignal === undefined ? {} : { stopSignal: runtimeSignal(stopSignal) }),
    linux: {
      resources: containerResources(pod, container, facts.machine),
      securityContext: {
        ...security,
        namespaceOptions: { ...security.namespaceOptions, ...defined({ usernsOptions: userns }) },
      },
    },
  }
  return withGrant(config, grant)
}

/** Files in a volume belong, inside, to those whose ids the pod's stand for. */
const withIds = (mount: Mount, { uids = [], gids = [] }: UserNamespace): Mount => ({
  ...mount,
  uidMappings: uids,
  gidMappings: gids,
})

/** Asked only for containers that want it. */
async function canMountRecursivelyReadOnly(
  context: PodContext,
  pod: Pod,
  { volumeMounts = [] }: Container,
): Promise<boolean> {
  if (!volumeMounts.some(({ recursiveReadOnly }) => recursiveReadOnly !== undefined)) return false
  return handlerFeatures(context, await handlerOf(context, pod))?.recursiveReadOnlyMounts === true
}

function targetOf({ targetName, observed }: StartWork): ObservedContainer | undefined {
  if (targetName === undefined || targetName === '') return undefined
  const target = latestContainer(observed, targetName)
  if (target === undefined) throw new Error(`unable to find target container ${targetName}`)
  return target
}
