import fc from 'fast-check'
import { expect, test } from 'vitest'
import { PersistentVolume } from '../../../api/core/persistent-volume/kind.ts'
import { PersistentVolumeClaim } from '../../../api/core/persistent-volume-claim/kind.ts'
import { StorageClass } from '../../../api/storage/storage-class/kind.ts'
import { NodeTable } from '../../node-table.ts'
import { makePodInfo } from '../../pod-info.ts'
import { FixedInformers } from '../../testing/fixed-informers.ts'
import { pluginContext } from '../../testing/plugin-context.ts'
import { volumeZone } from './volume-zone.ts'

const [zone, region] = ['topology.kubernetes.io/zone', 'topology.kubernetes.io/region']
const [oldZone, oldRegion] = [
  'failure-domain.beta.kubernetes.io/zone',
  'failure-domain.beta.kubernetes.io/region',
]
const keys = [zone, region, oldZone, oldRegion]

const labelsOf = (values: fc.Arbitrary<string>) =>
  fc.dictionary(fc.constantFrom(...keys, 'other'), values, { maxKeys: 3 })

const world = fc.record({
  nodes: fc.array(labelsOf(fc.constantFrom('a', 'b', 'c')), { minLength: 1, maxLength: 5 }),
  /** Each with a claim that is bound to it. */
  volumes: fc.array(labelsOf(fc.constantFrom('a', 'b', 'a__b', 'b__ c', 'a__', '')), { maxLength: 3 }),
  /** One more, that is not bound yet. */
  unbound: fc.constantFrom(undefined, 'WaitForFirstConsumer', 'Immediate'),
})

/** The twin: whether one label of a volume lets it be reached from the node. */
function reaches(key: string, value: string, node: Readonly<Record<string, string>>): boolean {
  const zones = value.split('__').map((each) => each.trim())
  if (zones.includes('')) return true
  const today = key === oldZone ? zone : key === oldRegion ? region : key
  const there = node[key] ?? node[today]
  return there !== undefined && zones.includes(there)
}

test('volumeZone() admits the nodes from which each label of each volume lets it be reached', () => {
  fc.assert(
    fc.property(world, ({ nodes, volumes, unbound }) => {
      const informers = new FixedInformers()
      const table = new NodeTable()
      for (const [index, labels] of nodes.entries())
        table.setNode({ metadata: { name: `n${index}`, labels } })
      for (const [index, labels] of volumes.entries()) {
        informers.set(PersistentVolume, { metadata: { name: `v${index}`, labels }, spec: {} })
        const metadata = { name: `c${index}`, namespace: 'd' }
        informers.set(PersistentVolumeClaim, { metadata, spec: { volumeName: `v${index}` } })
      }
      const names = volumes.map((_labels, index) => `c${index}`)
      if (unbound !== undefined) {
        names.push('new')
        informers.set(StorageClass, { metadata: { name: 's' }, provisioner: 'p', volumeBindingMode: unbound })
        const metadata = { name: 'new', namespace: 'd' }
        informers.set(PersistentVolumeClaim, { metadata, spec: { storageClassName: 's' } })
      }
      const result = volumeZone(pluginContext({ informers, table })).preFilter?.(
        makePodInfo({
          metadata: { name: 'p', uid: 'p', namespace: 'd' },
          spec: {
            containers: [],
            volumes: names.map((claimName) => ({ name: claimName, persistentVolumeClaim: { claimName } })),
          },
        }),
      )
      if (unbound === 'Immediate') {
        const rejection = { resolvable: false, reasons: ['PersistentVolume had no name'] }
        expect(result).toEqual({ type: 'reject', rejection })
        return
      }
      for (const [index, labels] of nodes.entries()) {
        const isSpread = keys.some((key) => labels[key] !== undefined)
        const admits =
          !isSpread ||
          volumes.every((volume) =>
            Object.entries(volume).every(
              ([key, value]) => !keys.includes(key) || reaches(key, value, labels),
            ),
          )
        const info = table.get(`n${index}`)
        const refusal = result?.type === 'filter' && info !== undefined ? result.filter(info) : undefined
        expect({ index, admits: refusal === undefined }).toEqual({ index, admits })
      }
    }),
    { numRuns: 300 },
  )
})
