import type { Move, MoveOutcome, RebalancePlan } from '../cluster/index.ts'

const round = (value: number): string => value.toFixed(3)

const nameOf = ({ pod }: Move): string => `${pod.metadata?.namespace}/${pod.metadata?.name}`

/** For people to read. `acts`: the evictions follow. */
export function planText(plan: RebalancePlan, acts: boolean): string {
  const { movable, energyBefore, energyAfter, energyFound, moves } = plan
  const pods = movable === 1 ? '1 pod that may be moved' : `${movable} pods that may be moved`
  const state = `energy ${round(energyBefore)}; ${pods}; annealing finds a placement with ${round(energyFound)}`
  if (moves.length === 0) return `${state}\nNo eviction would make the scheduler place pods better.\n`
  const width = Math.max(...moves.map((move) => nameOf(move).length))
  const lines = moves.map(
    (move) => `  ${nameOf(move).padEnd(width)}  ${move.from} -> ${move.to}  gains ${round(move.gain)}`,
  )
  const gain = `${moves.length} ${moves.length === 1 ? 'eviction brings' : 'evictions bring'} it to ${round(energyAfter)} (gain ${round(energyBefore - energyAfter)}):`
  const end = acts ? [] : ['Nothing is evicted without --evict.']
  return `${[state, gain, ...lines, ...end].join('\n')}\n`
}

export function outcomeLine(outcome: MoveOutcome): string {
  const { move } = outcome
  switch (outcome.type) {
    case 'moved':
      return `${nameOf(move)} was evicted from ${move.from}; its replacement is on ${outcome.node}`
    case 'unplaced':
      return `${nameOf(move)} was evicted from ${move.from}; no replacement has a node yet`
    case 'refused':
      return `${nameOf(move)} stays: ${outcome.message}`
    case 'gone':
      return `${nameOf(move)} is not there any more`
  }
}
