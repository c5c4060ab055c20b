import { dirname } from 'node:path'
import { makeDirectory } from '../base/host/make-directory.ts'
import { realHost } from '../base/host/real-host.ts'
import type { DataDirectory } from './data-directory.ts'
import { processStartTicks } from './process-identity.ts'
import { type ClusterState, claimState } from './state-file.ts'

/** Says that this process runs what is there, and throws where another one does: they would share addresses, rules and containers. */
export function claimDirectory({ root, stateFile }: DataDirectory): ClusterState {
  makeDirectory(dirname(stateFile), 0o700)
  const startTicks = processStartTicks(process.pid) ?? 0
  const state = { pid: process.pid, startTicks, startedAtMs: realHost.now(), nodes: [] }
  const other = claimState(stateFile, state)
  if (other === undefined) return state
  throw new Error(`the cluster in ${root} is running already (process ${other.pid})`)
}
