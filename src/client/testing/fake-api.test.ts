import { startTestServer } from '../../apiserver/testing/test-server.ts'
import { realHost } from '../../base/host/real-host.ts'
import { FakeApi } from './fake-api.ts'
import { describeTransport } from './transport-conformance.ts'

describeTransport('FakeApi', async () => ({ transport: new FakeApi(realHost), close: async () => {} }))

describeTransport('InProcessTransport', async () => {
  const { transport, close } = await startTestServer()
  return { transport, close }
})
