import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { Cluster } from '../../src/cluster/cluster.ts'
import { succeed } from '../e2e/support/run.ts'
import { cacheFolder, patientMs, temporaryFolder, whyNo } from './support/tools.ts'

const why = whyNo('python3', '-m', 'pip', '--version')

describe.skipIf(why !== '')(`the Python client ${why}`, () => {
  test('creates, patches, watches, lists in pages, execs into no pod, and deletes', async () => {
    const packages = cacheFolder('python')
    if (!existsSync(join(packages, 'kubernetes')))
      await succeed(['python3', '-m', 'pip', 'install', '-q', '--target', packages, 'kubernetes'], {
        timeoutMs: patientMs,
      })
    const cluster = await Cluster.start({ nodes: 1 })
    try {
      const config = join(temporaryFolder(), 'config')
      writeFileSync(config, cluster.kubeconfig)
      const script = join(import.meta.dirname, 'python', 'client.py')
      const said = await succeed(['python3', script], {
        env: { ...process.env, PYTHONPATH: packages, KUBECONFIG: config },
        timeoutMs: 120_000,
      })
      expect(said.trim().split('\n').at(-1)).toBe('all is well')
    } finally {
      await cluster.stop()
    }
  })
})
