import type { apps, core } from '../../api/generated/types/index.ts'

type StatefulSet = apps.v1.StatefulSet

/** A pod's number by its name, `web-3`; undefined for a name of another form, or of another set. */
export function ordinalOf(set: StatefulSet, pod: core.v1.Pod): number | undefined {
  const match = /^(.*)-(\d{1,10})$/.exec(pod.metadata?.name ?? '')
  if (match === null || match[1] !== set.metadata?.name) return undefined
  const ordinal = Number(match[2])
  return ordinal <= 2_147_483_647 ? ordinal : undefined
}

export const startOrdinal = ({ spec }: StatefulSet): number => spec?.ordinals?.start ?? 0

export const replicasOf = ({ spec }: StatefulSet): number => spec?.replicas ?? 1

/** The numbers that the set wants, ascending. */
export const wantedOrdinals = (set: StatefulSet): readonly number[] =>
  Array.from({ length: replicasOf(set) }, (_, index) => startOrdinal(set) + index)

export const isWanted = (set: StatefulSet, ordinal: number): boolean =>
  ordinal >= startOrdinal(set) && ordinal < startOrdinal(set) + replicasOf(set)

export const podName = (set: StatefulSet, ordinal: number): string => `${set.metadata?.name}-${ordinal}`
