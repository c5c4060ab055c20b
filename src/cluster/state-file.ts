import { existsSync, linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { processStartTicks } from './process-identity.ts'

export interface NodeState {
  readonly name: string
  readonly runtime: 'containerd' | 'simulated'
  /** Of the node's own process; absent for simulated nodes. */
  readonly pid?: number
  /** Of its network; absent where it is the host's. */
  readonly networkNamespace?: string
}

/** What a cluster says of itself, from the beginning of its start to its end. */
export interface ClusterState {
  readonly pid: number
  /** When the process started, in kernel ticks: tells it from a later one with the same pid. */
  readonly startTicks: number
  /** Absent while it starts. */
  readonly server?: string
  readonly startedAtMs: number
  readonly nodes: readonly NodeState[]
}

/** What tells whose a file is. */
export type Owner = Pick<ClusterState, 'pid' | 'startTicks'>

/** The state as it was last written; undefined where there is none, or none that can be read. */
export function readState(file: string): ClusterState | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as ClusterState
  } catch {
    return undefined // never started, or killed while it wrote: there is nobody to talk to either way
  }
}

export function writeState(file: string, state: ClusterState): void {
  writeFileSync(`${file}.new`, textOf(state), { mode: 0o600 })
  renameSync(`${file}.new`, file)
}

const textOf = (state: Owner): string => `${JSON.stringify(state, null, 2)}\n`

/**
 * Writes the state unless a process that runs has its own there, which then is the result: of several that come at
 * the same moment one gets through.
 */
export function claimState(file: string, state: Owner): Owner | undefined {
  const own = `${file}.${state.pid}`
  writeFileSync(own, textOf(state), { mode: 0o600 })
  try {
    for (;;) {
      if (isLinked(own, file)) return undefined
      const other = readState(file)
      if (other !== undefined && isAlive(other)) return other
      const rival = takeOver(file, own, state, other)
      if (rival !== 'again') return rival
    }
  } finally {
    rmSync(own, { force: true })
  }
}

/** False where there is such a file already. */
function isLinked(own: string, file: string): boolean {
  try {
    linkSync(own, file)
    return true
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false
    throw error
  }
}

/**
 * Puts the own state in the place of what a dead process (or, undefined, half a write) left. Only who holds the claim
 * to that very inheritance may, so that nobody's new state is replaced by one who looked a moment too early.
 */
function takeOver(
  file: string,
  own: string,
  state: Owner,
  dead: Owner | undefined,
): Owner | undefined | 'again' {
  const inheritance = `${file}.after-${dead === undefined ? 'half' : `${dead.pid}-${dead.startTicks}`}`
  const rival = claimState(inheritance, state)
  if (rival !== undefined) return isLeft(file, dead) ? rival : 'again'
  try {
    if (!isLeft(file, dead)) return 'again'
    renameSync(own, file)
    return undefined
  } finally {
    rmSync(inheritance, { force: true })
  }
}

/** Whether the file still is what the dead one left. */
function isLeft(file: string, dead: Owner | undefined): boolean {
  const now = readState(file)
  if (dead === undefined || now === undefined) return dead === now && existsSync(file)
  return now.pid === dead.pid && now.startTicks === dead.startTicks
}

export function removeState(file: string): void {
  rmSync(file, { force: true })
}

/** Whether the process that wrote the state still runs. */
export function isAlive(state: Owner): boolean {
  return processStartTicks(state.pid) === state.startTicks
}
