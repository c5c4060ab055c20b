import { toleratesTaint } from '../../api/core/pod/tolerations.ts'
import type { core } from '../../api/generated/types/index.ts'

export const noExecuteTaints = (node: core.v1.Node | undefined): readonly core.v1.Taint[] =>
  (node?.spec?.taints ?? []).filter(({ effect }) => effect === 'NoExecute')

/** For how many seconds the pod tolerates all of the taints; undefined for ever. */
export function toleratedSeconds(
  tolerations: readonly core.v1.Toleration[] | undefined,
  taints: readonly core.v1.Taint[],
): number | undefined {
  let least: number | undefined
  for (const taint of taints) {
    const toleration = tolerations?.find((candidate) => toleratesTaint(candidate, taint))
    if (toleration === undefined) return 0
    if (toleration.tolerationSeconds === undefined) continue
    const seconds = Math.max(0, toleration.tolerationSeconds)
    least = Math.min(least ?? seconds, seconds)
  }
  return least
}
