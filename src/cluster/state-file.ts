import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
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

const isRefusal = (error: unknown, code: string): boolean =>
  error instanceof Error && 'code' in error && error.code === code

/**
 * Writes the state unless a process that runs has its own there, which then is the result: of several that come at
 * the same moment one gets through.
 */
export function claimState(file: string, state: Owner): Owner | undefined {
  const own = `${file}.${state.pid}`
  writeFileSync(own, textOf(state), { mode: 0o600 })
  try {
    for (;;) {
      try {
        linkSync(own, file)
        return undefined
      } catch (error) {
        if (!isRefusal(error, 'EEXIST')) throw error
      }
      const other = readState(file)
      if (other !== undefined && isAlive(other)) return other
      takeAway(file, `${own}.old`)
    }
  } finally {
    rmSync(own, { force: true })
  }
}

/** Removes what a dead process has left; what another one has written since is put back. */
function takeAway(file: string, aside: string): void {
  try {
    renameSync(file, aside)
    const taken = readState(aside)
    if (taken !== undefined && isAlive(taken)) linkSync(aside, file)
  } catch (error) {
    // Others do the same.
    if (!isRefusal(error, 'ENOENT') && !isRefusal(error, 'EEXIST')) throw error
  } finally {
    rmSync(aside, { force: true })
  }
}

export function removeState(file: string): void {
  rmSync(file, { force: true })
}

/** Whether the process that wrote the state still runs. */
export function isAlive(state: Owner): boolean {
  return processStartTicks(state.pid) === state.startTicks
}
