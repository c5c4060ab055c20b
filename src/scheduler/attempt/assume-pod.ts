import type { ClusterView } from '../cluster-view.ts'
import type { PreparedCycle } from '../cycle/prepared-cycle.ts'
import type { PodInfo } from '../pod-info.ts'
import type { Nominator } from '../queue/nominator.ts'
import { reserve, unreserve } from './binding-cycle.ts'
import { type Ending, errorEnding, refusedEnding } from './ending.ts'

/** `waits`: permits that it still waits for. `refused`: what it needs cannot be reserved, and nothing is. */
export type Assumed =
  | { readonly type: 'assumed'; readonly waits: Map<string, number> }
  | { readonly type: 'refused'; readonly ending: Ending }

/** Puts the pod on the node as if it were bound, with all that it needs. After a refusal the caller takes it from the view. */
export function assumePod(
  { view, nominator }: { readonly view: ClusterView; readonly nominator: Nominator },
  info: PodInfo,
  cycle: PreparedCycle,
  node: string,
): Assumed {
  view.assume(cycle.countedOn(node), node)
  nominator.remove(info.uid)
  const waits = new Map<string, number>()
  let ending: Ending | undefined
  try {
    const refusal = reserve(cycle, node, waits)
    if (refusal !== undefined) ending = refusedEnding(refusal)
  } catch (error) {
    ending = errorEnding(error)
  }
  if (ending === undefined) return { type: 'assumed', waits }
  unreserve(cycle, node)
  return { type: 'refused', ending }
}
