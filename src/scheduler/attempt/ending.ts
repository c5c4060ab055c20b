import { messageOf } from '../../base/message-of.ts'
import { fitErrorText } from '../cycle/fit-error.ts'
import type { Diagnosis } from '../cycle/schedule-pod.ts'
import type { Refusal } from '../framework.ts'
import type { RefusedBy } from '../queue/scheduling-queue.ts'
import type { Failure } from './failure-writer.ts'
import type { PostFilterOutcome } from './post-filter.ts'

/** What ends an attempt without a node. `nomination`: of the pod from now on; undefined leaves it. */
export interface Ending {
  readonly failure: Failure
  readonly refusedBy: RefusedBy
  readonly nomination: string | undefined
}

const nobody: RefusedBy = { unschedulable: new Set(), pending: new Set() }

export function errorEnding(error: unknown): Ending {
  const message = messageOf(error)
  return { failure: { reason: 'SchedulerError', message }, refusedBy: nobody, nomination: '' }
}

/** It would have a place, but its group has not: nobody has refused it. */
export const groupEnding = (message: string, nomination: string): Ending => ({
  failure: { reason: 'Unschedulable', message },
  refusedBy: nobody,
  nomination,
})

/** Reserve or Permit has refused the one node. */
export function refusedEnding({ plugin, rejection }: Refusal): Ending {
  const reasons = new Map(rejection.reasons.map((reason) => [reason, 1]))
  const plugins = new Set([plugin])
  return {
    failure: { reason: 'Unschedulable', message: fitErrorText({ nodes: 1, reasons }) },
    refusedBy: { unschedulable: plugins, pending: rejection.pending ? plugins : new Set() },
    nomination: '',
  }
}

/** No node of `nodes` would do. */
export function unschedulableEnding(
  nodes: number,
  diagnosis: Diagnosis,
  { message: postFilter, nomination }: PostFilterOutcome,
): Ending {
  const { noNodes, preFilter, refusals } = diagnosis
  const message = noNodes
    ? 'no nodes available to schedule pods'
    : fitErrorText({ nodes, preFilter, reasons: refusals.reasons(nodes), postFilter })
  const refusedBy = { unschedulable: diagnosis.unschedulablePlugins, pending: diagnosis.pendingPlugins }
  return { failure: { reason: 'Unschedulable', message }, refusedBy, nomination }
}
