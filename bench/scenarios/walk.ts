import { rmSync } from 'node:fs'
import { Connection } from '../load/connection.ts'
import type { Report } from '../report.ts'
import { type BenchOptions, type Scenario, wants } from '../scenario.ts'
import { prepareContainers, whyNoContainers } from '../server/containers.ts'
import { type Runtime, type ServerOptions, startServer } from '../server/start-server.ts'
import { answers } from './walk/answers.ts'
import { api } from './walk/api.ts'
import { pod } from './walk/pod.ts'
import { rollout } from './walk/rollout.ts'

async function walkOn(options: ServerOptions & { readonly runtime: Runtime }, report: Report): Promise<void> {
  const { runtime } = options
  const server = await startServer({ ...options, probe: true })
  const connection = await Connection.open(server.credentials)
  try {
    report.note(`on the ${runtime} runtime:`)
    await api(connection, report)
    await pod(connection, runtime, report)
    await rollout(connection, report)
    await answers(connection, runtime, report)
  } finally {
    connection.close()
    await server.stop()
  }
}

/** A pod's way through the cluster, step by step, one pod after another. */
export const walk: Scenario = {
  name: 'walk',
  parts: ['simulated', 'containerd'],
  async run(options: BenchOptions, report: Report): Promise<void> {
    if (wants(options, 'simulated')) await walkOn({ runtime: 'simulated' }, report)
    if (!wants(options, 'containerd')) return
    const reason = whyNoContainers()
    if (reason !== '') return report.note(`not measured with containers: ${reason}`)
    const folder = await prepareContainers()
    try {
      await walkOn({ runtime: 'containerd', dataDirectory: folder }, report)
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  },
}
