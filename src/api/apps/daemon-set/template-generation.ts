import { carryOver, type WriteContext } from '../../../apimachinery/define-kind.ts'
import type { ObjectMeta } from '../../../apimachinery/meta.ts'
import { semanticallyEqual } from '../../../apimachinery/semantically-equal.ts'
import type { apps } from '../../generated/types/index.ts'

type DaemonSet = apps.v1.DaemonSet

/** How often the template has changed; clients of old still look at it. */
const annotation = 'deprecated.daemonset.template.generation'

const generationOf = ({ metadata }: DaemonSet): number =>
  Number(metadata?.annotations?.[annotation] ?? 0) || 0

/** Undefined where the server has not counted. */
export const templateGeneration = ({ metadata }: DaemonSet): string | undefined =>
  metadata?.annotations?.[annotation]

function withGeneration(daemonSet: DaemonSet, generation: number): DaemonSet {
  if (daemonSet.metadata?.annotations?.[annotation] === String(generation)) return daemonSet
  const annotations = { ...daemonSet.metadata?.annotations, [annotation]: String(generation) }
  return { ...daemonSet, metadata: { ...daemonSet.metadata, annotations } }
}

/** Upstream's own type has the generation as a field, so that views of its metadata do not show the annotation. */
export function withoutGeneration(metadata: ObjectMeta): ObjectMeta {
  const { annotations: { [annotation]: generation, ...annotations } = {}, ...rest } = metadata
  if (generation === undefined) return metadata
  return Object.keys(annotations).length === 0 ? rest : { ...rest, annotations }
}

/** Upstream's type always has a number: who writes a DaemonSet comes to own the annotation. */
export const withSomeGeneration = (daemonSet: DaemonSet): DaemonSet =>
  daemonSet.metadata?.annotations?.[annotation] === undefined
    ? {
        ...daemonSet,
        metadata: {
          ...daemonSet.metadata,
          annotations: { ...daemonSet.metadata?.annotations, [annotation]: '0' },
        },
      }
    : daemonSet

export const withFirstGeneration = (daemonSet: DaemonSet): DaemonSet =>
  withGeneration(daemonSet, Math.max(generationOf(daemonSet), 1))

export function prepareForUpdate(daemonSet: DaemonSet, old: DaemonSet, context: WriteContext): DaemonSet {
  const kept = carryOver(daemonSet, old, context)
  const changed = !semanticallyEqual(kept.spec?.template, old.spec?.template)
  return withGeneration(kept, generationOf(old) + (changed ? 1 : 0))
}
