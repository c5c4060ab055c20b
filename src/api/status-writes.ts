import { carryOver, type WriteContext } from '../apimachinery/define-kind.ts'
import type { KubernetesObject, ObjectMeta } from '../apimachinery/meta.ts'
import { present } from './defaulting.ts'

/** Upstream's ResetObjectMetaForStatus: of the metadata only the managed fields change. */
function withMetadataOf(next: ObjectMeta = {}, old: ObjectMeta = {}): ObjectMeta {
  const {
    deletionTimestamp: _deletionTimestamp,
    generation: _generation,
    labels: _labels,
    annotations: _annotations,
    finalizers: _finalizers,
    ownerReferences: _ownerReferences,
    ...rest
  } = next
  const { deletionTimestamp, generation, labels, annotations, finalizers, ownerReferences } = old
  const kept = { deletionTimestamp, generation, labels, annotations, finalizers, ownerReferences }
  return { ...rest, ...present<Partial<ObjectMeta>>(kept) }
}

/** As carryOver, for kinds whose `/status` takes no metadata. */
export function carryOverMetadata<T extends KubernetesObject>(object: T, old: T, context: WriteContext): T {
  const kept = carryOver(object, old, context)
  if (context.subresource !== 'status') return kept
  return { ...kept, metadata: withMetadataOf(kept.metadata, old.metadata) }
}
