import type { KubernetesObject } from '../../apimachinery/meta.ts'

/** The object with the finalizer among its own. */
export function withFinalizer(object: KubernetesObject, finalizer: string): KubernetesObject {
  const present = object.metadata?.finalizers ?? []
  if (present.includes(finalizer)) return object
  return { ...object, metadata: { ...object.metadata, finalizers: [...present, finalizer] } }
}
