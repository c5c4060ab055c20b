import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { processStartTicks } from './process-identity.ts'

export interface NodeState {
  readonly name: string
  readonly runtime: 'containerd' | 'simulated'
  /** Of the node's own process; absent for simulated nodes. */
  readonly pid?: number
  /** Of its network; absent where it is the host's. */
  readonly networkNamespace?: string
}

/** What a running cluster says of itself. */
export interface ClusterState {
  readonly pid: number
  /** When the process started, in kernel ticks: tells it from a later one with the same pid. */
  readonly startTicks: number
  readonly server: string
  readonly startedAtMs: number
  readonly nodes: readonly NodeState[]
}

/** The state as it was last written; undefined where there is none, or none that can be read. */
export function readState(file: string): ClusterState | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as ClusterState
  } catch {
    return undefined // never started, or killed while it wrote: there is nobody to talk to either way
  }
}

export function writeState(file: string, state: ClusterState): void {
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(`${file}.new`, `${JSON.stringify(state, null, 2)}\n`, { mode: 0o600 })
  renameSync(`${file}.new`, file)
}

export function removeState(file: string): void {
  rmSync(file, { force: true })
}

/** Whether the process that wrote the state still runs. */
export function isAlive(state: Pick<ClusterState, 'pid' | 'startTicks'>): boolean {
  return processStartTicks(state.pid) === state.startTicks
}
