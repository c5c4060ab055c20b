import type { KindDeclaration } from '../apimachinery/define-kind.ts'
import type { KubernetesObject } from '../apimachinery/meta.ts'
import type { ReconcileContext } from './controller.ts'

const finalizersOf = ({ metadata }: KubernetesObject): readonly string[] => metadata?.finalizers ?? []

/** Whether it is to go, and waits for this finalizer. */
export const isHeldBy = (object: KubernetesObject, finalizer: string): boolean =>
  object.metadata?.deletionTimestamp !== undefined && finalizersOf(object).includes(finalizer)

/** Whether it is from before admission gave every new object the finalizer. */
export const lacks = (object: KubernetesObject, finalizer: string): boolean =>
  object.metadata?.deletionTimestamp === undefined && !finalizersOf(object).includes(finalizer)

const write = async <T extends KubernetesObject>(
  kind: KindDeclaration<T>,
  object: T,
  finalizers: readonly string[],
  { api }: ReconcileContext,
): Promise<void> => {
  await api.resource(kind).update({ ...object, metadata: { ...object.metadata, finalizers } })
}

/** Takes the finalizer away from what is to go and nobody uses. */
export async function releaseUnused<T extends KubernetesObject>(
  kind: KindDeclaration<T>,
  object: T,
  finalizer: string,
  isUsed: () => boolean | Promise<boolean>,
  context: ReconcileContext,
): Promise<void> {
  if (!isHeldBy(object, finalizer) || (await isUsed())) return
  const left = finalizersOf(object).filter((each) => each !== finalizer)
  await write(kind, object, left, context)
}

/** The same, and adds the finalizer where it is missing. */
export async function protect<T extends KubernetesObject>(
  kind: KindDeclaration<T>,
  object: T,
  finalizer: string,
  isUsed: () => boolean | Promise<boolean>,
  context: ReconcileContext,
): Promise<void> {
  if (lacks(object, finalizer)) await write(kind, object, [...finalizersOf(object), finalizer], context)
  else await releaseUnused(kind, object, finalizer, isUsed, context)
}
