import { expect, test } from 'vitest'
import { simulatedBackends } from './simulated-backends.ts'

test('simulatedBackends calls nobody and says why', async () => {
  const request = {
    address: { scheme: 'https', host: '10.0.0.1', port: 10_250, trust: 'kubelet' },
    method: 'GET',
    target: '/',
    headers: [],
    signal: new AbortController().signal,
  } as const
  const message = 'nothing listens at 10.0.0.1:10250: the nodes of this cluster are simulated'
  await expect(simulatedBackends.request(request)).rejects.toThrow(message)
  await expect(simulatedBackends.upgrade(request)).rejects.toThrow(message)
})
