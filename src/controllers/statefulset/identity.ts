import type { apps, core } from '../../api/generated/types/index.ts'
import { claimName } from './claims.ts'
import { ordinalOf, podName } from './ordinals.ts'

type StatefulSet = apps.v1.StatefulSet
type Pod = core.v1.Pod

export const podNameLabel = 'statefulset.kubernetes.io/pod-name'
export const podIndexLabel = 'apps.kubernetes.io/pod-index'
export const revisionLabel = 'controller-revision-hash'

export const revisionOf = (pod: Pod): string => pod.metadata?.labels?.[revisionLabel] ?? ''

/** The volumes of the set's claims, then the template's own that have other names. */
export function volumesFor(
  set: StatefulSet,
  ordinal: number,
  own: readonly core.v1.Volume[],
): readonly core.v1.Volume[] {
  const claims = (set.spec?.volumeClaimTemplates ?? []).map((template): core.v1.Volume => {
    const name = template.metadata?.name ?? ''
    return { name, persistentVolumeClaim: { claimName: claimName(set, template, ordinal) } }
  })
  const names = new Set(claims.map(({ name }) => name))
  return [...claims, ...own.filter(({ name }) => !names.has(name))]
}

function storageMatches(set: StatefulSet, ordinal: number, pod: Pod): boolean {
  return (set.spec?.volumeClaimTemplates ?? []).every((template) => {
    const volume = pod.spec?.volumes?.find(({ name }) => name === template.metadata?.name)
    return volume?.persistentVolumeClaim?.claimName === claimName(set, template, ordinal)
  })
}

/** The pod as its place in the set wants it; undefined when it is so already. */
export function withIdentity(set: StatefulSet, pod: Pod): Pod | undefined {
  const ordinal = ordinalOf(set, pod)
  if (ordinal === undefined) return undefined
  const name = podName(set, ordinal)
  const named = pod.metadata?.labels?.[podNameLabel] === name
  const stored = storageMatches(set, ordinal, pod)
  if (named && stored) return undefined
  const labels = { ...pod.metadata?.labels, [podNameLabel]: name, [podIndexLabel]: String(ordinal) }
  const spec =
    stored || pod.spec === undefined
      ? pod.spec
      : { ...pod.spec, volumes: volumesFor(set, ordinal, pod.spec.volumes ?? []) }
  return {
    ...pod,
    metadata: { ...pod.metadata, labels },
    ...(spec === undefined ? {} : { spec }),
  }
}
