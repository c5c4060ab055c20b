import fc from 'fast-check'
import { expect, test } from 'vitest'
import { PersistentVolumeClaim } from '../../../api/core/persistent-volume-claim/kind.ts'
import type { core } from '../../../api/generated/types/index.ts'
import { NodeTable } from '../../node-table.ts'
import { makePodInfo } from '../../pod-info.ts'
import { FixedInformers } from '../../testing/fixed-informers.ts'
import { pluginContext } from '../../testing/plugin-context.ts'
import { volumeRestrictions } from './volume-restrictions.ts'

const nodeNames = ['n0', 'n1', 'n2']
const use = fc.record({
  kind: fc.constantFrom('gce', 'ebs', 'iscsi', 'rbd', 'claim', 'scratch'),
  id: fc.constantFrom('a', 'b'),
  readOnly: fc.boolean(),
  monitors: fc.uniqueArray(fc.constantFrom('m1', 'm2', 'm3'), { minLength: 1, maxLength: 2 }),
})
type Use = typeof use extends fc.Arbitrary<infer T> ? T : never

function volumeOf({ kind, id, readOnly, monitors }: Use, index: number): core.v1.Volume {
  const name = `v${index}`
  switch (kind) {
    case 'gce':
      return { name, gcePersistentDisk: { pdName: id, readOnly } }
    case 'ebs':
      return { name, awsElasticBlockStore: { volumeID: id, readOnly } }
    case 'iscsi':
      return { name, iscsi: { iqn: id, lun: 0, targetPortal: 'p', readOnly } }
    case 'rbd':
      return { name, rbd: { image: id, pool: 'p', monitors, readOnly } }
    case 'claim':
      return { name, persistentVolumeClaim: { claimName: id } }
    default:
      return { name, emptyDir: {} }
  }
}

/** The twin: two uses of one thing that only one pod of a node may have. */
function clash(one: Use, other: Use): boolean {
  if (one.kind !== other.kind || one.id !== other.id) return false
  const bothRead = one.readOnly && other.readOnly
  switch (one.kind) {
    case 'ebs':
      return true
    case 'gce':
    case 'iscsi':
      return !bothRead
    case 'rbd':
      return !bothRead && one.monitors.some((monitor) => other.monitors.includes(monitor))
    default:
      return false
  }
}

const uses = fc.array(use, { maxLength: 3 })
const world = fc.record({
  /** Which claims only one pod may use. */
  single: fc.record({ a: fc.boolean(), b: fc.boolean() }),
  wanted: uses,
  steps: fc.array(
    fc.record({
      pod: fc.constantFrom('p0', 'p1', 'p2', 'p3'),
      node: fc.constantFrom(...nodeNames),
      uses,
    }),
    { maxLength: 8 },
  ),
})

const podOf = (name: string, all: readonly Use[]): core.v1.Pod => ({
  metadata: { name, uid: name, namespace: 'd' },
  spec: { containers: [], volumes: all.map(volumeOf) },
})

test('volumeRestrictions() refuses what who compares every two pods does', () => {
  fc.assert(
    fc.property(world, ({ single, wanted, steps }) => {
      const informers = new FixedInformers()
      for (const [name, isSingle] of Object.entries(single))
        informers.set(PersistentVolumeClaim, {
          metadata: { name, namespace: 'd' },
          spec: { accessModes: [isSingle ? 'ReadWriteOncePod' : 'ReadWriteOnce'] },
        })
      const table = new NodeTable()
      for (const name of nodeNames) table.setNode({ metadata: { name } })
      const plugin = volumeRestrictions(pluginContext({ table, informers }))
      const there = new Map<string, (typeof steps)[number]>()
      // A pod comes, and goes again where it is there.
      for (const step of steps) {
        const before = there.get(step.pod)
        if (before === undefined) {
          table.addPod(step.node, makePodInfo(podOf(step.pod, step.uses)))
          there.set(step.pod, step)
        } else {
          table.removePod(before.node, step.pod)
          there.delete(step.pod)
        }
      }
      const result = plugin.preFilter?.(makePodInfo(podOf('new', wanted)))
      const used = [...there.values()]
      const claims = (all: readonly Use[]) => all.filter(({ kind }) => kind === 'claim').map(({ id }) => id)
      const isTaken = claims(wanted).some(
        (id) => single[id === 'a' ? 'a' : 'b'] && used.some((pod) => claims(pod.uses).includes(id)),
      )
      for (const name of nodeNames) {
        const clashes = used.some(
          (pod) => pod.node === name && pod.uses.some((one) => wanted.some((other) => clash(one, other))),
        )
        const info = table.get(name)
        const refusal = result?.type === 'filter' && info !== undefined ? result.filter(info) : undefined
        const reason = clashes
          ? 'node(s) had no available disk'
          : isTaken
            ? 'node(s) unavailable due to PersistentVolumeClaim with ReadWriteOncePod access mode already in-use by another pod'
            : undefined
        expect([name, refusal?.reasons[0]]).toEqual([name, reason])
      }
    }),
    { numRuns: 300 },
  )
})
