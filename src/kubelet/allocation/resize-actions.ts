import type { core } from '../../api/generated/types/index.ts'
import { latestContainer, type ObservedContainer, type ObservedPod } from '../pod/observed-pod.ts'
import { sidecarsOf } from '../pod/plan/restart-policy.ts'
import { type ComputeAmounts, computeAmounts, sameAmounts } from './granted-resources.ts'

type Container = core.v1.Container
type Pod = core.v1.Pod

export type ComputeResource = 'memory' | 'cpu'

/** A running container that is told of other limits. */
export interface ContainerResize {
  readonly id: string
  readonly container: Container
  readonly from: ComputeAmounts
  readonly to: ComputeAmounts
}

/** What becomes of a pod's resources, beside containers that are restarted for it. */
export interface PodResize {
  readonly containers: readonly ContainerResize[]
  /** The pod's own group changes whatever its running containers do. */
  readonly whole: boolean
}

/** What the resource's limit is, and its request where that alone changes. */
export function change(
  { from, to }: Pick<ContainerResize, 'from' | 'to'>,
  resource: ComputeResource,
): { readonly from: number; readonly to: number } | undefined {
  const [limit, request] = [`${resource}Limit`, `${resource}Request`] as const
  const name = from[limit] === to[limit] ? request : limit
  return from[name] === to[name] ? undefined : { from: from[name], to: to[name] }
}

/** How a running container comes to what it was granted; undefined where it has it. */
export function containerResize(
  pod: Pod,
  container: Container,
  running: ObservedContainer,
): 'restart' | ContainerResize | undefined {
  const resize = {
    id: running.id,
    container,
    from: running.amounts,
    to: computeAmounts(container.resources, pod.spec?.resources),
  }
  if (sameAmounts(resize.from, resize.to)) return undefined
  const restarts = (container.resizePolicy ?? []).some(
    ({ resourceName, restartPolicy }) =>
      restartPolicy === 'RestartContainer' &&
      (resourceName === 'cpu' || resourceName === 'memory') &&
      change(resize, resourceName) !== undefined,
  )
  return restarts ? 'restart' : resize
}

/** The pod's own requests and limits are not in force yet. */
export const podLevelChanges = (pod: Pod, { podLevel }: ObservedPod): boolean =>
  podLevel !== undefined && !sameAmounts(podLevel, computeAmounts(pod.spec?.resources))

/** Something that runs on has not got what was granted; what is not running will start with it. */
export const isResizing = (pod: Pod, observed: ObservedPod): boolean =>
  podLevelChanges(pod, observed) ||
  [...sidecarsOf(pod), ...(pod.spec?.containers ?? [])].some((container) => {
    const latest = latestContainer(observed, container.name)
    return latest?.state === 'running' && containerResize(pod, container, latest) !== undefined
  })
