import type { core } from '../../api/generated/types/index.ts'
import type { StringRecord } from './messages.ts'

/** Names under which upstream's kubelet marks sandboxes and containers; other tools read them too. */
export const podNameLabel = 'io.kubernetes.pod.name'
export const podNamespaceLabel = 'io.kubernetes.pod.namespace'
export const podUidLabel = 'io.kubernetes.pod.uid'
export const containerNameLabel = 'io.kubernetes.container.name'

const prefix = 'io.kubernetes.container'
const hashAnnotation = `${prefix}.hash`
const restartCountAnnotation = `${prefix}.restartCount`
const terminationPathAnnotation = `${prefix}.terminationMessagePath`
const terminationPolicyAnnotation = `${prefix}.terminationMessagePolicy`
const preStopAnnotation = `${prefix}.preStopHandler`
const portsAnnotation = `${prefix}.ports`
/** Ours: what it was made with, of its own and of its pod. */
const resourcesAnnotation = `${prefix}.resources`
const podGraceAnnotation = 'io.kubernetes.pod.terminationGracePeriod'
const podDeletionGraceAnnotation = 'io.kubernetes.pod.deletionGracePeriod'

/** What a container's annotations tell about it after the agent was restarted. */
export interface ContainerFacts {
  readonly hash: string
  readonly restartCount: number
  readonly terminationMessagePath: string
  readonly terminationMessagePolicy: string
  readonly podTerminationGracePeriodSeconds?: number
  readonly podDeletionGracePeriodSeconds?: number
  readonly preStop?: core.v1.LifecycleHandler
  readonly resources: MadeWith
}

/** The resources that a container was made with. */
export interface MadeWith {
  readonly container?: core.v1.ResourceRequirements
  readonly pod?: core.v1.ResourceRequirements
}

const podIdentity = (pod: core.v1.Pod): StringRecord => ({
  [podNameLabel]: pod.metadata?.name ?? '',
  [podNamespaceLabel]: pod.metadata?.namespace ?? '',
  [podUidLabel]: pod.metadata?.uid ?? '',
})

export const sandboxLabels = (pod: core.v1.Pod): StringRecord => ({
  ...pod.metadata?.labels,
  ...podIdentity(pod),
})

export const containerLabels = (pod: core.v1.Pod, containerName: string): StringRecord => ({
  ...podIdentity(pod),
  [containerNameLabel]: containerName,
})

/** FNV-1a over what a change of makes a container be replaced: name and image. */
export function containerHash(container: Pick<core.v1.Container, 'name' | 'image'>): string {
  let hash = 0x811c9dc5
  for (const byte of new TextEncoder().encode(`${container.name}\n${container.image ?? ''}`)) {
    hash = Math.imul(hash ^ byte, 0x01000193)
  }
  return (hash >>> 0).toString(16)
}

export function containerAnnotations(
  pod: core.v1.Pod,
  container: core.v1.Container,
  restartCount: number,
): StringRecord {
  const annotations: Record<string, string> = {
    [hashAnnotation]: containerHash(container),
    [restartCountAnnotation]: String(restartCount),
    [terminationPathAnnotation]: container.terminationMessagePath ?? '',
    [terminationPolicyAnnotation]: container.terminationMessagePolicy ?? '',
  }
  const deletionGrace = pod.metadata?.deletionGracePeriodSeconds
  if (deletionGrace !== undefined) annotations[podDeletionGraceAnnotation] = String(deletionGrace)
  const grace = pod.spec?.terminationGracePeriodSeconds
  if (grace !== undefined) annotations[podGraceAnnotation] = String(grace)
  const preStop = container.lifecycle?.preStop
  if (preStop !== undefined) annotations[preStopAnnotation] = JSON.stringify(preStop)
  if ((container.ports ?? []).length > 0) annotations[portsAnnotation] = JSON.stringify(container.ports)
  const resources = { container: container.resources, pod: pod.spec?.resources }
  if ((resources.container ?? resources.pod) !== undefined)
    annotations[resourcesAnnotation] = JSON.stringify(resources)
  return annotations
}

function whole(text: string | undefined): number | undefined {
  return text !== undefined && /^-?\d+$/.test(text) ? Number(text) : undefined
}

function parseObject(text: string | undefined): object | undefined {
  if (text === undefined) return undefined
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? value : undefined
  } catch {
    return undefined
  }
}

/** Reads back what `containerAnnotations` wrote; what is missing or garbled has its zero value. */
export function containerFacts(annotations: StringRecord): ContainerFacts {
  const podGrace = whole(annotations[podGraceAnnotation])
  const deletionGrace = whole(annotations[podDeletionGraceAnnotation])
  const preStop: core.v1.LifecycleHandler | undefined = parseObject(annotations[preStopAnnotation])
  const resources: MadeWith = parseObject(annotations[resourcesAnnotation]) ?? {}
  return {
    hash: annotations[hashAnnotation] ?? '',
    restartCount: whole(annotations[restartCountAnnotation]) ?? 0,
    terminationMessagePath: annotations[terminationPathAnnotation] ?? '',
    terminationMessagePolicy: annotations[terminationPolicyAnnotation] ?? '',
    resources,
    ...(podGrace === undefined ? {} : { podTerminationGracePeriodSeconds: podGrace }),
    ...(deletionGrace === undefined ? {} : { podDeletionGracePeriodSeconds: deletionGrace }),
    ...(preStop === undefined ? {} : { preStop }),
  }
}
