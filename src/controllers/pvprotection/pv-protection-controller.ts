import { PersistentVolume } from '../../api/core/persistent-volume/kind.ts'
import { type AnyController, defineController, done } from '../../reconcile/controller.ts'
import { isHeldBy, lacks, protect } from '../../reconcile/protection-finalizer.ts'

const finalizer = 'kubernetes.io/pv-protection'

/** A volume that is bound to a claim stays until it is not. */
export const pvProtectionController: AnyController = defineController({
  name: 'persistentvolume-protection',
  reconciles: PersistentVolume,
  when: (volume) => volume !== undefined && (isHeldBy(volume, finalizer) || lacks(volume, finalizer)),
  permissions: [{ group: '', resources: ['persistentvolumes'], verbs: ['get', 'update'] }],
  workers: 1,
  reconcile: async (name, context) => {
    const volume = context.cache.of(PersistentVolume).get('', name)
    if (volume === undefined) return done
    await protect(PersistentVolume, volume, finalizer, () => volume.status?.phase === 'Bound', context)
    return done
  },
})
