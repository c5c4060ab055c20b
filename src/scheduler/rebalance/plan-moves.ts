import { admitsNode } from '../../api/core/pod/node-affinity.ts'
import { untoleratedTaint } from '../../api/core/pod/tolerations.ts'
import type { core, policy } from '../../api/generated/types/index.ts'
import { PodPlacer } from '../cycle/schedule-pod.ts'
import type { NodeInfo } from '../node-info.ts'
import type { NodeTable } from '../node-table.ts'
import { Budgets } from '../plugins/default-preemption/budgets.ts'
import { makePodInfo, type PodInfo } from '../pod-info.ts'
import type { Profile } from '../profile.ts'
import { Nominator } from '../queue/nominator.ts'
import { anneal } from './anneal.ts'
import { IsingEnergy, type RebalanceGoal } from './ising-energy.ts'
import { modelOf } from './model-of.ts'
import { isMovable, type MovableOptions } from './movable.ts'

export interface RebalanceSettings extends MovableOptions {
  readonly goal: RebalanceGoal
  /** At most so many pods are moved. */
  readonly maxMoves: number
  /** What a move must lower the energy by to be worth it. */
  readonly moveCost: number
}

export const defaultRebalance: RebalanceSettings = {
  ...{ goal: 'balance', maxMoves: 20, moveCost: 0.01 },
  ...{ namespaces: [], deleteEmptyDirData: false },
}

export interface Move {
  readonly pod: core.v1.Pod
  readonly from: string
  readonly to: string
  /** What it lowers the energy by, after those before it. */
  readonly gain: number
}

export interface RebalancePlan {
  /** How many pods could be moved. */
  readonly movable: number
  readonly energyBefore: number
  /** Of what annealing has found, without a cost for moves. */
  readonly energyFound: number
  /** When the moves are made, by the scheduler's own choice of nodes. */
  readonly energyAfter: number
  readonly moves: readonly Move[]
}

export interface RebalanceWorld {
  /** Changed and changed back. */
  readonly table: NodeTable
  readonly profileOf: (pod: core.v1.Pod) => Profile | undefined
  readonly budgets: readonly policy.v1.PodDisruptionBudget[]
  readonly random: () => number
}

/** Two replicas on one node weigh as much as a node that is a fifth fuller. */
const replicaCoupling = 0.04

/** A pod as its controller creates it anew. */
function replacement({ pod }: PodInfo): PodInfo {
  const { nodeName: _node, ...spec } = pod.spec ?? { containers: [] }
  return makePodInfo({ ...pod, spec, status: {} })
}

/** What the scheduler's filters for nodes will say; all the others are asked when the place is tried. */
function couldBeOn({ pod }: PodInfo, { node }: NodeInfo): boolean {
  const hard = ['NoSchedule', 'NoExecute']
  return (
    node.spec?.unschedulable !== true &&
    untoleratedTaint(node.spec?.taints, pod.spec?.tolerations, hard) === undefined &&
    admitsNode(pod, node)
  )
}

interface Tried {
  readonly spin: number
  readonly info: PodInfo
  readonly placed: PodInfo
  readonly from: string
  readonly to: string
  readonly gain: number
}

/** Takes pods from the table and lets the scheduler place them, one after another, as long as that lowers the energy. */
class MoveTrials {
  readonly tried: Tried[] = []
  readonly #world: RebalanceWorld
  readonly #energy: IsingEnergy
  readonly #placer: PodPlacer
  readonly #moveCost: number

  constructor(world: RebalanceWorld, energy: IsingEnergy, moveCost: number) {
    this.#world = world
    this.#energy = energy
    this.#moveCost = moveCost
    const { table, random } = world
    this.#placer = new PodPlacer({
      ...{ table, random, percentageOfNodesToScore: 100 },
      nominated: new Nominator(),
    })
  }

  try(spin: number, info: PodInfo): void {
    const { table, profileOf } = this.#world
    const profile = profileOf(info.pod)
    const from = table.nodes[this.#energy.siteOf(spin)]
    if (profile === undefined || from === undefined) return
    table.removePod(from.name, info.uid)
    const placed = replacement(info)
    const found = this.#placer.select(placed, profile)
    const delta = found.type === 'node' ? this.#energy.delta(spin, found.node.index) : 0
    if (found.type !== 'node' || -delta <= this.#moveCost) {
      table.addPod(from.name, info)
      return
    }
    table.addPod(found.node.name, placed)
    this.#energy.move(spin, found.node.index)
    this.tried.push({ spin, info, placed, from: from.name, to: found.node.name, gain: -delta })
  }

  undo(): void {
    const { table } = this.#world
    for (const { info, placed, from, to } of this.tried.toReversed()) {
      table.removePod(to, placed.uid)
      table.addPod(from, info)
    }
  }
}

/** Pods that annealing moves, those first whose own move is worth most. */
function candidates(
  { table, random }: RebalanceWorld,
  movable: readonly PodInfo[],
  { goal, moveCost }: RebalanceSettings,
): { readonly found: number; readonly spins: readonly number[] } {
  const model = modelOf(table, movable, { goal, replicaCoupling, moveField: moveCost })
  const energy = new IsingEnergy(model)
  const before = new IsingEnergy(model)
  const known = movable.map(() => new Map<number, boolean>())
  const allows = (spin: number, site: number): boolean => {
    const [info, node, seen] = [movable[spin], table.nodes[site], known[spin]]
    const answer = seen?.get(site) ?? (info !== undefined && node !== undefined && couldBeOn(info, node))
    seen?.set(site, answer)
    return answer
  }
  anneal(energy, { spins: movable.length, sites: table.nodes.length, allows, random })
  const moved = movable.flatMap((_, spin) => (energy.siteOf(spin) === before.siteOf(spin) ? [] : [spin]))
  const worth = new Map(moved.map((spin) => [spin, before.delta(spin, energy.siteOf(spin))]))
  const spins = moved.toSorted((one, other) => (worth.get(one) ?? 0) - (worth.get(other) ?? 0))
  return { found: energy.energy - moveCost * moved.length, spins }
}

/**
 * Which pods to evict so that the scheduler's next placement of them is better: annealing names them, and each is kept only
 * if the scheduler, asked with the whole profile, puts it where the energy falls by more than the move costs. Budgets are kept.
 */
export function planMoves(world: RebalanceWorld, settings: RebalanceSettings): RebalancePlan {
  const { table, budgets } = world
  const movable = table.nodes
    .flatMap(({ pods }) => [...pods.values()])
    .filter(({ pod }) => isMovable(pod, settings) && world.profileOf(pod) !== undefined)
  const energy = new IsingEnergy(
    modelOf(table, movable, { goal: settings.goal, replicaCoupling, moveField: 0 }),
  )
  const energyBefore = energy.energy
  const { found, spins } = candidates(world, movable, settings)
  const trials = new MoveTrials(world, energy, settings.moveCost)
  const allowance = new Budgets(budgets)
  try {
    for (const spin of spins) {
      const info = movable[spin]
      if (trials.tried.length >= settings.maxMoves || info === undefined) break
      const pods = [...trials.tried.map((each) => each.info), info]
      if (allowance.split(pods).violating.length === 0) trials.try(spin, info)
    }
  } finally {
    trials.undo()
  }
  const moves = trials.tried.map(({ info, from, to, gain }) => ({ pod: info.pod, from, to, gain }))
  return { movable: movable.length, energyBefore, energyFound: found, energyAfter: energy.energy, moves }
}
