import { setTimeout as sleep } from 'node:timers/promises'
import { Connection } from '../../load/connection.ts'
import type { Report } from '../../report.ts'
import { processesBelow, processorSeconds, residentMemory } from '../../server/process-figures.ts'
import { startServer } from '../../server/start-server.ts'

const settleMs = 15_000
const watchedMs = 20_000

/** A control plane with two nodes in containers' runtimes of their own, and nothing to do: all its processes together. */
export async function twoIdleNodes(report: Report): Promise<void> {
  const server = await startServer({ runtime: 'containerd', nodes: 2 })
  try {
    const connection = await Connection.open(server.credentials)
    for (let ready = 0; ready < 2; await sleep(100)) {
      const { items } = await connection.ask<{ items: readonly unknown[] }>({ path: '/api/v1/nodes' })
      ready = items.length
    }
    connection.close()
    await sleep(settleMs)
    const pids = [server.pid, ...processesBelow(server.pid).map(({ pid }) => pid)]
    const sum = (of: (pid: number) => number): number => pids.reduce((total, pid) => total + of(pid), 0)
    const before = sum(processorSeconds)
    await sleep(watchedMs)
    const percent = ((sum(processorSeconds) - before) / (watchedMs / 1000)) * 100
    const memory = sum((pid) => residentMemory(pid).withoutStoreMiB)
    report.figure('twoNodesMemory', memory, { processes: pids.length })
    report.figure('twoNodesProcessor', percent)
  } finally {
    await server.stop()
  }
}
