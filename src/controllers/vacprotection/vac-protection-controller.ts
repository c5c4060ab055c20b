import { PersistentVolume } from '../../api/core/persistent-volume/kind.ts'
import { attributeClassesOf } from '../../api/core/persistent-volume-claim/attribute-classes.ts'
import { PersistentVolumeClaim } from '../../api/core/persistent-volume-claim/kind.ts'
import type { core } from '../../api/generated/types/index.ts'
import { VolumeAttributesClass } from '../../api/storage/volume-attributes-class/kind.ts'
import { type AnyController, defineController, done, indexing, watching } from '../../reconcile/controller.ts'
import { isHeldBy, lacks, protect } from '../../reconcile/protection-finalizer.ts'

const finalizer = 'kubernetes.io/vac-protection'
const classIndex = 'volume attributes class'

const classesOfVolume = ({ spec }: core.v1.PersistentVolume): readonly string[] =>
  spec?.volumeAttributesClassName ? [spec.volumeAttributesClassName] : []

/** A class that a volume or a claim names stays until none does. */
export const vacProtectionController: AnyController = defineController({
  name: 'volumeattributesclass-protection',
  reconciles: VolumeAttributesClass,
  when: (held) => held !== undefined && (isHeldBy(held, finalizer) || lacks(held, finalizer)),
  watches: [
    watching({ kind: PersistentVolume, when: (_, old) => old !== undefined, keys: classesOfVolume }),
    watching({ kind: PersistentVolumeClaim, when: (_, old) => old !== undefined, keys: attributeClassesOf }),
  ],
  indexers: [
    indexing(PersistentVolume, { [classIndex]: classesOfVolume }),
    indexing(PersistentVolumeClaim, { [classIndex]: attributeClassesOf }),
  ],
  permissions: [
    { group: 'storage.k8s.io', resources: ['volumeattributesclasses'], verbs: ['get', 'update'] },
  ],
  workers: 1,
  reconcile: async (name, context) => {
    const { cache } = context
    const held = cache.of(VolumeAttributesClass).get('', name)
    if (held === undefined) return done
    const isUsed = (): boolean =>
      cache.of(PersistentVolume).countByIndex(classIndex, name) > 0 ||
      cache.of(PersistentVolumeClaim).countByIndex(classIndex, name) > 0
    await protect(VolumeAttributesClass, held, finalizer, isUsed, context)
    return done
  },
})
