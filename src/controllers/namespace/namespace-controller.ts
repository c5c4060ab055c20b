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
import { contentConditions } from './content-conditions.ts'
import { deleteContent, deletedNamespace } from './delete-content.ts'

export interface NamespaceControllerOptions {
  /** Every kind that is served. */
  readonly kinds: Pick<KindSource, 'list'>
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

/** Deletable kinds of namespaced objects, each stored resource in one version. */
function deletableKinds(kinds: readonly AnyKind[]): readonly AnyKind[] {
  const chosen = new Map<string, AnyKind>()
  for (const kind of kinds) {
    const id = `${kind.group}/${kind.resource}`
    if (!kind.namespaced || !kind.verbs.includes('delete') || chosen.has(id)) continue
    chosen.set(id, kind)
  }
  return [...chosen.values()]
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
  kinds: readonly AnyKind[],
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
    deletableKinds(kinds),
    deletedNamespace(namespace, host.now()),
  )
  const conditions = contentConditions(namespace.status?.conditions, remains, host.now())
  const latest = jsonEqual(namespace.status?.conditions, conditions)
    ? namespace
    : await namespaces.updateStatus({ ...namespace, status: { ...namespace.status, conditions } })
  if (remains.errors.length > 0) throw new Error(remains.errors.join(', '))
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
    spacingMs,
    reconcile: async (key: Key, context) => {
      const namespace = await liveNamespace(key, context)
      const deletedAt = namespace?.metadata?.deletionTimestamp
      if (namespace === undefined || deletedAt === undefined) return done
      const leftMs = timeMs(deletedAt) + settleMs - context.host.now()
      return leftMs > 0 ? requeueAfter(leftMs) : terminate(namespace, kinds.list(), context)
    },
  })
}
