import { expect, test } from 'vitest'
import type { core } from '../../../api/generated/types/index.ts'
import { migratedAffinity } from './migrated-affinity.ts'

const driverZone = 'topology.gke.io/zone'
const [zone, oldZone] = ['topology.kubernetes.io/zone', 'failure-domain.beta.kubernetes.io/zone']
const oldRegion = 'failure-domain.beta.kubernetes.io/region'

const volume = (
  labels: Record<string, string>,
  ...terms: readonly Record<string, readonly string[]>[]
): core.v1.PersistentVolume => ({
  metadata: { labels },
  spec: {
    ...(terms.length === 0
      ? {}
      : {
          nodeAffinity: {
            required: {
              nodeSelectorTerms: terms.map((term) => ({
                matchExpressions: Object.entries(term).map(([key, values]) => ({
                  key,
                  operator: 'In',
                  values,
                })),
              })),
            },
          },
        }),
  },
})

const shown = (asked: core.v1.VolumeNodeAffinity | undefined): unknown =>
  asked?.required?.nodeSelectorTerms.map(({ matchExpressions = [] }) =>
    Object.fromEntries(matchExpressions.map(({ key, values }) => [key, values])),
  )

test.each<[string, core.v1.PersistentVolume, unknown]>([
  ['a zone that it names', volume({}, { [zone]: ['a'], x: ['1'] }), [{ [driverZone]: ['a'], x: ['1'] }]],
  [
    'the old labels of zone and region',
    volume({}, { [oldZone]: ['a'], [oldRegion]: ['r'] }),
    [{ [driverZone]: ['a'], 'topology.kubernetes.io/region': ['r'] }],
  ],
  ['the zones of its label', volume({ [zone]: 'b__a' }), [{ [driverZone]: ['a', 'b'] }]],
  [
    'its label beside what it names',
    volume({ [oldZone]: 'a' }, { x: ['1'] }, { y: ['2'] }),
    [
      { x: ['1'], [driverZone]: ['a'] },
      { y: ['2'], [driverZone]: ['a'] },
    ],
  ],
  ['nothing where it says nothing of zones', volume({}), undefined],
])('migratedAffinity() asks for %s', (_name, given, expected) => {
  expect(shown(migratedAffinity(given, driverZone))).toEqual(expected)
})
