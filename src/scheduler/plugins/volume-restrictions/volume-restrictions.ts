import { Node } from '../../../api/core/node/kind.ts'
import { PersistentVolumeClaim } from '../../../api/core/persistent-volume-claim/kind.ts'
import { Pod } from '../../../api/core/pod/kind.ts'
import type { core } from '../../../api/generated/types/index.ts'
import { actions, onEvent } from '../../cluster-event.ts'
import type { Plugin, PluginContext, Rejection } from '../../framework.ts'
import { notFoundRejection } from '../../not-found.ts'
import { mayConflict, podsConflict } from './volume-conflict.ts'

const diskTaken: Rejection = { resolvable: true, reasons: ['node(s) had no available disk'] }
const claimTaken: Rejection = {
  resolvable: true,
  reasons: [
    'node(s) unavailable due to PersistentVolumeClaim with ReadWriteOncePod access mode already in-use by another pod',
  ],
}

const named = (pod: core.v1.Pod): readonly string[] =>
  (pod.spec?.volumes ?? []).flatMap(({ persistentVolumeClaim: claim }) => (claim ? [claim.claimName] : []))

const conflicting = (pod: core.v1.Pod): readonly core.v1.Volume[] =>
  (pod.spec?.volumes ?? []).filter(mayConflict)

/** Volumes and claims that one pod at a time can use. */
export function volumeRestrictions({ nodes, informers }: PluginContext): Plugin {
  const claims = informers.informer(PersistentVolumeClaim).lister
  return {
    name: 'VolumeRestrictions',
    preFilter: ({ pod }) => {
      const namespace = pod.metadata?.namespace ?? ''
      const single: string[] = []
      for (const name of named(pod)) {
        const claim = claims.get(namespace, name)
        if (claim === undefined)
          return { type: 'reject', rejection: notFoundRejection('persistentvolumeclaim', name) }
        if (claim.spec?.accessModes?.includes('ReadWriteOncePod')) single.push(`${namespace}/${name}`)
      }
      const isTaken = (): boolean => single.some((key) => nodes.claims.has(key))
      const volumes = conflicting(pod)
      if (volumes.length === 0 && !isTaken()) return { type: 'skip' }
      return {
        type: 'filter',
        filter: ({ pods }) => {
          if (volumes.length > 0)
            for (const other of pods.values()) if (podsConflict(volumes, other.pod)) return diskTaken
          return isTaken() ? claimTaken : undefined
        },
      }
    },
    events: [
      onEvent(Pod, actions.delete, ({ pod }, _now, old) => {
        if (old === undefined || old.metadata?.namespace !== pod.metadata?.namespace) return false
        const own = named(pod)
        return podsConflict(conflicting(pod), old) || named(old).some((name) => own.includes(name))
      }),
      onEvent(Node, actions.add),
      onEvent(
        PersistentVolumeClaim,
        actions.add,
        ({ pod }, claim) =>
          claim?.metadata?.namespace === pod.metadata?.namespace &&
          named(pod).includes(claim?.metadata?.name ?? ''),
      ),
    ],
  }
}
