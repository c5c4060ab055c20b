import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { Cluster } from '../../src/cluster/cluster.ts'
import { succeed } from '../e2e/support/run.ts'
import { cacheFolder, patientMs, temporaryFolder, whyNo } from './support/tools.ts'

const why = whyNo('mvn', '--version')

describe.skipIf(why !== '')(`the Java client ${why}`, () => {
  test('informs, creates, replaces, patches, applies and deletes', async () => {
    const target = cacheFolder('java')
    const pom = join(import.meta.dirname, 'java', 'pom.xml')
    const paths = join(target, 'classpath')
    const goals = [
      'compile',
      'dependency:build-classpath',
      `-Dmdep.outputFile=${paths}`,
      `-DbuildDirectory=${target}`,
    ]
    await succeed(['mvn', '-q', '-B', '-f', pom, ...goals], { timeoutMs: patientMs })
    const cluster = await Cluster.start({ nodes: 1 })
    try {
      const config = join(temporaryFolder(), 'config')
      writeFileSync(config, cluster.kubeconfig)
      const said = await succeed(
        ['sh', '-c', `exec java -cp "${join(target, 'classes')}:$(cat ${paths})" Main`],
        { env: { ...process.env, KUBECONFIG: config }, timeoutMs: 120_000 },
      )
      expect(said.trim().split('\n').at(-1)).toBe('all is well')
    } finally {
      await cluster.stop()
    }
  })
})
