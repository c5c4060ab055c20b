import type { Host } from '../../base/host.ts'
import { messageOf } from '../../base/message-of.ts'
import type { PreparedCycle } from '../cycle/prepared-cycle.ts'
import type { Diagnosis } from '../cycle/schedule-pod.ts'
import type { NodeInfo } from '../node-info.ts'
import type { StatusLabel } from '../plugin-timing.ts'

/** What PostFilter plugins have come to. */
export interface PostFilterOutcome {
  /** '' where a node was found. */
  readonly message: string
  /** Where room is made; '' takes an earlier nomination back; undefined leaves it. */
  readonly nomination: string | undefined
}

/** Asks PostFilter plugins, who may look at `nodes`, one after another, until one has found a node. A plugin's error is its message. */
export async function runPostFilter(
  cycle: PreparedCycle,
  diagnosis: Diagnosis,
  nodes: readonly NodeInfo[],
  host: Host,
): Promise<PostFilterOutcome> {
  const statusOf = ({ nomination }: PostFilterOutcome): StatusLabel =>
    nomination ? 'Success' : 'Unschedulable'
  return cycle.timer.pointAsync('PostFilter', () => askPlugins(cycle, diagnosis, nodes, host), statusOf)
}

async function askPlugins(
  cycle: PreparedCycle,
  { refusals }: Diagnosis,
  nodes: readonly NodeInfo[],
  host: Host,
): Promise<PostFilterOutcome> {
  const messages: string[] = []
  let nomination: string | undefined
  for (const plugin of cycle.profile.at.postFilter) {
    try {
      const ask = cycle.timer.aroundAsync(plugin.name, 'PostFilter', async () =>
        plugin.postFilter?.({
          ...{ pod: cycle.pod, nodes },
          refusalOf: (node) => refusals.get(node),
          check: (node) => cycle.check(node),
          suppose: cycle,
          breathe: () => host.nextTurn(),
        }),
      )
      const result = await ask()
      if (result?.type === 'nominate') return { message: '', nomination: result.node }
      if (result === undefined) continue
      if (result.message !== '') messages.push(result.message)
      if (result.forget) nomination = ''
    } catch (error) {
      return { message: messageOf(error), nomination: undefined }
    }
  }
  return { message: messages.join(', '), nomination }
}
