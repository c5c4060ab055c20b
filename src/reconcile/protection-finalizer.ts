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

/** Adds the finalizer where it is missing, and takes it away from what is to go and nobody uses. */
export async function protect<T extends KubernetesObject>(
  kind: KindDeclaration<T>,
  object: T,
  finalizer: string,
  isUsed: () => boolean | Promise<boolean>,
  { api }: ReconcileContext,
): Promise<void> {
  const write = async (finalizers: readonly string[]): Promise<void> => {
    await api.resource(kind).update({ ...object, metadata: { ...object.metadata, finalizers } })
  }
  if (lacks(object, finalizer)) await write([...finalizersOf(object), finalizer])
  else if (isHeldBy(object, finalizer) && !(await isUsed()))
    await write(finalizersOf(object).filter((each) => each !== finalizer))
}
