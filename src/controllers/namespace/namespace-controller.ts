import { Namespace } from '../../api/core/namespace/kind.ts'
import { Pod } from '../../api/core/pod/kind.ts'
import type { core } from '../../api/generated/types/index.ts'
import { jsonEqual } from '../../apimachinery/json-equal.ts'
import { isStatus } from '../../apimachinery/status-error.ts'
import { timeMs } from '../../apimachinery/time.ts'
import {
  type AnyController,
  type AnyKind,
  defineController,
  done,
  type Key,
  type Outcome,
  type ReconcileContext,
  requeueAfter,
  watching,
} from '../../reconcile/controller.ts'
import type { KindSource } from '../../reconcile/kind-source.ts'
import { contentConditions, discoveryFailure } from './content-conditions.ts'
import { deleteContent, deletedNamespace, type NamespacedContent } from './delete-content.ts'

export interface NamespaceControllerOptions {
  /** Every kind that is served. */
  readonly kinds: Pick<KindSource, 'list' | 'refresh'>
  /**
   * Between a namespace's deletion and that of its content; upstream waits 5 s, so that other API servers see
   * the deletion and refuse new content. With one API server nothing has to be waited for.
   */
  readonly settleMs?: number
}

const defaultSettleMs = 5_000

/** Pods that end together are looked at together. */
const spacingMs = 200

const finalizer = 'kubernetes'

/** What may be in a namespace, as of now: each stored resource in one version. */
async function namespacedContent(kinds: NamespaceControllerOptions['kinds']): Promise<NamespacedContent> {
  const undiscovered = await kinds.refresh()
  const chosen = new Map<string, AnyKind>()
  for (const kind of kinds.list()) {
    const id = `${kind.group}/${kind.resource}`
    if (!kind.namespaced || !kind.verbs.includes('delete') || chosen.has(id)) continue
    if (!undiscovered.has(`${kind.group}/${kind.version}`)) chosen.set(id, kind)
  }
  return { kinds: [...chosen.values()], undiscovered }
}

async function liveNamespace(
  name: string,
  { api }: ReconcileContext,
): Promise<core.v1.Namespace | undefined> {
  try {
    return await api.resource(Namespace).get('', name)
  } catch (error) {
    if (isStatus(error, 'NotFound')) return undefined
    throw error
  }
}

async function finalize(namespace: core.v1.Namespace, { api }: ReconcileContext): Promise<void> {
  const { metadata = {}, spec } = namespace
  const finalizers = (spec?.finalizers ?? []).filter((name) => name !== finalizer)
  const body = { apiVersion: 'v1', kind: 'Namespace', metadata, spec: { ...spec, finalizers } }
  try {
    await api.resource(Namespace).updateSubresource('', metadata.name ?? '', 'finalize', body)
  } catch (error) {
    if (!isStatus(error, 'NotFound')) throw error
  }
}

async function terminate(
  found: core.v1.Namespace,
  content: NamespacedContent,
  context: ReconcileContext,
): Promise<Outcome> {
  const { api, host } = context
  const namespaces = api.resource(Namespace)
  const namespace =
    found.status?.phase === 'Terminating'
      ? found
      : await namespaces.updateStatus({ ...found, status: { ...found.status, phase: 'Terminating' } })
  if ((namespace.spec?.finalizers ?? []).length === 0) return done
  const { remains, estimateSeconds } = await deleteContent(
    api,
    content,
    deletedNamespace(namespace, host.now()),
  )
  const conditions = contentConditions(namespace.status?.conditions, remains, host.now())
  const latest = jsonEqual(namespace.status?.conditions, conditions)
    ? namespace
    : await namespaces.updateStatus({ ...namespace, status: { ...namespace.status, conditions } })
  const failures = [
    ...(remains.undiscovered.size === 0 ? [] : [discoveryFailure(remains.undiscovered)]),
    ...remains.errors,
  ]
  if (failures.length > 0) throw new Error(failures.join(', '))
  if (estimateSeconds > 0) return requeueAfter((Math.floor(estimateSeconds / 2) + 1) * 1_000)
  await finalize(latest, context)
  return done
}

/** Empties namespaces that are being deleted. */
export function namespaceController(options: NamespaceControllerOptions): AnyController {
  const { kinds, settleMs = defaultSettleMs } = options
  return defineController({
    name: 'namespace',
    reconciles: Namespace,
    when: (namespace) => namespace?.metadata?.deletionTimestamp !== undefined,
    watches: [
      watching({
        kind: Pod,
        when: (pod) => pod === undefined,
        keys: ({ metadata }, { cache }) => {
          const namespace = cache.of(Namespace).get('', metadata?.namespace ?? '')
          const isGoing = namespace?.metadata?.deletionTimestamp !== undefined
          return isGoing ? [metadata?.namespace ?? ''] : []
        },
      }),
    ],
    permissions: [
      { group: '*', resources: ['*'], verbs: ['delete', 'deletecollection', 'get', 'list'] },
      { group: '', resources: ['namespaces/finalize', 'namespaces/status'], verbs: ['update'] },
    ],
    workers: 10,
    backOff: { baseMs: 5, maxMs: 60_000 },
    spacingMs,
    reconcile: async (key: Key, context) => {
      const namespace = await liveNamespace(key, context)
      const deletedAt = namespace?.metadata?.deletionTimestamp
      if (namespace === undefined || deletedAt === undefined) return done
      const leftMs = timeMs(deletedAt) + settleMs - context.host.now()
      return leftMs > 0 ? requeueAfter(leftMs) : terminate(namespace, await namespacedContent(kinds), context)
    },
  })
}
