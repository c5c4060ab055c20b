import { setTimeout as sleep } from 'node:timers/promises'
import type { GoalName } from '../../goals.ts'
import type { Report } from '../../report.ts'
import { residentMemory } from '../../server/process-figures.ts'
import type { Server } from '../../server/start-server.ts'

const settleMs = 3000

/** The whole control plane and a simulated node are in the process: more than upstream's API server and store. */
export async function memory(server: Server, report: Report, figure: GoalName): Promise<void> {
  await sleep(settleMs)
  const { withoutStoreMiB, residentMiB } = residentMemory(server.pid)
  const node = await server.probe?.memory()
  report.figure(figure, withoutStoreMiB, { withStoreMiB: residentMiB, ...node })
}
