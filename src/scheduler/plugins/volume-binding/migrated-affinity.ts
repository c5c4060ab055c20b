import type { core } from '../../../api/generated/types/index.ts'
import { zoneLabels } from '../../in-tree-volumes.ts'

type Term = core.v1.NodeSelectorTerm

const [, oldZone] = zoneLabels
const [region, oldRegion] = ['topology.kubernetes.io/region', 'failure-domain.beta.kubernetes.io/region']

/** What a volume that a CSI driver has taken over asks of nodes: in the driver's label for zones what it said, or its labels say, in Kubernetes' own. */
export function migratedAffinity(
  { metadata, spec }: core.v1.PersistentVolume,
  driverZone: string,
): core.v1.VolumeNodeAffinity | undefined {
  const terms: readonly Term[] = spec?.nodeAffinity?.required?.nodeSelectorTerms ?? []
  const labels = metadata?.labels ?? {}
  const asked = new Set(terms.flatMap(({ matchExpressions = [] }) => matchExpressions.map(({ key }) => key)))
  const said = zoneLabels.find((label) => asked.has(label))
  const from = said ?? zoneLabels.find((label) => label in labels)
  if (from === undefined) return spec?.nodeAffinity
  const names = new Map([[from, driverZone], ...(from === oldZone ? [[oldRegion, region] as const] : [])])
  const renamed = terms.map(({ matchExpressions, ...term }) =>
    matchExpressions === undefined
      ? term
      : {
          ...term,
          matchExpressions: matchExpressions.map((one) => ({ ...one, key: names.get(one.key) ?? one.key })),
        },
  )
  const zones = said === undefined ? zonesIn(labels[from] ?? '') : []
  return {
    required: { nodeSelectorTerms: zones.length === 0 ? renamed : within(renamed, driverZone, zones) },
  }
}

const zonesIn = (label: string): readonly string[] =>
  [...new Set(label.split('__').map((name) => name.trim()))].filter(Boolean).sort()

function within(terms: readonly Term[], key: string, values: readonly string[]): readonly Term[] {
  const all: readonly Term[] = terms.length === 0 ? [{}] : terms
  return all.map((term) => ({
    ...term,
    matchExpressions: [...(term.matchExpressions ?? []), { key, operator: 'In', values }],
  }))
}
