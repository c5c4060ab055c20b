import { join } from 'node:path'
import { describe, test } from 'vitest'
import { succeed } from '../e2e/support/run.ts'
import { passesOnCluster } from './support/on-cluster.ts'
import { cacheFolder, patientMs, whyNo } from './support/tools.ts'

const why = whyNo('go', 'version')

describe.skipIf(why !== '')(`client-go ${why}`, () => {
  test('informs, discovers, scales, elects, tells of events, and runs commands over SPDY and WebSocket', async () => {
    const program = join(cacheFolder('go'), 'client')
    const cwd = join(import.meta.dirname, 'go')
    await succeed(['go', 'build', '-o', program, '.'], { cwd, timeoutMs: patientMs })
    await passesOnCluster([program])
  })
})
