import fc from 'fast-check'
import { expect, test } from 'vitest'
import { PersistentVolume } from '../../../api/core/persistent-volume/kind.ts'
import { PersistentVolumeClaim } from '../../../api/core/persistent-volume-claim/kind.ts'
import type { core } from '../../../api/generated/types/index.ts'
import { CSINode } from '../../../api/storage/csi-node/kind.ts'
import { VolumeAttachment } from '../../../api/storage/volume-attachment/kind.ts'
import { NodeTable } from '../../node-table.ts'
import { makePodInfo } from '../../pod-info.ts'
import { FixedInformers } from '../../testing/fixed-informers.ts'
import { pluginContext } from '../../testing/plugin-context.ts'
import { nodeVolumeLimits } from './node-volume-limits.ts'

const nodeNames = ['n0', 'n1']
const drivers = ['x', 'ebs.csi.aws.com']
/** As many claims, each bound to a volume; two of them share one. */
const claimCount = 6
/** A volume of Kubernetes' own plugin, which the second driver has taken over. */
const takenOver = 'v3'
/** No claim: that volume again, named in the pod itself. */
const inline = claimCount

const volumeName = (claim: number): string => (claim === inline ? takenOver : `v${claim === 5 ? 4 : claim}`)
const driverOf = (volume: string): string => drivers[Number(volume.slice(1)) % 2] ?? ''

const claims = fc.uniqueArray(fc.integer({ min: 0, max: inline }), { maxLength: 3 })
const limit = fc.option(fc.integer({ min: 0, max: 4 }), { nil: undefined })
const world = fc.record({
  /** By node, then driver. */
  limits: fc.tuple(fc.tuple(limit, limit), fc.tuple(limit, limit)),
  /** A pod comes to a node, and goes again where it is there. */
  pods: fc.array(fc.record({ pod: fc.integer({ min: 0, max: 3 }), node: fc.constantFrom(...nodeNames) }), {
    maxLength: 10,
  }),
  claimsOfPods: fc.array(claims, { minLength: 4, maxLength: 4 }),
  attached: fc.uniqueArray(fc.tuple(fc.constantFrom(...nodeNames), fc.integer({ min: 0, max: 4 })), {
    maxLength: 3,
  }),
  wanted: claims,
})

const podOf = (name: string, used: readonly number[]): core.v1.Pod => ({
  metadata: { name, uid: name, namespace: 'd' },
  spec: {
    containers: [],
    volumes: used.map((claim) => ({
      name: `c${claim}`,
      ...(claim === inline
        ? { awsElasticBlockStore: { volumeID: `vol-${takenOver}` } }
        : { persistentVolumeClaim: { claimName: `c${claim}` } }),
    })),
  },
})

test('nodeVolumeLimits() admits what who counts the volumes of every node anew does', () => {
  fc.assert(
    fc.property(world, ({ limits, pods, claimsOfPods, attached, wanted }) => {
      const informers = new FixedInformers()
      for (let claim = 0; claim < claimCount; claim++) {
        const name = volumeName(claim)
        const source =
          name === takenOver
            ? { awsElasticBlockStore: { volumeID: `aws://zone/vol-${name}` } }
            : { csi: { driver: driverOf(name), volumeHandle: name } }
        informers.set(PersistentVolume, { metadata: { name }, spec: source })
        const metadata = { name: `c${claim}`, namespace: 'd' }
        informers.set(PersistentVolumeClaim, { metadata, spec: { volumeName: name } })
      }
      for (const [node, claim] of attached)
        informers.set(VolumeAttachment, {
          metadata: { name: `${node}-${claim}` },
          spec: {
            attacher: driverOf(volumeName(claim)),
            nodeName: node,
            source: { persistentVolumeName: volumeName(claim) },
          },
        })
      const table = new NodeTable()
      const plugin = nodeVolumeLimits(pluginContext({ informers, table }))
      for (const [index, name] of nodeNames.entries()) {
        table.setNode({ metadata: { name } })
        informers.set(CSINode, {
          metadata: { name },
          spec: {
            drivers: drivers.map((driver, place) => {
              const count = limits[index]?.[place]
              return {
                name: driver,
                nodeID: name,
                ...(count === undefined ? {} : { allocatable: { count } }),
              }
            }),
          },
        })
      }
      const there = new Map<number, string>()
      for (const { pod, node } of pods) {
        const before = there.get(pod)
        const info = makePodInfo(podOf(`p${pod}`, claimsOfPods[pod] ?? []))
        if (before === undefined) {
          table.addPod(node, info)
          there.set(pod, node)
        } else {
          table.removePod(before, info.uid)
          there.delete(pod)
        }
      }
      const result = plugin.preFilter?.(makePodInfo(podOf('new', wanted)))
      const needed = new Set(wanted.map(volumeName))
      for (const [index, node] of nodeNames.entries()) {
        const used = new Set(
          [...there]
            .filter(([, on]) => on === node)
            .flatMap(([pod]) => claimsOfPods[pod] ?? [])
            .map(volumeName),
        )
        // Upstream counts attachments of volumes that are CSI's own.
        const left = new Set(
          attached
            .filter(([on, claim]) => on === node && volumeName(claim) !== takenOver)
            .map(([, claim]) => volumeName(claim)),
        )
        const refuses = drivers.some((driver, place) => {
          const most = limits[index]?.[place]
          const of = (names: Iterable<string>) => [...names].filter((name) => driverOf(name) === driver)
          const added = of(needed).filter((name) => !used.has(name)).length
          return most !== undefined && added > 0 && added + of(new Set([...used, ...left])).length > most
        })
        const info = table.get(node)
        const refusal = result?.type === 'filter' && info !== undefined ? result.filter(info) : undefined
        expect({ node, refused: refusal !== undefined }).toEqual({ node, refused: refuses })
      }
    }),
    { numRuns: 300 },
  )
})
