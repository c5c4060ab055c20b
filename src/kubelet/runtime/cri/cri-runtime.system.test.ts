import { setTimeout as delay } from 'node:timers/promises'
import { describe, test } from 'vitest'
import { containerdBench, shellImage, whyNoContainers } from '../../containerd/testing/containerd-bench.ts'
import { Cgroups } from '../../linux/cgroups/cgroups.ts'
import { describeRuntime } from '../conformance.ts'

if (whyNoContainers === '') {
  describeRuntime('CriRuntime on containerd', async () => {
    const bench = await containerdBench()
    return {
      runtime: bench.runtime,
      image: shellImage,
      network: 'NODE',
      logDirectory: `${bench.directory}/logs`,
      cgroupParent: '/timonel-test-cri',
      pass: (ms) => delay(ms),
      close: async () => {
        await bench.close()
        await (await Cgroups.open({ prefix: ['timonel-test-cri'], driver: 'cgroupfs' })).removeAll()
      },
    }
  })
} else {
  describe.skip(`CriRuntime on containerd (${whyNoContainers})`, () => {
    test('the suite of runtimes', () => {})
  })
}
