import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'vitest'
import { succeed } from '../e2e/support/run.ts'
import { passesOnCluster } from './support/on-cluster.ts'
import { cacheFolder, patientMs, whyNo } from './support/tools.ts'

const why = whyNo('python3', '-m', 'pip', '--version')

describe.skipIf(why !== '')(`the Python client ${why}`, () => {
  test('creates, patches, watches, lists in pages, applies, execs, elects a leader, and deletes', async () => {
    const packages = cacheFolder('python')
    if (!existsSync(join(packages, 'kubernetes')))
      await succeed(['python3', '-m', 'pip', 'install', '-q', '--target', packages, 'kubernetes'], {
        timeoutMs: patientMs,
      })
    const script = join(import.meta.dirname, 'python', 'client.py')
    await passesOnCluster(['python3', '-W', 'error', '-W', 'ignore::ResourceWarning', script], {
      PYTHONPATH: packages,
    })
  })
})
