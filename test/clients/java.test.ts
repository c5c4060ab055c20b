import { join } from 'node:path'
import { describe, test } from 'vitest'
import { succeed } from '../e2e/support/run.ts'
import { passesOnCluster } from './support/on-cluster.ts'
import { cacheFolder, patientMs, whyNo } from './support/tools.ts'

const why = whyNo('mvn', '--version')

describe.skipIf(why !== '')(`the Java client ${why}`, () => {
  test('informs, creates, patches, applies, execs, elects a leader, and deletes', async () => {
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
    await passesOnCluster(['sh', '-c', `exec java -cp "${join(target, 'classes')}:$(cat ${paths})" Main`])
  })
})
