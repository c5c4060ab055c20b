import { Pod } from '../../api/core/pod/kind.ts'
import { isPodTerminal } from '../../api/core/pod/pod-state.ts'
import type { core } from '../../api/generated/types/index.ts'
import { PodGroup } from '../../api/scheduling/pod-group/kind.ts'
import {
  type AnyController,
  defineController,
  done,
  indexing,
  type Key,
  watching,
} from '../../reconcile/controller.ts'
import { splitKey } from '../../reconcile/owner-references.ts'
import { isHeldBy, releaseUnused } from '../../reconcile/protection-finalizer.ts'

const finalizer = 'scheduling.k8s.io/podgroup-protection'

/** Pods that have not ended, by their groups. */
const groupIndex = 'active pods of a group'

function groupOf({ metadata, spec }: core.v1.Pod): readonly Key[] {
  const name = spec?.schedulingGroup?.podGroupName
  return name === undefined ? [] : [`${metadata?.namespace}/${name}`]
}

/** A group of pods stays until none of them is at work. */
export const podGroupProtectionController: AnyController = defineController({
  name: 'podgroup-protection',
  reconciles: PodGroup,
  when: (group) => group !== undefined && isHeldBy(group, finalizer),
  watches: [
    watching({
      kind: Pod,
      when: (pod, old) =>
        pod === undefined ||
        isPodTerminal(pod) ||
        (old !== undefined && old.metadata?.uid !== pod.metadata?.uid),
      keys: groupOf,
    }),
  ],
  indexers: [indexing(Pod, { [groupIndex]: (pod) => (isPodTerminal(pod) ? [] : groupOf(pod)) })],
  permissions: [{ group: 'scheduling.k8s.io', resources: ['podgroups'], verbs: ['get', 'update'] }],
  workers: 1,
  reconcile: async (key, context) => {
    const { cache } = context
    const group = cache.of(PodGroup).get(...splitKey(key))
    if (group === undefined) return done
    const isUsed = (): boolean => cache.of(Pod).countByIndex(groupIndex, key) > 0
    await releaseUnused(PodGroup, group, finalizer, isUsed, context)
    return done
  },
})
