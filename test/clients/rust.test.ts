import { join } from 'node:path'
import { describe, test } from 'vitest'
import { succeed } from '../e2e/support/run.ts'
import { passesOnCluster } from './support/on-cluster.ts'
import { cacheFolder, patientMs, whyNo } from './support/tools.ts'

const why = whyNo('cargo', '--version')

describe.skipIf(why !== '')(`kube-rs ${why}`, () => {
  test('discovers, reflects, applies, execs, runs an operator and elects a leader', async () => {
    const target = cacheFolder('rust')
    const manifest = join(import.meta.dirname, 'rust', 'Cargo.toml')
    const build = [
      'cargo',
      'build',
      '--locked',
      '--quiet',
      '--manifest-path',
      manifest,
      '--target-dir',
      target,
    ]
    await succeed(build, { timeoutMs: patientMs })
    await passesOnCluster([join(target, 'debug', 'client')])
  })
})
