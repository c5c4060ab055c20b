import type { core } from '../../../api/generated/types/index.ts'

type Pod = core.v1.Pod

interface Imaged {
  readonly name: string
  readonly image?: string
}

const imagesDiffer = (now: readonly Imaged[] = [], before: readonly Imaged[] = []): boolean =>
  now.length !== before.length || now.some(({ image }, at) => image !== before[at]?.image)

/** Whether an update changes what may run; the rest of a pod that a level looks at cannot change. */
export function isSignificantUpdate({ spec }: Pod, { spec: old }: Pod): boolean {
  if (imagesDiffer(spec?.containers, old?.containers)) return true
  if (imagesDiffer(spec?.initContainers, old?.initContainers)) return true
  const before = old?.ephemeralContainers ?? []
  return (spec?.ephemeralContainers ?? []).some((container) => {
    const same = before.find(({ name }) => name === container.name)
    return same === undefined || same.image !== container.image
  })
}
