import type { core } from '../../../api/generated/types/index.ts'
import type { ObjectMeta } from '../../../apimachinery/meta.ts'

export type PodSpec = core.v1.PodSpec
export type Container = core.v1.Container
export type SecurityContext = core.v1.SecurityContext

/** Why a pod is not allowed: in short, and in full. */
export interface Violation {
  readonly reason: string
  readonly detail: string
}

export type CheckPod = (spec: PodSpec, metadata: ObjectMeta) => Violation | undefined

/** What a check says from one minor version of Kubernetes on, until the next of its versions. */
export interface CheckVersion {
  readonly from: number
  readonly check: CheckPod
  /** Weaker checks of the baseline level that it stands for. */
  readonly overrides?: readonly string[]
}

/** A rule of the Pod Security Standards (https://kubernetes.io/docs/concepts/security/pod-security-standards/). */
export interface Check {
  readonly id: string
  readonly level: 'baseline' | 'restricted'
  /** Ascending. */
  readonly versions: readonly CheckVersion[]
}

export function containersOf(spec: PodSpec): readonly Container[] {
  const { initContainers = [], containers = [], ephemeralContainers = [] } = spec
  return [...initContainers, ...containers, ...ephemeralContainers]
}

/** The names of the containers that are as they should not be. */
export const namesWhere = (spec: PodSpec, isBad: (container: Container) => boolean): readonly string[] =>
  containersOf(spec)
    .filter(isBad)
    .map(({ name }) => name)

export const quoted = (items: readonly string[]): string => items.map((item) => `"${item}"`).join(', ')

export const plural = (count: number, singular: string, several = `${singular}s`): string =>
  count === 1 ? singular : several

/** Each once, in order. */
export const sorted = (items: Iterable<string>): readonly string[] => [...new Set(items)].sort()

/** `container "a"`, `containers "a", "b"`. */
export const containersNamed = (names: readonly string[]): string =>
  `${plural(names.length, 'container')} ${quoted(names)}`

/** `pod and container "a"`: who has set something that should not be. */
export function setters(pod: boolean, containers: readonly string[]): readonly string[] {
  return [...(pod ? ['pod'] : []), ...(containers.length > 0 ? [containersNamed(containers)] : [])]
}

export const isWindows = ({ os }: PodSpec): boolean => os?.name === 'windows'

/** A check that says nothing of pods that run on Windows, where what it asks for cannot be set. */
export const unlessWindows =
  (check: CheckPod): CheckPod =>
  (spec, metadata) =>
    isWindows(spec) ? undefined : check(spec, metadata)

/** A check that says nothing of pods in a user namespace, whose root is nobody outside. */
export const unlessOwnUsers =
  (check: CheckPod): CheckPod =>
  (spec, metadata) =>
    spec.hostUsers === false ? undefined : check(spec, metadata)
