import { Pod } from '../../api/core/pod/kind.ts'
import type { core, policy } from '../../api/generated/types/index.ts'
import { Eviction } from '../../api/policy/eviction/kind.ts'
import { isStatus, StatusError } from '../../apimachinery/status-error.ts'
import type { Host } from '../../base/host.ts'
import { sleep } from '../../base/sleep.ts'
import type { Client } from '../../client/client.ts'
import { controllerOf } from '../../reconcile/owner-references.ts'
import type { Move } from './plan-moves.ts'

/** What became of a move. */
export type MoveOutcome =
  /** Its replacement is there: where the scheduler has put it. */
  | { readonly type: 'moved'; readonly move: Move; readonly node: string }
  /** Evicted, but no replacement had a node in time. */
  | { readonly type: 'unplaced'; readonly move: Move }
  /** A disruption budget does not allow it now, in the server's words. */
  | { readonly type: 'refused'; readonly move: Move; readonly message: string }
  /** It has gone, or is another by now. */
  | { readonly type: 'gone'; readonly move: Move }

export interface EvictOptions {
  readonly client: Client
  readonly host: Host
  readonly signal?: AbortSignal
  /** How long a replacement may take to have a node, once the pod is evicted: 60 s by default. */
  readonly placedWithinMs?: number
}

const lookMs = 500

async function siblings(
  client: Client,
  { metadata }: core.v1.Pod,
  owner: string,
): Promise<readonly core.v1.Pod[]> {
  const { items } = await client.resource(Pod).list({ namespace: metadata?.namespace ?? '' })
  return items.filter((pod) => controllerOf(pod)?.uid === owner)
}

async function evictOne(move: Move, options: EvictOptions): Promise<MoveOutcome> {
  const { client, host, signal, placedWithinMs = 60_000 } = options
  const { name = '', namespace = '', uid = '' } = move.pod.metadata ?? {}
  const owner = controllerOf(move.pod)?.uid ?? ''
  const known = new Set((await siblings(client, move.pod, owner)).map(({ metadata }) => metadata?.uid))
  try {
    const eviction: policy.v1.Eviction = {
      apiVersion: `${Eviction.group}/${Eviction.version}`,
      kind: Eviction.kind,
      metadata: { name, namespace },
      deleteOptions: { preconditions: { uid } },
    }
    await client.resource(Pod).createSubresource(namespace, name, 'eviction', eviction)
  } catch (error) {
    if (error instanceof StatusError && isStatus(error, 'TooManyRequests'))
      return { type: 'refused', move, message: error.message }
    if (isStatus(error, 'NotFound', 'Conflict')) return { type: 'gone', move }
    throw error
  }
  const endMs = host.monotonicMs() + placedWithinMs
  while (host.monotonicMs() < endMs) {
    await sleep(host, lookMs, signal)
    const found = (await siblings(client, move.pod, owner)).find(
      ({ metadata, spec }) => !known.has(metadata?.uid) && spec?.nodeName,
    )
    if (found !== undefined) return { type: 'moved', move, node: found.spec?.nodeName ?? '' }
  }
  return { type: 'unplaced', move }
}

/** Evicts one pod after another, each when the one before has its new place. */
export async function* evictMoves(
  moves: readonly Move[],
  options: EvictOptions,
): AsyncGenerator<MoveOutcome> {
  for (const move of moves) {
    options.signal?.throwIfAborted()
    yield await evictOne(move, options)
  }
}
