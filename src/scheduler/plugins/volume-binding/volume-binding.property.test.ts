import fc from 'fast-check'
import { expect, test } from 'vitest'
import { PersistentVolume } from '../../../api/core/persistent-volume/kind.ts'
import { PersistentVolumeClaim } from '../../../api/core/persistent-volume-claim/kind.ts'
import type { core } from '../../../api/generated/types/index.ts'
import { StorageClass } from '../../../api/storage/storage-class/kind.ts'
import { NodeTable } from '../../node-table.ts'
import { makePodInfo } from '../../pod-info.ts'
import { FixedInformers } from '../../testing/fixed-informers.ts'
import { pluginContext } from '../../testing/plugin-context.ts'
import { volumeBinding } from './volume-binding.ts'

interface GivenVolume {
  readonly gibibytes: number
  /** Where it can be used; undefined: everywhere. */
  readonly zone: string | undefined
}

interface GivenClaim {
  readonly gibibytes: number
  /** Of the volumes; undefined: it waits for its pod. */
  readonly boundTo: number | undefined
}

const zone = fc.constantFrom('a', 'b')
const world = fc.record({
  volumes: fc.array(
    fc.record({ gibibytes: fc.integer({ min: 1, max: 3 }), zone: fc.option(zone, { nil: undefined }) }),
    { maxLength: 5 },
  ),
  claims: fc.array(
    fc.record({
      gibibytes: fc.integer({ min: 1, max: 3 }),
      // One beyond the last is a volume that is gone.
      boundTo: fc.option(fc.integer({ min: 0, max: 5 }), { nil: undefined }),
    }),
    { minLength: 1, maxLength: 3 },
  ),
})

type Given = typeof world extends fc.Arbitrary<infer T> ? T : never

const requires = (value: string): core.v1.VolumeNodeAffinity => ({
  required: { nodeSelectorTerms: [{ matchExpressions: [{ key: 'zone', operator: 'In', values: [value] }] }] },
})

const volumeOf = ({ gibibytes, zone: where }: GivenVolume, index: number): core.v1.PersistentVolume => ({
  metadata: { name: `v${index}`, resourceVersion: '1' },
  spec: {
    storageClassName: 'late',
    capacity: { storage: `${gibibytes}Gi` },
    ...(where === undefined ? {} : { nodeAffinity: requires(where) }),
  },
  status: { phase: 'Available' },
})

const claimOf = ({ gibibytes, boundTo }: GivenClaim, index: number): core.v1.PersistentVolumeClaim => ({
  metadata: {
    ...{ name: `c${index}`, namespace: 'd', uid: `c${index}`, resourceVersion: '1' },
    annotations: boundTo === undefined ? {} : { 'pv.kubernetes.io/bind-completed': 'yes' },
  },
  spec: {
    storageClassName: 'late',
    resources: { requests: { storage: `${gibibytes}Gi` } },
    ...(boundTo === undefined ? {} : { volumeName: `v${boundTo}` }),
  },
  status: { phase: boundTo === undefined ? 'Pending' : 'Bound' },
})

/** Whether the plain way finds volumes there: bound ones by name, for the others the smallest that is left. */
function canRun({ volumes, claims }: Given, here: string): boolean {
  const reaches = (volume: GivenVolume | undefined): boolean =>
    volume !== undefined && (volume.zone === undefined || volume.zone === here)
  if (claims.some(({ boundTo }) => boundTo !== undefined && !reaches(volumes[boundTo]))) return false
  const free = volumes
    .filter((volume, index) => reaches(volume) && !claims.some(({ boundTo }) => boundTo === index))
    .sort((one, other) => one.gibibytes - other.gibibytes)
  const waiting = claims.filter(({ boundTo }) => boundTo === undefined).map(({ gibibytes }) => gibibytes)
  return waiting
    .sort((one, other) => one - other)
    .every((wanted) => {
      const place = free.findIndex(({ gibibytes }) => gibibytes >= wanted)
      if (place >= 0) free.splice(place, 1)
      return place >= 0
    })
}

test('volumeBinding() admits the nodes that who looks at every volume on every node does', () => {
  fc.assert(
    fc.property(world, (given) => {
      const boundTo = given.claims.map((claim) => claim.boundTo)
      const informers = new FixedInformers()
        .set(StorageClass, {
          metadata: { name: 'late' },
          provisioner: 'kubernetes.io/no-provisioner',
          volumeBindingMode: 'WaitForFirstConsumer',
        })
        .set(PersistentVolumeClaim, ...given.claims.map(claimOf))
        .set(
          PersistentVolume,
          ...given.volumes.map((volume, index) => {
            const made = volumeOf(volume, index)
            const owner = boundTo.indexOf(index)
            const claimRef = { namespace: 'd', name: `c${owner}`, uid: `c${owner}` }
            return owner < 0 ? made : { ...made, spec: { ...made.spec, claimRef } }
          }),
        )
      const table = new NodeTable()
      for (const name of ['a', 'b', 'c']) table.setNode({ metadata: { name, labels: { zone: name } } })
      const volumes = given.claims.map((_, index) => ({
        name: `data${index}`,
        persistentVolumeClaim: { claimName: `c${index}` },
      }))
      const pod = makePodInfo({
        metadata: { name: 'p', namespace: 'd', uid: 'p' },
        spec: { containers: [], volumes },
      })
      const result = volumeBinding(pluginContext({ informers, table })).preFilter?.(pod)
      expect(result?.type).not.toBe('reject')
      for (const node of table.nodes)
        expect({
          node: node.name,
          admitted: result?.type !== 'filter' || result.filter(node) === undefined,
        }).toEqual({ node: node.name, admitted: canRun(given, node.name) })
    }),
    { numRuns: 300 },
  )
})
