import type { Host } from '../base/host.ts'
import type { PreparedCycle } from './cycle/prepared-cycle.ts'
import type { Diagnosis } from './cycle/schedule-pod.ts'

/** What PostFilter plugins have come to. */
export interface PostFilterOutcome {
  /** '' where a node was found. */
  readonly message: string
  /** Where room is made; '' takes an earlier nomination back; undefined leaves it. */
  readonly nomination: string | undefined
}

/** Asks PostFilter plugins one after another, until one has found a node. A plugin's error is its message. */
export async function runPostFilter(
  cycle: PreparedCycle,
  { refusals }: Diagnosis,
  host: Host,
): Promise<PostFilterOutcome> {
  const messages: string[] = []
  let nomination: string | undefined
  for (const plugin of cycle.profile.at.postFilter) {
    try {
      const result = await plugin.postFilter?.({
        pod: cycle.pod,
        refusalOf: (node) => refusals.get(node),
        check: (node) => cycle.check(node),
        suppose: cycle,
        breathe: () => host.nextTurn(),
      })
      if (result?.type === 'nominate') return { message: '', nomination: result.node }
      if (result === undefined) continue
      if (result.message !== '') messages.push(result.message)
      if (result.forget) nomination = ''
    } catch (error) {
      return { message: error instanceof Error ? error.message : String(error), nomination: undefined }
    }
  }
  return { message: messages.join(', '), nomination }
}
