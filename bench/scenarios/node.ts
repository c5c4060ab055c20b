import { rmSync } from 'node:fs'
import { Connection } from '../load/connection.ts'
import type { Report } from '../report.ts'
import { type BenchOptions, type Scenario, wants } from '../scenario.ts'
import { prepareContainers, whyNoContainers } from '../server/containers.ts'
import { startServer } from '../server/start-server.ts'
import { onContainers } from './node/on-containers.ts'
import { onSimulated } from './node/on-simulated.ts'
import { twoIdleNodes } from './node/two-nodes.ts'

const onContainersParts = ['one', 'fifty', 'restart', 'endpoints', 'ended', 'idle']
const twoNodes = 'two'

/** The node agent: on containers beside what the runtime takes by itself, and very many of it, simulated. */
export const node: Scenario = {
  name: 'node',
  parts: [...onContainersParts, twoNodes, 'many'],
  async run(options: BenchOptions, report: Report): Promise<void> {
    const wanted = [...onContainersParts, twoNodes].filter((part) => wants(options, part))
    const reason = wanted.length > 0 ? whyNoContainers() : ''
    if (reason !== '') report.note(`not measured with containers: ${reason}`)
    else {
      if (onContainersParts.some((part) => wanted.includes(part))) await withContainers(options, report)
      if (wanted.includes(twoNodes)) await twoIdleNodes(report)
    }
    if (wants(options, 'many')) await onSimulated(options, report)
  },
}

async function withContainers(options: BenchOptions, report: Report): Promise<void> {
  const folder = await prepareContainers()
  try {
    const server = await startServer({ runtime: 'containerd', dataDirectory: folder })
    const connection = await Connection.open(server.credentials)
    try {
      await onContainers({ server, connection, report }, (part) => wants(options, part))
    } finally {
      connection.close()
      await server.stop()
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
