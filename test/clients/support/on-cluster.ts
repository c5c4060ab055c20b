import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'vitest'
import { Cluster } from '../../../src/cluster/cluster.ts'
import { run } from '../../e2e/support/run.ts'
import { temporaryFolder } from './tools.ts'

/** Runs a client's program beside a cluster of one simulated node: it must say `all is well`, and nothing else. */
export async function passesOnCluster(
  command: readonly string[],
  env: NodeJS.ProcessEnv = {},
): Promise<void> {
  const cluster = await Cluster.start({ nodes: 1 })
  try {
    const config = join(temporaryFolder(), 'config')
    writeFileSync(config, cluster.kubeconfig)
    const said = await run(command, {
      env: { ...process.env, ...env, KUBECONFIG: config },
      timeoutMs: 120_000,
    })
    expect(said).toEqual({ code: 0, stdout: 'all is well\n', stderr: '' })
  } finally {
    await cluster.stop()
  }
}
