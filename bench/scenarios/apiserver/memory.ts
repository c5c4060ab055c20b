import { setTimeout as sleep } from 'node:timers/promises'
import { residentMemory } from '../../server/process-figures.ts'
import type { ApiLoad } from './part.ts'

const settleMs = 3000

/** The whole control plane and a simulated node are in the process: more than upstream's API server and store. */
export async function memoryAfterStart({ server, report }: ApiLoad): Promise<void> {
  await sleep(settleMs)
  const { withoutStoreMiB, residentMiB } = residentMemory(server.pid)
  report.figure('memoryAfterStart', withoutStoreMiB, { withStoreMiB: residentMiB })
}

export function memoryLoaded({ server, report }: ApiLoad): void {
  const { withoutStoreMiB, residentMiB } = residentMemory(server.pid)
  report.figure('memoryLoaded', withoutStoreMiB, { withStoreMiB: residentMiB })
}
