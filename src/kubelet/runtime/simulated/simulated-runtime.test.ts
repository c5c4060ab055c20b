import { testHost } from '../../../client/testing/test-host.ts'
import { describeRuntime } from '../conformance.ts'
import { SimulatedRuntime } from './simulated-runtime.ts'

describeRuntime('SimulatedRuntime', async () => {
  const host = testHost()
  const runtime = new SimulatedRuntime({ host, images: ['shell:1'] })
  await runtime.updatePodCidr('10.244.1.0/24')
  return {
    runtime,
    image: 'shell:1',
    network: 'POD',
    logDirectory: '/logs',
    cgroupParent: '',
    pass: (ms) => host.advance(ms),
    close: async () => {},
  }
})
