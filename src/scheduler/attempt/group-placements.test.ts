import { expect, test } from 'vitest'
import { defaultProfile } from '../default-profile.ts'
import type { GroupToPlace } from '../framework.ts'
import { NodeTable } from '../node-table.ts'
import { makePodInfo } from '../pod-info.ts'
import { pluginContext } from '../testing/plugin-context.ts'
import { bestPlacement } from './group-placements.ts'

const member = (name: string, cpu = '1') =>
  makePodInfo({
    metadata: { name, uid: name },
    spec: { containers: [{ name: 'c', resources: { requests: { cpu, memory: '1Gi' } } }] },
  })
const nobody: GroupToPlace = { group: undefined, placed: [] }

/** Racks `a` and `b` of one node each, with so many processors; `there`: taken in `a`. */
function setUp(cpus: readonly [number, number], there = '0') {
  const table = new NodeTable()
  for (const [place, name] of ['a', 'b'].entries())
    table.setNode({
      metadata: { name },
      status: { allocatable: { cpu: String(cpus[place]), memory: `${cpus[place]}Gi`, pods: '9' } },
    })
  if (there !== '0') table.addPod('a', member('there', there))
  const profile = defaultProfile(
    pluginContext({
      table,
      gates: { GenericWorkload: true, GangScheduling: true, TopologyAwareWorkloadScheduling: true },
    }),
  )
  const within = (name: string, pods: number) => ({
    name,
    nodes: table.nodes.filter((node) => node.name === name),
    pods: Array.from({ length: pods }, (_, index) => member(`p${index}`)),
  })
  return { profile, within }
}

test('bestPlacement() prefers the placement that is fuller with the group', () => {
  const { profile, within } = setUp([8, 4])
  expect(bestPlacement(profile, nobody, [within('a', 2), within('b', 2)], () => 0).name).toBe('b')
  const other = setUp([8, 8], '4')
  expect(
    bestPlacement(other.profile, nobody, [other.within('b', 2), other.within('a', 2)], () => 0).name,
  ).toBe('a')
})

test('bestPlacement() prefers the placement where more of the group has a place', () => {
  const { profile, within } = setUp([8, 8])
  expect(bestPlacement(profile, nobody, [within('a', 1), within('b', 3)], () => 0).name).toBe('b')
})

test('bestPlacement() draws between equals', () => {
  const { profile, within } = setUp([8, 8])
  const drawn = (...lots: number[]) =>
    bestPlacement(profile, nobody, [within('a', 2), within('b', 2)], () => lots.shift() ?? 0).name
  expect([drawn(0.1, 0.9), drawn(0.9, 0.1)]).toEqual(['b', 'a'])
})
