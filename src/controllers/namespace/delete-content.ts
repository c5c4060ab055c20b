import { Pod } from '../../api/core/pod/kind.ts'
import { isPodTerminal } from '../../api/core/pod/pod-state.ts'
import type { core } from '../../api/generated/types/index.ts'
import type { KubernetesObject } from '../../apimachinery/meta.ts'
import { isStatus } from '../../apimachinery/status-error.ts'
import { timeMs } from '../../apimachinery/time.ts'
import { messageOf } from '../../base/message-of.ts'
import type { Client, ResourceClient } from '../../client/client.ts'
import type { AnyKind } from '../../reconcile/controller.ts'
import type { Remains } from './content-conditions.ts'

export interface ContentDeletion {
  readonly remains: Remains
  /** Seconds until it is worth looking again; 0 where nothing is left. */
  readonly estimateSeconds: number
}

/** How long something with finalizers is expected to take. */
const finalizerSeconds = 15

interface KindRemains {
  readonly kind: AnyKind
  readonly count: number
  readonly finalizers: readonly string[]
  readonly estimateSeconds: number
  readonly error?: string
}

const nameOf = ({ resource, group }: AnyKind): string => `${resource}.${group}`

/** The longest that a pod may take, until that time has passed since the namespace was deleted. */
function graceOf(pods: readonly KubernetesObject[], deletedAtMs: number, nowMs: number): number {
  const seconds = (pods as readonly core.v1.Pod[])
    .filter((pod) => !isPodTerminal(pod))
    .reduce((most, { spec }) => Math.max(most, spec?.terminationGracePeriodSeconds ?? 0), 0)
  return nowMs - deletedAtMs >= seconds * 1_000 ? 0 : seconds
}

async function deleteAll(resource: ResourceClient<KubernetesObject>, namespace: string): Promise<void> {
  const options = { propagationPolicy: 'Background' }
  if (resource.kind.verbs.includes('deletecollection')) {
    await resource.deleteCollection({ namespace }, options)
    return
  }
  const { items } = await resource.list({ namespace })
  for (const { metadata } of items) {
    try {
      await resource.delete(namespace, metadata?.name ?? '', options)
    } catch (error) {
      if (!isStatus(error, 'NotFound', 'MethodNotAllowed')) throw error
    }
  }
}

async function deleteKind(
  api: Client,
  kind: AnyKind,
  { name, deletedAtMs, nowMs }: DeletedNamespace,
): Promise<KindRemains> {
  const resource = api.resource<KubernetesObject>(kind)
  const nothing = { kind, count: 0, finalizers: [], estimateSeconds: 0 }
  try {
    await deleteAll(resource, name)
    const { items } = await resource.list({ namespace: name })
    if (items.length === 0) return nothing
    const finalizers = items.flatMap(({ metadata }) => metadata?.finalizers ?? [])
    const grace = kind.resource === Pod.resource && kind.group === '' ? graceOf(items, deletedAtMs, nowMs) : 0
    const estimateSeconds = grace > 0 ? grace : finalizers.length > 0 ? finalizerSeconds : 0
    const left = { kind, count: items.length, finalizers, estimateSeconds }
    if (estimateSeconds > 0) return left
    const version = `${kind.group}/${kind.version}, Resource=${kind.resource}`
    return { ...left, error: `unexpected items still remain in namespace: ${name} for gvr: ${version}` }
  } catch (error) {
    // The resource is known here and not served: there is nothing of it.
    if (isStatus(error, 'NotFound', 'MethodNotAllowed')) return nothing
    return { ...nothing, error: messageOf(error) }
  }
}

function summed(all: readonly KindRemains[], undiscovered: ReadonlyMap<string, string>): ContentDeletion {
  const left = all.filter(({ count }) => count > 0)
  const finalizers = new Map<string, number>()
  for (const name of left.flatMap((one) => one.finalizers))
    finalizers.set(name, (finalizers.get(name) ?? 0) + 1)
  return {
    remains: {
      resources: new Map(left.map(({ kind, count }) => [nameOf(kind), count])),
      finalizers,
      errors: all.flatMap(({ error }) => (error === undefined ? [] : [error])),
      undiscovered,
    },
    estimateSeconds: all.reduce((most, { estimateSeconds }) => Math.max(most, estimateSeconds), 0),
  }
}

export interface DeletedNamespace {
  readonly name: string
  readonly deletedAtMs: number
  readonly nowMs: number
}

export const deletedNamespace = (namespace: core.v1.Namespace, nowMs: number): DeletedNamespace => ({
  name: namespace.metadata?.name ?? '',
  deletedAtMs: timeMs(namespace.metadata?.deletionTimestamp ?? ''),
  nowMs,
})

export interface NamespacedContent {
  readonly kinds: readonly AnyKind[]
  readonly undiscovered: ReadonlyMap<string, string>
}

/** Deletes everything in a namespace: first the pods, and the rest when these are gone (KEP-5080). */
export async function deleteContent(
  api: Client,
  { kinds, undiscovered }: NamespacedContent,
  namespace: DeletedNamespace,
): Promise<ContentDeletion> {
  const pods = await deleteKind(api, Pod, namespace)
  if (pods.count > 0) {
    const { remains, estimateSeconds } = summed([pods], undiscovered)
    // As upstream: until the pods are gone the conditions do not tell what is left.
    return { remains: { ...remains, resources: new Map(), finalizers: new Map() }, estimateSeconds }
  }
  const others = kinds.filter(({ resource, group }) => resource !== Pod.resource || group !== '')
  const rest = await Promise.all(others.map((kind) => deleteKind(api, kind, namespace)))
  return summed([pods, ...rest], undiscovered)
}
