import { controllerOf } from '../../reconcile/owner-references.ts'
import type { NodeInfo } from '../node-info.ts'
import type { NodeTable } from '../node-table.ts'
import type { PodInfo } from '../pod-info.ts'
import type { FixedReplica, IsingModel, RebalanceGoal, Site, Spin } from './ising-energy.ts'

/** Balanced or packed; what comes after them are limits. */
const weighed = ['cpu', 'memory'] as const

/** Numbers for names, in the order in which they are seen. */
function numbering(): (name: string) => number {
  const numbers = new Map<string, number>()
  return (name) => {
    const number = numbers.get(name) ?? numbers.size
    numbers.set(name, number)
    return number
  }
}

function allocatableOf(table: NodeTable, { index, extended }: NodeInfo, resource: string): number {
  const { columns } = table
  switch (resource) {
    case 'cpu':
      return columns.allocatableCpuMilli[index] ?? 0
    case 'memory':
      return columns.allocatableMemoryBytes[index] ?? 0
    case 'ephemeral-storage':
      return columns.allocatableEphemeralBytes[index] ?? 0
    case 'pods':
      return columns.allocatablePods[index] ?? 0
    default:
      return extended.get(resource)?.allocatable ?? 0
  }
}

export interface ModelOptions {
  readonly goal: RebalanceGoal
  readonly replicaCoupling: number
  readonly moveField: number
}

/** The energy's picture of a table and the pods of it that may move. Sites are nodes by index, spins pods by place. */
export function modelOf(table: NodeTable, movable: readonly PodInfo[], options: ModelOptions): IsingModel {
  const moving = new Set(movable.map(({ uid }) => uid))
  const more = new Set(movable.flatMap(({ requests }) => [...requests.keys()]))
  const resources = [...weighed, 'pods', ...more.difference(new Set<string>([...weighed, 'pods']))]
  const demandOf = ({ requests }: PodInfo): number[] =>
    resources.map((name) => (name === 'pods' ? 1 : (requests.get(name) ?? 0)))
  const owners = numbering()
  const zones = numbering()
  const ownerOf = (info: PodInfo): number => owners(controllerOf(info.pod)?.uid ?? `pod ${info.uid}`)
  const homes = new Map<string, number>()
  const fixed: FixedReplica[] = []
  const sites = table.nodes.map((node): Site => {
    const base = resources.map(() => 0)
    for (const info of node.pods.values()) {
      if (moving.has(info.uid)) {
        homes.set(info.uid, node.index)
        continue
      }
      fixed.push({ owner: ownerOf(info), site: node.index })
      for (const [place, amount] of demandOf(info).entries()) base[place] = (base[place] ?? 0) + amount
    }
    const zone = node.node.metadata?.labels?.['topology.kubernetes.io/zone']
    return {
      allocatable: resources.map((name) => allocatableOf(table, node, name)),
      ...{ base, zone: zone === undefined ? -1 : zones(zone) },
    }
  })
  const spins = movable.map(
    (info): Spin => ({ demand: demandOf(info), owner: ownerOf(info), home: homes.get(info.uid) ?? 0 }),
  )
  return { ...options, sites, spins, fixed, weighed: weighed.length }
}
