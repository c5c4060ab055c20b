import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { core } from '../api/generated/types/index.ts'
import type { NodeInfo } from './node-info.ts'
import { NodeTable } from './node-table.ts'
import { makePodInfo, type PodInfo } from './pod-info.ts'

type Step =
  | {
      readonly type: 'node'
      readonly name: string
      readonly cpu: number
      readonly zone: string | undefined
      readonly image: string
    }
  | { readonly type: 'gone'; readonly name: string }
  | { readonly type: 'pod'; readonly name: string; readonly uid: string; readonly traits: PodTraits }
  | { readonly type: 'ended'; readonly name: string; readonly uid: string }

interface PodTraits {
  readonly cpu: number
  readonly apart: boolean
  readonly claim: boolean
}

const zoneKey = 'topology.kubernetes.io/zone'
const name = fc.constantFrom('a', 'b', 'c', 'd')
const uid = fc.constantFrom('1', '2', '3', '4', '5')
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    type: fc.constant('node' as const),
    name,
    cpu: fc.integer({ min: 1, max: 9 }),
    zone: fc.constantFrom('x', 'y', undefined),
    image: fc.constantFrom('i', 'j'),
  }),
  fc.record({ type: fc.constant('gone' as const), name }),
  fc.record({
    type: fc.constant('pod' as const),
    name,
    uid,
    traits: fc.record({ cpu: fc.integer({ min: 1, max: 4 }), apart: fc.boolean(), claim: fc.boolean() }),
  }),
  fc.record({ type: fc.constant('ended' as const), name, uid }),
)

const nodeOf = ({ name: node, cpu, zone, image }: Extract<Step, { type: 'node' }>): core.v1.Node => ({
  metadata: { name: node, labels: zone === undefined ? {} : { [zoneKey]: zone } },
  status: { allocatable: { cpu: String(cpu) }, images: [{ names: [image], sizeBytes: 7 }] },
})

function podOf(podUid: string, { cpu, apart, claim }: PodTraits): PodInfo {
  const term = { topologyKey: 'zone', labelSelector: {} }
  return makePodInfo({
    metadata: { name: podUid, namespace: 'd', uid: podUid },
    spec: {
      containers: [{ name: 'c', resources: { requests: { cpu: String(cpu) } } }],
      ...(apart
        ? { affinity: { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [term] } } }
        : {}),
      ...(claim ? { volumes: [{ name: 'v', persistentVolumeClaim: { claimName: 'data' } }] } : {}),
    },
  })
}

/** What is there, in words that do not depend on how it came about. */
function picture(table: NodeTable): unknown {
  const of = (info: NodeInfo): unknown => ({
    name: info.name,
    requested: table.columns.requestedCpuMilli[info.index],
    allocatable: table.columns.allocatableCpuMilli[info.index],
    count: table.columns.podCount[info.index],
    pods: [...info.pods.keys()].sort(),
    affinity: info.podsWithAffinity.size,
    apart: [info.podsWithRequiredAntiAffinity.size, table.nodesWithRequiredAntiAffinity.has(info)],
    images: [...info.images].map(([image, { nodes }]) => [image, [...nodes].sort()]),
    claims: [...info.claims],
  })
  const column = table.topology(zoneKey)
  const ids = [...table.nodes].map(({ index, node }) => [
    node.metadata?.labels?.[zoneKey] ?? '',
    column?.ids[index] ?? 0,
  ])
  // As many numbers as values, and none twice.
  const zones = new Set(ids.map(([zone]) => zone)).size
  expect([new Set(ids.map(String)).size, new Set(ids.map(([, id]) => id)).size]).toEqual([zones, zones])
  const nodes = [...table.nodes].sort((a, b) => (a.name < b.name ? -1 : 1)).map(of)
  const order = table.order.map((index) => table.nodes[index]?.name).sort()
  return { nodes, order, claims: [...table.claims], affinity: table.nodesWithAffinity.size }
}

test('NodeTable says the same whatever way things have come', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const table = new NodeTable()
      table.topology(zoneKey)
      const told = new Map<string, Set<string>>()
      table.observe({
        nodeComes: (info) => told.set(info.name, new Set()),
        nodeLeaves: (info) => told.delete(info.name),
        podAdded: (info, pod) => told.get(info.name)?.add(pod.uid),
        podRemoved: (info, pod) => told.get(info.name)?.delete(pod.uid),
      })
      const nodes = new Map<string, core.v1.Node>()
      const pods = new Map<string, Map<string, PodInfo>>()
      for (const each of steps) {
        const there = pods.get(each.name) ?? new Map<string, PodInfo>()
        pods.set(each.name, there)
        if (each.type === 'node') {
          nodes.set(each.name, nodeOf(each))
          table.setNode(nodeOf(each))
        } else if (each.type === 'gone') {
          nodes.delete(each.name)
          table.removeNode(each.name)
        } else if (each.type === 'pod') {
          const info = podOf(each.uid, each.traits)
          there.set(each.uid, info)
          table.addPod(each.name, info)
        } else {
          there.delete(each.uid)
          table.removePod(each.name, each.uid)
        }
      }
      const twin = new NodeTable()
      for (const node of nodes.values()) twin.setNode(node)
      for (const [node, there] of pods) for (const info of there.values()) twin.addPod(node, info)
      expect(picture(table)).toEqual(picture(twin))
      const known = table.nodes.map((info) => [info.name, [...info.pods.keys()].sort()])
      expect([...told].map(([node, uids]) => [node, [...uids].sort()]).sort()).toEqual(known.sort())
    }),
  )
})
