import { Pod } from '../../../api/core/pod/kind.ts'
import type { core } from '../../../api/generated/types/index.ts'
import { PodGroup } from '../../../api/scheduling/pod-group/kind.ts'
import { actions, ClusterEvent, onEvent } from '../../cluster-event.ts'
import type { Plugin, PluginContext, Rejection } from '../../framework.ts'
import { notFoundText } from '../../not-found.ts'
import { GangMembers, groupKey } from './gang-members.ts'

/** How long a member is held on its node for the others. */
const permitMs = 5 * 60_000
const tooFew: Rejection = {
  resolvable: false,
  reasons: ['waiting for minCount pods from a gang to appear in scheduling queue'],
}

/** Members of a gang are bound together or not at all. */
export function gangScheduling({ informers, features, requeue, activate, waiting }: PluginContext): Plugin {
  const groups = informers.informer(PodGroup).lister
  const members = new GangMembers(informers, (object) =>
    requeue(new ClusterEvent({ kind: Pod, action: actions.add, object })),
  )
  const groupOf = ({ metadata, spec }: core.v1.Pod) =>
    groups.get(metadata?.namespace ?? '', spec?.schedulingGroup?.podGroupName ?? '')

  return {
    name: 'GangScheduling',
    preEnqueue: ({ pod }) => {
      const key = groupKey(pod)
      if (key === undefined) return undefined
      const group = groupOf(pod)
      if (group === undefined) {
        const name = JSON.stringify(pod.spec?.schedulingGroup?.podGroupName)
        return {
          resolvable: false,
          reasons: [`waiting for pods's pod group ${name} to appear in scheduling queue`],
        }
      }
      const { gang } = group.spec.schedulingPolicy
      return gang !== undefined && members.count(key) < gang.minCount ? tooFew : undefined
    },
    reserve: ({ pod, uid }) => {
      if (groupKey(pod) !== undefined) members.assume(uid)
      return undefined
    },
    unreserve: ({ uid }) => members.forget(uid),
    permit: ({ pod }) => {
      const key = groupKey(pod)
      if (key === undefined) return undefined
      const group = groupOf(pod)
      if (group === undefined) {
        const name = pod.spec?.schedulingGroup?.podGroupName ?? ''
        throw new Error(`failed to get podGroup ${key}: ${notFoundText('podgroup.scheduling.k8s.io', name)}`)
      }
      const { gang } = group.spec.schedulingPolicy
      if (gang === undefined) return undefined
      const placed = members.uids(key, true)
      if (placed.length < gang.minCount) {
        // Where groups are tried in one go, all of them are on their way already.
        if (!features.enabled('GenericWorkload')) activate(members.uids(key, false))
        return { waitMs: permitMs }
      }
      for (const uid of placed) waiting.get(uid)?.allow('GangScheduling')
      return undefined
    },
    events: [
      onEvent(Pod, actions.add, ({ pod }, added) => {
        const key = groupKey(pod)
        return key !== undefined && added !== undefined && groupKey(added) === key
      }),
      onEvent(
        PodGroup,
        actions.add,
        ({ pod }, group) =>
          groupKey(pod) === `${group?.metadata?.namespace ?? ''}/${group?.metadata?.name ?? ''}`,
      ),
    ],
  }
}
